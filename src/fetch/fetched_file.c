#include "fetched_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stird/base/regular_file.h>
#include <stird/base/shortage.h>
#include <string.h>
#include <unistd.h>

#define DIGEST_BYTES 32
#define NAME_LENGTH  64 /* hexadecimal */
#define ASIDE        ".new"
#define FIRST_LINE   "stird fetched 1\n"
#define HEAD_BYTES   1024 /* more than its lines can have */
#define FILE_BYTES   ((size_t)HEAD_BYTES + FETCH_BODY_MAX + NAME_LENGTH)
#define NUMBERS      4
#define LEAST_SERVED (-1)

static bool digest_of(struct str text, char hex[NAME_LENGTH + 1])
{
    unsigned char digest[DIGEST_BYTES];
    if (EVP_Digest(text.p, text.n, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return true;
}

/* ---- writing ---- */

/* Lines that people read too; the body; the digest of all that goes before it. */
static bool print(struct buf *text, const struct fetched_file *file)
{
    char hex[NAME_LENGTH + 1];
    buf_add_text(text, FIRST_LINE);
    buf_add_str(text, file->url);
    buf_addf(text, "\n%" PRId64 " %" PRId64 " %" PRId64 " %zu\n", file->kept.fetched_s,
             file->kept.served_s, file->kept.ends_s, file->body.n);
    buf_add_str(text, file->body);
    if (buf_failed(text) || !digest_of(buf_str(text), hex))
        return false;
    buf_add(text, hex, NAME_LENGTH);
    return !buf_failed(text);
}

static int write_all(int fd, struct str text)
{
    while (text.n > 0) {
        ssize_t n = write(fd, text.p, text.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        text = str_slice(text, (size_t)n, text.n);
    }
    return 0;
}

static int write_aside(int directory, const char *aside, struct str text)
{
    unlinkat(directory, aside, 0);
    int fd = openat(directory, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, text);
    if (close(fd) && r == 0)
        r = -errno;
    return r;
}

int fetched_file_write(int directory, const struct fetched_file *file)
{
    struct buf text = BUF_INIT;
    char name[NAME_LENGTH + 1], aside[sizeof(name) + sizeof(ASIDE)];
    int r = digest_of(file->url, name) && print(&text, file) ? 0 : -ENOMEM;
    if (r == 0) {
        snprintf(aside, sizeof(aside), "%s" ASIDE, name);
        r = write_aside(directory, aside, buf_str(&text));
        if (r == 0 && renameat(directory, aside, directory, name))
            r = -errno;
        if (r < 0)
            unlinkat(directory, aside, 0);
    }
    buf_fini(&text);
    return r;
}

void fetched_file_remove(int directory, struct str url)
{
    char name[NAME_LENGTH + 1];
    if (digest_of(url, name))
        unlinkat(directory, name, 0);
}

/* ---- reading ---- */

bool fetched_file_is_ours(int directory, const char *name)
{
    size_t n = strspn(name, "0123456789abcdef");
    if (n == NAME_LENGTH && strcmp(name + n, ASIDE) == 0)
        unlinkat(directory, name, 0);
    return n == NAME_LENGTH && name[n] == '\0';
}

static int read_all(int fd, struct buf *text)
{
    for (;;) {
        char *room = text->n <= FILE_BYTES ? buf_room(text, FILE_BYTES + 1 - text->n) : NULL;
        ssize_t n = room ? read(fd, room, FILE_BYTES + 1 - text->n) : 0;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return buf_failed(text) ? -ENOMEM : text->n > FILE_BYTES ? -EBADMSG : 0;
        buf_grew(text, (size_t)n);
    }
}

/* Digits alone, or "-1" where a server said nothing. */
static bool number_of(struct str text, int64_t *value)
{
    uint64_t v;
    if (str_eq(text, STR("-1"))) {
        *value = LEAST_SERVED;
        return true;
    }
    if (!str_to_u64(text, FETCH_TIME_MAX_S, &v))
        return false;
    *value = (int64_t)v;
    return true;
}

static bool read_numbers(struct str line, struct fetched_file *file)
{
    int64_t numbers[NUMBERS];
    for (unsigned i = 0; i < NUMBERS; i++)
        if (!number_of(str_cut(&line, ' '), &numbers[i]))
            return false;
    file->kept = (struct kept){numbers[0], numbers[1], numbers[2]};
    return line.p == NULL && numbers[0] >= 0 && numbers[2] >= 0 && numbers[3] >= 0 &&
           numbers[3] <= FETCH_BODY_MAX && file->body.n == (size_t)numbers[3];
}

bool fetched_file_parse(struct str text, const char *name, struct fetched_file *file)
{
    char hex[NAME_LENGTH + 1];
    if (text.n < NAME_LENGTH)
        return false;
    struct str signed_part = str_slice(text, 0, text.n - NAME_LENGTH);
    struct str digest = str_slice(text, signed_part.n, text.n);
    if (!digest_of(signed_part, hex) || !str_eq(digest, str_of(hex)) ||
        !str_starts(signed_part, STR(FIRST_LINE)))
        return false;
    struct str rest = str_slice(signed_part, sizeof(FIRST_LINE) - 1, signed_part.n);
    file->url = str_cut(&rest, '\n');
    struct str numbers = str_cut(&rest, '\n');
    file->body = rest;
    return rest.p && !x5u_fault(file->url) && digest_of(file->url, hex) && strcmp(hex, name) == 0 &&
           read_numbers(numbers, file);
}

int fetched_file_look(int directory, const char *name, struct buf *text, struct fetched_file *file)
{
    int fd = regular_file_open(directory, name, O_NOFOLLOW);
    int r = fd < 0 ? fd : 0;
    buf_reset(text);
    if (r == 0)
        r = read_all(fd, text);
    if (fd >= 0)
        close(fd);
    const unsigned long before = shortages();
    if (r == 0 && !fetched_file_parse(buf_str(text), name, file))
        r = shortages() == before ? -EBADMSG : -ENOMEM;
    return r;
}

int fetched_file_read(int directory, const char *name, struct buf *text, struct fetched_file *file)
{
    int r = fetched_file_look(directory, name, text, file);
    if (r == -EBADMSG)
        unlinkat(directory, name, 0);
    return r;
}
