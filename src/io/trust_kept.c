#include <stird/io/trust_kept.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/regular_file.h>
#include <stird/io/folder.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES   65536
#define DIGEST_BYTES 16 /* of the digest, in a name */
#define LINE_BYTES   64

void trust_kept_name(char name[TRUST_KEPT_NAME_BYTES], const struct trust_setting *domain,
                     unsigned source, bool signer)
{
    const struct str place = source == 0 ? domain->list : domain->crls[source - 1];
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * DIGEST_BYTES + 1];
    name[0] = '\0';
    if (EVP_Digest(place.p, place.n, digest, NULL, EVP_sha256(), NULL) != 1)
        return;
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    snprintf(name, TRUST_KEPT_NAME_BYTES, "%.*s.%s-%s%s", STR_ARG(domain->name),
             source == 0 ? "list" : "crl", hex, signer ? ".signer" : "");
}

int trust_kept_open(struct str state_directory)
{
    char *path = NULL;
    if (asprintf(&path, "%.*s/" TRUST_KEPT_DIRECTORY, STR_ARG(state_directory)) < 0)
        return -ENOMEM;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int error = errno;
    free(path);
    return fd >= 0 ? fd : -error;
}

static int copy(int to, int from, uint64_t at, size_t n)
{
    char piece[COPY_BYTES];
    while (n > 0) {
        ssize_t got = pread(from, piece, n < sizeof(piece) ? n : sizeof(piece), (off_t)at);
        if (got <= 0)
            return got < 0 ? -errno : -ENODATA;
        if (write(to, piece, (size_t)got) != got)
            return -ENOSPC;
        at += (uint64_t)got;
        n -= (size_t)got;
    }
    return 0;
}

/* A line; the signer's certificate; the list, to the end. */
static int write_parts(int to, int fd, const struct trust_kept_place *place)
{
    char line[LINE_BYTES];
    const int n = snprintf(line, sizeof(line), TRUST_KEPT_FIRST_LINE "%" PRIu64 "\n",
                           place->signer_bytes);
    if (write(to, line, (size_t)n) != n)
        return -ENOSPC;
    int r = copy(to, fd, place->signer_at, place->signer_bytes);
    return r == 0 ? copy(to, fd, place->list_at, place->list_bytes) : r;
}

static int write_aside(const struct folder *d, const char *aside, const char *name, int fd,
                       const struct trust_kept_place *place)
{
    int to = folder_create(d, aside);
    if (to < 0)
        return to;
    int r = write_parts(to, fd, place);
    r = r == 0 ? folder_give(d, to, 0600) : r;
    r = r == 0 ? folder_rename(d, aside, name, to) : r;
    close(to);
    return r;
}

int trust_kept_write(struct str state_directory, const char *name, int fd,
                     const struct trust_kept_place *place)
{
    struct folder d;
    char former[TRUST_KEPT_NAME_BYTES + 8];
    if (place->list_bytes > TRUST_KEPT_TEXT_MAX || place->signer_bytes > TRUST_KEPT_TEXT_MAX)
        return -EFBIG;
    int r = folder_open_below(&d, state_directory, TRUST_KEPT_DIRECTORY);
    if (r)
        return r;
    unlinkat(d.fd, ".new", 0); /* left by a process that was killed over it */
    r = write_aside(&d, ".new", name, fd, place);
    snprintf(former, sizeof(former), "%s.signer", name);
    unlinkat(d.fd, r ? ".new" : former, 0);
    folder_close(&d);
    return r;
}

bool trust_kept_is_there(struct str state_directory, const char *name)
{
    struct stat st;
    int fd = trust_kept_open(state_directory);
    bool is_there = fd >= 0 && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
                    S_ISREG(st.st_mode);
    if (fd >= 0)
        close(fd);
    return is_there;
}

/* ---- reading ---- */

static int read_file(int directory, const char *name, size_t most, struct buf *text)
{
    if (!name[0])
        return -ENOMEM;
    int fd = regular_file_open(directory, name, O_NOFOLLOW);
    int r = fd < 0 ? fd : regular_file_read_descriptor(fd, most, text);
    if (fd >= 0)
        close(fd);
    return r;
}

int trust_kept_find_parts(struct str text, struct trust_kept_place *place)
{
    struct str rest = text;
    struct str line = str_cut(&rest, '\n');
    uint64_t n;
    if (!str_to_u64(str_slice(line, sizeof(TRUST_KEPT_FIRST_LINE) - 1, line.n), TRUST_KEPT_TEXT_MAX,
                    &n) ||
        !rest.p || n >= rest.n)
        return -EBADMSG;
    place->signer_at = (uint64_t)(rest.p - text.p);
    place->signer_bytes = n;
    place->list_at = place->signer_at + n;
    place->list_bytes = rest.n - n;
    return 0;
}

int trust_kept_read(int directory, const struct trust_setting *domain, unsigned source,
                    struct buf *text, struct trust_kept_place *place)
{
    char name[TRUST_KEPT_NAME_BYTES];
    *place = (struct trust_kept_place){0};
    trust_kept_name(name, domain, source, false);
    int r = read_file(directory, name, 2 * TRUST_KEPT_TEXT_MAX + LINE_BYTES, text);
    if (r < 0)
        return r;
    if (str_starts(buf_str(text), STR(TRUST_KEPT_FIRST_LINE)))
        return trust_kept_find_parts(buf_str(text), place);
    /* An earlier version wrote it. */
    place->list_bytes = text->n;
    place->signer_at = text->n;
    trust_kept_name(name, domain, source, true);
    r = read_file(directory, name, TRUST_KEPT_TEXT_MAX, text);
    place->signer_bytes = text->n - place->signer_at;
    return r == -ENOENT ? 0 : r;
}

const char *trust_kept_fault(int error)
{
    switch (error) {
    case -EACCES:
        return "may not be read by this user";
    case -ENOTDIR:
        return "has no folder: a file is in its place";
    case -EBADMSG:
        return "is damaged";
    case -EFBIG:
        return "is longer than 4 MiB";
    case -ENOMEM:
        return "cannot be read for lack of memory";
    default:
        return regular_file_public_fault(error);
    }
}

/* ---- what nobody names any more ---- */

static bool is_of(const struct trust_setting *domain, const char *name)
{
    char one[TRUST_KEPT_NAME_BYTES];
    for (unsigned i = domain->list.n > 0 ? 0 : 1; i <= domain->n_crls; i++)
        for (int signer = 0; signer < 2; signer++) {
            trust_kept_name(one, domain, i, signer);
            if (one[0] == '\0' || strcmp(one, name) == 0)
                return true; /* where it cannot be told, it stays */
        }
    return false;
}

static bool is_named(const struct settings *settings, const char *name)
{
    bool named = name[0] == '.';
    for (unsigned i = 0; i < settings->n_trusts && !named; i++)
        named = is_of(&settings->trusts[i], name);
    return named;
}

void trust_kept_sweep(const struct settings *settings)
{
    int fd = trust_kept_open(settings->state_directory);
    DIR *all = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *one;
    while (all && (one = readdir(all)))
        if (!is_named(settings, one->d_name))
            unlinkat(fd, one->d_name, 0);
    if (all)
        closedir(all);
    else if (fd >= 0)
        close(fd);
}
