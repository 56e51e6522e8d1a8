/*
 * A new key and the request for its certificate, as an authority for STIR takes it. Neither file
 * ever replaces another one: a key for which a certificate was requested is not lost.
 */
#include "command.h"
#include "json_text.h"
#include "made.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/certificate_request.h>
#include <stird/core/tn_auth_list_write.h>
#include <stird/io/folder.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CODES_MAX 16

struct asked {
    const char *codes[CODES_MAX + 1];
    unsigned n_codes;
    const char *key, *out, *country, *organization;
};

static const char *write_fault(int r)
{
    return r == -EEXIST  ? "is there already, and is left as it is: name another"
           : r == -ELOOP ? "a symbolic link that is not root's leads there"
                         : strerror(-r);
}

static int write_whole(int fd, const struct buf *text, mode_t mode)
{
    ssize_t n = fchmod(fd, mode) ? -1 : write(fd, text->p, text->n);
    if (n >= 0 && n != (ssize_t)text->n)
        return -ENOSPC;
    return n < 0 || fsync(fd) ? -errno : 0;
}

/* The key stays with the user who asks for the certificate; nobody else needs it yet. */
static bool write_new(struct made *made, const char *path, const struct buf *text, mode_t mode)
{
    struct folder above;
    const char *name;
    int r = folder_open_parent(&above, path, &name);
    int fd = r == 0 ? folder_create(&above, name) : r;
    if (fd >= 0)
        made_note_at(made, above.fd, name);
    r = fd >= 0 ? write_whole(fd, text, mode) : fd;
    if (r)
        warn_said("stirctl: %s: %s\n", path, write_fault(r));
    if (fd >= 0)
        close(fd);
    folder_close(&above);
    return r == 0;
}

/* One of them alone is good for nothing. */
static bool write_both(const struct asked *a, const struct buf *key, const struct buf *request)
{
    struct made made = {0};
    bool good = write_new(&made, a->key, key, 0600) && write_new(&made, a->out, request, 0644);
    if (!good)
        made_take_back(&made);
    made_keep(&made);
    return good;
}

static bool make(const struct asked *a)
{
    const struct certificate_request r = {a->country, a->organization, a->codes};
    struct buf key_text = BUF_INIT, request = BUF_INIT;
    EVP_PKEY *key = certificate_request_key();
    bool good = key && certificate_request_write(&r, key, &request) &&
                certificate_request_write_key(key, &key_text);
    if (!good)
        fputs("stirctl: the request cannot be made: is --country two letters, and --organization "
              "at most 64?\n",
              stderr);
    good = good && write_both(a, &key_text, &request);
    if (key_text.p)
        OPENSSL_cleanse(key_text.p, key_text.n);
    buf_fini(&key_text);
    buf_fini(&request);
    EVP_PKEY_free(key);
    return good;
}

/* What a service provider code token is asked for with (ATIS-1000080, RFC 9448): base64 of DER. */
static bool tn_auth_list_text(const struct asked *a, char *text, size_t bytes)
{
    struct buf der = BUF_INIT;
    bool good = tn_auth_list_write(a->codes, NULL, &der) && (der.n + 2) / 3 * 4 < bytes;
    if (good)
        EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)der.p, (int)der.n);
    buf_fini(&der);
    return good;
}

static int say(const struct cli *cli, const struct asked *a)
{
    char value[512] = "";
    tn_auth_list_text(a, value, sizeof(value));
    if (cli->json)
        json_print(json_pack("{s:o,s:o,s:s}", "key", json_of_text(a->key), "request",
                             json_of_text(a->out), "tn_auth_list", value));
    else
        print_said("key: %s (keep it; nobody else needs it)\nrequest: %s (for the authority)\n"
                   "TNAuthList: %s (the tkvalue of a service provider code token)\n",
                   a->key, a->out, value);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- options ---- */

static bool is_code(const char *text)
{
    size_t n = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n > 0 && n <= 16 && !text[n];
}

static bool is_there(const struct asked *a, const char *code)
{
    for (unsigned i = 0; i < a->n_codes; i++)
        if (strcmp(a->codes[i], code) == 0)
            return true;
    return false;
}

/* In the order in which they are given, each once. */
static bool add_code(struct asked *a, const char *code)
{
    const char *why = !is_code(code)            ? "upper-case letters and digits, at most 16"
                      : is_there(a, code)       ? "is there twice"
                      : a->n_codes == CODES_MAX ? "there are more than 16 of them"
                                                : NULL;
    if (why)
        fprintf(stderr, "stirctl: --spc %s: %s\n", code, why);
    else
        a->codes[a->n_codes++] = code;
    return !why;
}

static const struct cli_option options[] = {
    {"spc", 's', "CODE", "service provider code; may be there again", OPTION_NEEDED | OPTION_AGAIN},
    {"organization", 'n', "NAME", "of the subject", 0},
    {"country", 'c', "CC", "of the subject, two letters", 0},
    {"key", 'k', "FILE", "where the key goes: a new file, mode 0600", 0},
    {"out", 'o', "FILE", "where the request goes", 0},
    {0}};

static bool read_options(struct asked *a, const struct words *words)
{
    bool good = true;
    for (size_t i = 0; good && i < words->n_given; i++) {
        int letter = words->given[i].letter;
        const char *value = words->given[i].value[0];
        const char **field = letter == 'k'   ? &a->key
                             : letter == 'o' ? &a->out
                             : letter == 'c' ? &a->country
                                             : &a->organization;
        if (letter == 's')
            good = add_code(a, value);
        else
            *field = value;
    }
    return good;
}

/* ISO 3166: the only form that X.520 has. */
static bool is_country(const char *text)
{
    return strlen(text) == 2 && ascii_is_alpha(text[0]) && ascii_is_alpha(text[1]);
}

static int run(const struct cli *cli, const struct words *words)
{
    struct asked a = {.key = "key.pem", .out = "request.pem", .country = "US"};
    if (!read_options(&a, words))
        return command_usage(&command_cert_request);
    if (!is_country(a.country))
        return command_fault(&command_cert_request, "--country: two letters, as US");
    if (strcmp(a.key, "-") == 0 || strcmp(a.out, "-") == 0)
        return command_fault(&command_cert_request,
                             "--key and --out name files, and nothing goes to standard output: "
                             "./- is a file of this name");
    if (strcmp(a.key, a.out) == 0)
        return command_fault(&command_cert_request, "--key and --out: two files, not one");
    if (!a.organization)
        a.organization = a.codes[0];
    return make(&a) ? say(cli, &a) : EXIT_FAILURE;
}

const struct command command_cert_request = {
    "cert request",
    "--spc CODE [--spc CODE ...] [--organization NAME] [--country CC] [--key FILE] [--out FILE]",
    "make a new key, and the request for its certificate",
    run,
    options,
    NULL};
