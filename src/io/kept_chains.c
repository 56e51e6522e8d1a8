#include <stird/io/kept_chains.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/regular_file.h>
#include <stird/base/write_all.h>
#include <stird/io/folder.h>
#include <stird/io/record.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGEST_BYTES 32
#define LINE_BYTES   48 /* of a certificate, in a line of PEM */
#define ASIDE        ".new"

/* By its chain and its URL. False: no memory. */
static bool name_of(char name[KEPT_CHAIN_NAME_LENGTH + 1], const struct certificate *c)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct buf all = BUF_INIT;
    buf_add_str(&all, c->chain);
    buf_add_str(&all, c->x5u);
    bool good = !buf_failed(&all) &&
                EVP_Digest(all.p, all.n, digest, NULL, EVP_sha256(), NULL) == 1;
    buf_fini(&all);
    for (size_t i = 0; good && i < DIGEST_BYTES; i++)
        snprintf(name + 2 * i, 3, "%02x", digest[i]);
    if (good)
        strcpy(name + 2 * DIGEST_BYTES, ".pem");
    return good;
}

/* ---- its text ---- */

/* How long the first DER element of TEXT is, a SEQUENCE; 0: it is none. */
static size_t element(struct str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    if (text.n < 2 || p[0] != 0x30)
        return 0;
    size_t head = 2, n = p[1];
    if (n >= 0x80) {
        const size_t octets = n & 0x7f;
        if (octets < 1 || octets > 3 || text.n < 2 + octets)
            return 0;
        for (n = 0; head < 2 + octets; head++)
            n = n << 8 | p[head];
    }
    return n <= text.n - head ? head + n : 0;
}

static void add_pem(struct buf *out, struct str der)
{
    unsigned char line[LINE_BYTES / 3 * 4 + 1];
    buf_add_text(out, "-----BEGIN CERTIFICATE-----\n");
    while (der.n > 0) {
        const struct str piece = str_slice(der, 0, LINE_BYTES);
        EVP_EncodeBlock(line, (const unsigned char *)piece.p, (int)piece.n);
        buf_add_text(out, (const char *)line);
        buf_add_char(out, '\n');
        der = str_slice(der, piece.n, der.n);
    }
    buf_add_text(out, "-----END CERTIFICATE-----\n");
}

static void add_line(struct buf *out, const char *name, struct str text)
{
    buf_addf(out, "%s: ", name);
    buf_add_shown(out, text);
    buf_add_char(out, '\n');
}

static bool write_chain(struct buf *out, const struct certificate *c, int64_t now_s)
{
    struct buf time = BUF_INIT;
    struct str rest = c->chain;
    record_add_time(&time, now_s * 1000000);
    add_line(out, "certificate", c->id);
    add_line(out, "codes", c->spc);
    add_line(out, "serial", c->serial);
    add_line(out, "subject", c->subject);
    add_line(out, "x5u", c->x5u);
    add_line(out, "kept", buf_str(&time));
    const bool dated = !buf_failed(&time);
    buf_fini(&time);
    while (rest.n > 0) {
        const size_t n = element(rest);
        if (n == 0)
            return false;
        add_pem(out, str_slice(rest, 0, n));
        rest = str_slice(rest, n, rest.n);
    }
    return dated && c->chain.n > 0 && !buf_failed(out) && out->n <= KEPT_CHAIN_BYTES_MAX;
}

/* ---- writing ---- */

static bool is_ours(const char *name)
{
    return strlen(name) == KEPT_CHAIN_NAME_LENGTH && strcmp(name + 64, ".pem") == 0;
}

static bool is_full(int fd)
{
    unsigned n = 0;
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
    if (copy >= 0 && !d)
        close(copy);
    for (const struct dirent *e; d && (e = readdir(d));)
        n += is_ours(e->d_name);
    if (d)
        closedir(d);
    return n >= KEPT_CHAINS_MAX;
}

static int write_text(const struct folder *d, const char *name, struct str text)
{
    unlinkat(d->fd, ASIDE, 0); /* left by a process that was killed over it */
    int to = folder_create(d, ASIDE);
    if (to < 0)
        return to;
    int r = write_all(to, text);
    r = r == 0 ? folder_give(d, to, 0600) : r;
    r = r == 0 ? folder_rename(d, ASIDE, name, to) : r;
    close(to);
    if (r)
        unlinkat(d->fd, ASIDE, 0);
    return r;
}

int kept_chain_write(struct str state_directory, const struct certificate *c, int64_t now_s)
{
    char name[KEPT_CHAIN_NAME_LENGTH + 1];
    struct stat st;
    struct folder d;
    struct buf text = BUF_INIT;
    if (!name_of(name, c))
        return -ENOMEM;
    int r = folder_open_below(&d, state_directory, KEPT_CHAINS_DIRECTORY);
    if (r)
        return r;
    const bool is_there = fstatat(d.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
    if (!is_there && is_full(d.fd))
        r = -EDQUOT;
    else if (!is_there && !write_chain(&text, c, now_s))
        r = -EBADMSG;
    else if (!is_there)
        r = write_text(&d, name, buf_str(&text));
    buf_fini(&text);
    folder_close(&d);
    return r ? r : !is_there;
}

/* ---- reading ---- */

/* The text of the line that begins with NAME, before the first certificate. */
static struct str line_of(struct str text, struct str name)
{
    while (text.n > 0) {
        const struct str line = str_cut(&text, '\n');
        if (str_starts(line, STR("-----")))
            break;
        if (str_starts(line, name))
            return str_slice(line, name.n, line.n);
    }
    return STR("");
}

static int see_file(int directory, const char *name, struct buf *text,
                    void (*see)(void *user, const struct kept_chain *chain), void *user)
{
    buf_reset(text);
    int fd = regular_file_open(directory, name, O_NOFOLLOW);
    int r = fd < 0 ? fd : regular_file_read_descriptor(fd, KEPT_CHAIN_BYTES_MAX, text);
    if (fd >= 0)
        close(fd);
    const struct str all = buf_str(text);
    if (r == 0)
        see(user, &(struct kept_chain){.name = str_of(name),
                                       .id = line_of(all, STR("certificate: ")),
                                       .serial = line_of(all, STR("serial: ")),
                                       .x5u = line_of(all, STR("x5u: ")),
                                       .text = all});
    return r;
}

int kept_chains_list(const char *directory, void (*see)(void *user, const struct kept_chain *chain),
                     void *user)
{
    struct buf text = BUF_INIT;
    int hidden = 0;
    DIR *d = opendir(directory);
    if (!d)
        return errno == ENOENT ? 0 : -errno;
    for (const struct dirent *e; (e = readdir(d));)
        if (is_ours(e->d_name) && see_file(dirfd(d), e->d_name, &text, see, user) == -EACCES)
            hidden = -EACCES;
    closedir(d);
    buf_fini(&text);
    return hidden;
}
