/*
 * What lies in the directory of fetched certificates, whoever wrote it: read in bounds, and nothing
 * but a URL that may be fetched with a body that is no larger than any. The digests are put right,
 * for no fuzzer finds them.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/x5u.h>

#include "fetch/fetched_file.h"

#define HEX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void digest_of(const void *text, size_t n, char hex[HEX + 1])
{
    unsigned char digest[HEX / 2];
    if (EVP_Digest(text, n, digest, NULL, EVP_sha256(), NULL) != 1)
        abort();
    for (size_t i = 0; i < HEX / 2; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/* The name of the file of the URL in the second line. */
static void name_of(const char *text, size_t n, char hex[HEX + 1])
{
    const char *first = n > 0 ? memchr(text, '\n', n) : NULL;
    const char *url = first ? first + 1 : text;
    const size_t rest = n - (size_t)(url - text);
    const char *end = rest > 0 ? memchr(url, '\n', rest) : NULL;
    digest_of(url, end ? (size_t)(end - url) : rest, hex);
}

static void judge(const struct fetched_file *file, struct str text)
{
    if (x5u_fault(file->url) || file->body.n > FETCH_BODY_MAX || file->body.p < text.p ||
        file->body.p + file->body.n > text.p + text.n || file->kept.fetched_s < 0 ||
        file->kept.served_s < -1 || file->kept.ends_s < 0)
        abort();
    (void)keep_state(&KEEP_RULES_USUAL, &file->kept, 1790000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char hex[HEX + 1], name[HEX + 1];
    struct fetched_file file;
    char *text = malloc(size + HEX);
    if (!text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    name_of(text, size, name);
    if (fetched_file_parse((struct str){text, size}, name, &file))
        judge(&file, (struct str){text, size});
    digest_of(text, size, hex);
    memcpy(text + size, hex, HEX);
    if (fetched_file_parse((struct str){text, size + HEX}, name, &file))
        judge(&file, (struct str){text, size + HEX});
    free(text);
    return 0;
}
