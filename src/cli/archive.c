#include "archive.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define BLOCK     512
#define MODE      0600
#define GZIP_BITS (15 + 16) /* a window of 32 KiB, in the form of gzip */

/* A header of POSIX.1-1988 (ustar). */
struct tar_head {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100];
    char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], zero[12];
};
_Static_assert(sizeof(struct tar_head) == BLOCK, "a block");

struct archive archive_begin(const char *directory, int64_t time_s)
{
    return (struct archive){
        .directory = directory, .time_s = time_s, .tar = BUF_INIT, .manifest = BUF_INIT};
}

bool archive_sha256(char text[65], struct str bytes)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    if (EVP_Digest(bytes.p ? bytes.p : "", bytes.n, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    for (size_t i = 0; i < 32; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return true;
}

static unsigned sum_of(const struct tar_head *h)
{
    const unsigned char *p = (const unsigned char *)h;
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof(*h); i++)
        sum += p[i];
    return sum;
}

static void put_file(struct archive *a, const char *name, struct str bytes)
{
    struct tar_head h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    static const char zeros[BLOCK];
    const int n = snprintf(h.name, sizeof(h.name), "%s/%s", a->directory, name);
    a->failed |= n < 0 || n > ARCHIVE_NAME_MAX || bytes.n > 077777777777;
    snprintf(h.mode, sizeof(h.mode), "%07o", MODE);
    snprintf(h.uid, sizeof(h.uid), "%07o", 0);
    snprintf(h.gid, sizeof(h.gid), "%07o", 0);
    snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long)bytes.n & 077777777777);
    snprintf(h.mtime, sizeof(h.mtime), "%011llo", (unsigned long long)a->time_s & 077777777777);
    memset(h.sum, ' ', sizeof(h.sum));
    snprintf(h.sum, 7, "%06o", sum_of(&h) & 0777777);
    buf_add(&a->tar, &h, sizeof(h));
    buf_add_str(&a->tar, bytes);
    buf_add(&a->tar, zeros, (BLOCK - bytes.n % BLOCK) % BLOCK);
}

void archive_add(struct archive *a, const char *name, struct str bytes)
{
    char digest[65] = "";
    a->failed |= !archive_sha256(digest, bytes);
    buf_addf(&a->manifest, "%s  %s\n", digest, name);
    put_file(a, name, bytes);
}

static bool pack(struct buf *out, struct str bytes)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return false;
    int r = Z_OK;
    for (size_t at = 0; r == Z_OK;) {
        const struct str piece = str_slice(bytes, at, at + (1u << 20));
        z.next_in = (unsigned char *)(uintptr_t)piece.p; /* read, and never written */
        z.avail_in = (unsigned)piece.n;
        at += piece.n;
        do {
            char *room = buf_room(out, 1u << 16);
            z.next_out = (unsigned char *)room;
            z.avail_out = 1u << 16;
            r = room ? deflate(&z, at == bytes.n ? Z_FINISH : Z_NO_FLUSH) : Z_MEM_ERROR;
            if (room)
                buf_grew(out, (1u << 16) - z.avail_out);
        } while (r == Z_OK && z.avail_out == 0);
        r = r == Z_BUF_ERROR ? Z_OK : r;
    }
    deflateEnd(&z);
    return r == Z_STREAM_END && !buf_failed(out);
}

bool archive_end(struct archive *a, struct buf *out)
{
    static const char end[2 * BLOCK];
    put_file(a, ARCHIVE_MANIFEST, buf_str(&a->manifest));
    buf_add(&a->tar, end, sizeof(end));
    const bool whole = !a->failed && !buf_failed(&a->tar) && !buf_failed(&a->manifest);
    const bool good = whole && pack(out, buf_str(&a->tar));
    buf_fini(&a->tar);
    buf_fini(&a->manifest);
    return good;
}
