/*
 * A throw-away authority with an intermediate, signing units below it, a revocation list and a web
 * server's certificate: for trials and tests, of an authority that nobody accepts.
 */
#include "json_text.h"
#include "command.h"
#include "lab_server.h"
#include "made.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/pem.h>
#include <stird/base/chance.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/regular_file.h>
#include <stird/core/tn_auth_list_write.h>
#include <stird/io/folder.h>
#include <stird/lab/lab_ca.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S       86400
#define PORT        8443
#define NUMBERS_MAX 16
#define CODES_MAX   16

struct lab {
    const char *directory;
    struct folder at, public;             /* the same, and what of it is served: written to */
    const char *spc;                      /* with --unit several, with commas */
    const char *unit;                     /* one unit alone, in this directory; NULL: a whole lab */
    const char *x5u;                      /* of that one; NULL: the default */
    const char *numbers[NUMBERS_MAX + 1]; /* of the unit "numbers" */
    unsigned n_numbers;
    int64_t days, age, now_s; /* days that the units will live, and have lived */
    uint16_t port;
    bool serve;
    uint64_t revoked; /* a serial number */
    EVP_PKEY *root_key, *issuer_key;
    X509 *root, *issuer;
    struct made *made; /* so far; NULL: nobody asks */
};

static bool complain(const struct lab *lab, const char *name, int r)
{
    const char *why = r == -ELOOP ? "a symbolic link that is not root's leads there" : strerror(-r);
    warn_said("stirctl: %s%s%s: %s\n", lab->directory, name[0] ? "/" : "", name, why);
    return false;
}

/* RFC 5280 section 4.1.2.2: an issuer's are unique, and positive. */
static uint64_t new_serial(void)
{
    uint64_t serial = 0;
    while (serial == 0)
        if (!chance_fill(&serial, sizeof(serial)))
            abort();
        else
            serial >>= 1;
    return serial;
}

/* ---- files ---- */

static int write_whole(const struct folder *d, int fd, const struct buf *text, mode_t mode)
{
    ssize_t n = write(fd, text->p, text->n);
    return n < 0 ? -errno : n != (ssize_t)text->n ? -ENOSPC : folder_give(d, fd, mode);
}

/* A new file, which FINAL names when it is whole; NULL: NAME does. */
static bool write_in(const struct lab *lab, const struct folder *d, const char *name,
                     const char *final, const struct buf *text, mode_t mode)
{
    bool is_new = final && faccessat(d->fd, final, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    int fd = folder_create(d, name);
    int r = fd < 0 ? fd : 0;
    if (r == 0)
        made_note_at(lab->made, d->fd, name);
    if (r == 0)
        r = write_whole(d, fd, text, mode);
    if (r == 0 && final)
        r = folder_rename(d, name, final, fd);
    if (r == 0 && is_new)
        made_note_at(lab->made, d->fd, final);
    if (fd >= 0)
        close(fd);
    return r == 0 || complain(lab, final ? final : name, r);
}

/* A new directory in D, to be written to. 0 or -errno. */
static int make_in(const struct folder *d, const char *name, mode_t mode, struct made *made,
                   struct folder *new)
{
    int r = folder_make(d, name, new);
    if (r == 0)
        made_note_at(made, d->fd, name);
    if (r == 0)
        r = folder_give(d, new->fd, mode);
    return r;
}

static char *without_slashes(const char *path)
{
    char *copy = strdup(path);
    size_t n = copy ? strlen(copy) : 0;
    while (n > 1 && copy[n - 1] == '/')
        copy[--n] = '\0';
    return copy;
}

/* PATH, made when it is not there, to be written to. 0 or -errno. */
static int reach_one(struct made *made, const char *path, mode_t mode, struct folder *d)
{
    struct folder above = FOLDER_INIT;
    const char *name;
    char *plain = without_slashes(path);
    int r = plain ? folder_open(d, plain) : -ENOMEM;
    if (r == -ENOENT) {
        r = folder_open_parent(&above, plain, &name);
        if (r == 0)
            r = make_in(&above, name, mode, made, d);
        folder_close(&above);
    }
    free(plain);
    return r;
}

/* With those above it. */
static bool reach(struct lab *lab, mode_t mode)
{
    char *copy = without_slashes(lab->directory);
    int r = copy ? 0 : -ENOMEM;
    for (char *slash = copy ? strchr(copy + 1, '/') : NULL; slash && r == 0;
         slash = strchr(slash + 1, '/')) {
        struct folder d;
        *slash = '\0';
        r = reach_one(lab->made, copy, 0755, &d);
        *slash = '/';
        folder_close(&d);
    }
    if (r == 0)
        r = reach_one(lab->made, copy, mode, &lab->at);
    free(copy);
    return r == 0 || complain(lab, "", r);
}

static bool make_directory(const struct lab *lab, const char *name, mode_t mode, struct folder *new)
{
    int r = make_in(&lab->at, name, mode, lab->made, new);
    return r == 0 || complain(lab, name, r);
}

static bool write_key(const struct lab *lab, const struct folder *d, const char *name,
                      EVP_PKEY *key)
{
    struct buf text = BUF_INIT;
    bool good = lab_add_key(&text, key) && write_in(lab, d, name, NULL, &text, 0600);
    if (text.p)
        explicit_bzero(text.p, text.n);
    buf_fini(&text);
    return good;
}

static bool write_certificate(const struct lab *lab, const struct folder *d, const char *name,
                              X509 *x, X509 *above)
{
    struct buf text = BUF_INIT;
    bool good = lab_add_certificate(&text, x) && (!above || lab_add_certificate(&text, above)) &&
                write_in(lab, d, name, NULL, &text, 0644);
    buf_fini(&text);
    return good;
}

/* ---- the authority ---- */

static bool make_authority(struct lab *lab)
{
    struct lab_certificate c = {.name = "stird lab root",
                                .serial = new_serial(),
                                .not_before_s = lab->now_s - DAY_S,
                                .not_after_s = lab->now_s + 3650 * (int64_t)DAY_S,
                                .authority = true};
    c.key = lab->root_key = lab_key_new();
    lab->root = c.key ? lab_certificate_new(&c) : NULL;
    c.name = "stird lab intermediate";
    c.serial = new_serial();
    c.key = lab->issuer_key = lab_key_new();
    c.issuer = lab->root;
    c.issuer_key = lab->root_key;
    lab->issuer = c.key && c.issuer ? lab_certificate_new(&c) : NULL;
    return lab->issuer && write_certificate(lab, &lab->at, "root.pem", lab->root, NULL) &&
           write_certificate(lab, &lab->at, "intermediate.pem", lab->issuer, NULL) &&
           write_key(lab, &lab->at, "root.key.pem", lab->root_key) &&
           write_key(lab, &lab->at, "intermediate.key.pem", lab->issuer_key);
}

/* ---- its revocation lists ---- */

/* N is 1 when there is the unit "revoked", else 0. */
static bool add_crl(const struct lab *lab, X509 *issuer, EVP_PKEY *key, unsigned n,
                    struct buf *text)
{
    const uint64_t revoked[] = {lab->revoked};
    X509_CRL *crl = lab_crl_new(issuer, key, lab->now_s - 60, lab->now_s + lab->days * DAY_S,
                                revoked, n);
    bool good = crl && lab_add_crl(text, crl);
    X509_CRL_free(crl);
    return good;
}

/* Lists of both authorities: without one the state of a certificate is unknown. */
static bool make_crl(const struct lab *lab, unsigned n_revoked)
{
    struct buf text = BUF_INIT;
    bool good = add_crl(lab, lab->issuer, lab->issuer_key, n_revoked, &text) &&
                add_crl(lab, lab->root, lab->root_key, 0, &text) &&
                write_in(lab, &lab->at, "crl.pem", NULL, &text, 0644) &&
                (lab->unit || write_in(lab, &lab->public, "crl.pem", NULL, &text, 0644));
    buf_fini(&text);
    return good;
}

/* ---- units ---- */

static bool write_unit(const struct lab *lab, const char *unit, X509 *x, EVP_PKEY *key)
{
    char name[256];
    struct buf x5u = BUF_INIT;
    struct folder d = FOLDER_INIT;
    snprintf(name, sizeof(name), "%s.pem", unit);
    buf_addf(&x5u, "https://localhost:%u/%s\n", lab->port, name);
    bool good = make_directory(lab, unit, 0700, &d) && write_key(lab, &d, "key.pem", key) &&
                write_certificate(lab, &d, "chain.pem", x, lab->issuer) &&
                write_certificate(lab, &lab->public, name, x, lab->issuer) &&
                write_in(lab, &d, "x5u", NULL, &x5u, 0644);
    folder_close(&d);
    buf_fini(&x5u);
    return good;
}

/* NULL: complained. */
static X509 *new_certificate(const struct lab *lab, const char *unit, uint64_t serial,
                             EVP_PKEY *key, const char *const *spcs, const char *const *numbers)
{
    char name[128];
    snprintf(name, sizeof(name), "SHAKEN %s", unit);
    const struct lab_certificate c = {.name = name,
                                      .serial = serial,
                                      .key = key,
                                      .issuer = lab->issuer,
                                      .issuer_key = lab->issuer_key,
                                      .not_before_s = lab->now_s - 600 - lab->age * DAY_S,
                                      .not_after_s = lab->now_s + lab->days * DAY_S,
                                      .spcs = spcs,
                                      .numbers = numbers};
    X509 *x = lab_certificate_new(&c);
    if (!x)
        warn_said("stirctl: the certificate of %s cannot be made: are its numbers written as "
                  "12155550100 or 12155551000+100?\n",
                  unit);
    return x;
}

static bool make_unit(const struct lab *lab, const char *unit, uint64_t serial,
                      const char *const *spcs, const char *const *numbers)
{
    EVP_PKEY *key = lab_key_new();
    X509 *x = key ? new_certificate(lab, unit, serial, key, spcs, numbers) : NULL;
    bool good = x && write_unit(lab, unit, x, key);
    X509_free(x);
    EVP_PKEY_free(key);
    return good;
}

/* ---- one unit alone ---- */

static void *read_pem(const struct lab *lab, const char *name, bool key)
{
    int fd = regular_file_open(lab->at.fd, name, O_NOFOLLOW);
    FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
    void *got = !f    ? NULL
                : key ? (void *)PEM_read_PrivateKey(f, NULL, NULL, NULL)
                      : (void *)PEM_read_X509(f, NULL, NULL, NULL);
    if (f)
        fclose(f);
    return got;
}

/* That of DIRECTORY, made when it is not there. */
static bool find_authority(struct lab *lab)
{
    if (!reach(lab, 0700))
        return false;
    if (faccessat(lab->at.fd, "intermediate.pem", F_OK, AT_SYMLINK_NOFOLLOW))
        return make_authority(lab) && make_crl(lab, 0);
    lab->issuer = read_pem(lab, "intermediate.pem", false);
    lab->issuer_key = read_pem(lab, "intermediate.key.pem", true);
    if (!lab->issuer || !lab->issuer_key)
        warn_said("stirctl: %s: this is no authority of stirctl lab-ca\n", lab->directory);
    return lab->issuer && lab->issuer_key;
}

/* Aside and renamed: a reload never meets half a file. */
static bool place(const struct lab *unit, const char *name, const struct buf *text, mode_t mode)
{
    char aside[64];
    snprintf(aside, sizeof(aside), ".%s.%ld", name, (long)getpid());
    return write_in(unit, &unit->at, aside, name, text, mode);
}

static bool place_unit(const struct lab *lab, X509 *x, EVP_PKEY *key)
{
    struct lab unit = {.directory = lab->unit, .at = FOLDER_INIT, .made = lab->made};
    struct buf key_text = BUF_INIT, chain = BUF_INIT, x5u = BUF_INIT;
    const char *slash = strrchr(lab->unit, '/');
    if (lab->x5u)
        buf_addf(&x5u, "%s\n", lab->x5u);
    else
        buf_addf(&x5u, "https://cert.example.org/%s.pem\n", slash ? slash + 1 : lab->unit);
    bool good = reach(&unit, 0700) && lab_add_key(&key_text, key) &&
                lab_add_certificate(&chain, x) && lab_add_certificate(&chain, lab->issuer) &&
                place(&unit, "key.pem", &key_text, 0600) &&
                place(&unit, "chain.pem", &chain, 0644) && place(&unit, "x5u", &x5u, 0644);
    if (key_text.p)
        explicit_bzero(key_text.p, key_text.n);
    folder_close(&unit.at);
    buf_fini(&key_text);
    buf_fini(&chain);
    buf_fini(&x5u);
    return good;
}

static bool make_one(struct lab *lab)
{
    const char *spcs[CODES_MAX + 1] = {NULL};
    char *codes = strdup(lab->spc), *rest = codes;
    for (unsigned n = 0; codes && n < CODES_MAX && rest && *rest;)
        spcs[n++] = strsep(&rest, ",");
    EVP_PKEY *key = lab_key_new();
    X509 *x = find_authority(lab) && key && codes
                  ? new_certificate(lab, spcs[0] ? spcs[0] : "numbers", new_serial(), key, spcs,
                                    lab->numbers)
                  : NULL;
    bool good = x && place_unit(lab, x, key);
    if (good)
        puts(lab->unit);
    X509_free(x);
    EVP_PKEY_free(key);
    X509_free(lab->root);
    X509_free(lab->issuer);
    EVP_PKEY_free(lab->root_key);
    EVP_PKEY_free(lab->issuer_key);
    free(codes);
    return good;
}

/* ---- a whole lab ---- */

static bool make_units(const struct lab *lab)
{
    const char *const spcs[] = {lab->spc, NULL};
    return make_unit(lab, lab->spc, new_serial(), spcs, NULL) &&
           make_unit(lab, "numbers", new_serial(), NULL, lab->numbers) &&
           make_unit(lab, "revoked", lab->revoked, spcs, NULL);
}

static bool make_web_server(const struct lab *lab)
{
    EVP_PKEY *key = lab_key_new();
    const struct lab_certificate c = {.name = "localhost",
                                      .serial = new_serial(),
                                      .key = key,
                                      .issuer = lab->issuer,
                                      .issuer_key = lab->issuer_key,
                                      .not_before_s = lab->now_s - 600,
                                      .not_after_s = lab->now_s + lab->days * DAY_S,
                                      .alt_names = "DNS:localhost,IP:127.0.0.1"};
    X509 *x = key ? lab_certificate_new(&c) : NULL;
    bool good = x && write_certificate(lab, &lab->at, "tls.pem", x, lab->issuer) &&
                write_key(lab, &lab->at, "tls.key.pem", key);
    X509_free(x);
    EVP_PKEY_free(key);
    return good;
}

static bool make_lab(struct lab *lab)
{
    int r = reach_one(lab->made, lab->directory, 0755, &lab->at);
    bool good = (r == 0 || complain(lab, "", r)) &&
                make_directory(lab, "public", 0755, &lab->public) && make_authority(lab) &&
                make_units(lab) && make_crl(lab, 1) && make_web_server(lab);
    X509_free(lab->root);
    X509_free(lab->issuer);
    EVP_PKEY_free(lab->root_key);
    EVP_PKEY_free(lab->issuer_key);
    return good;
}

/* ---- options ---- */

static bool is_code(struct str text)
{
    size_t n = 0;
    while (n < text.n && (ascii_is_digit(text.p[n]) || (text.p[n] >= 'A' && text.p[n] <= 'Z')))
        n++;
    return n == text.n && n > 0 && n <= 16;
}

/* One code for a lab; for a unit several, with commas. */
static bool are_codes(const struct lab *lab)
{
    struct str rest = str_of(lab->spc);
    unsigned n = 0;
    bool good = lab->unit || str_find(rest, ',', 0) == rest.n;
    while (good && rest.n > 0)
        good = is_code(str_cut(&rest, ',')) && ++n <= CODES_MAX;
    return good;
}

static bool read_number(const char *text, int64_t most, int64_t *value)
{
    char *end;
    *value = strtol(text, &end, 10);
    return !*end && *value > 0 && *value <= most;
}

static const struct cli_option options[] = {
    {"spc", 's', "CODE", "service provider code of the unit", 0},
    {"number", 'n', "NUMBER", "a unit for this number, or NUMBER+COUNT of them; may be there again",
     OPTION_AGAIN},
    {"days", 'd', "N", "how long the certificates hold", 0},
    {"age", 'a', "DAYS", "how long ago they began", 0},
    {"port", 'p', "PORT", "of the URL", 0},
    {"serve", 'S', NULL, "serve the chains by https on loopback until it is interrupted", 0},
    {"unit", 'u', "DIRECTORY", "one unit alone in this directory, without an authority around it",
     0},
    {"ca", 'c', "DIRECTORY", "the authority of that unit: made when it is not there", 0},
    {"x5u", 'x', "URL", "where the unit's chain is published", 0},
    {0}};

static const char **text_field(struct lab *lab, int letter)
{
    return letter == 's'   ? &lab->spc
           : letter == 'u' ? &lab->unit
           : letter == 'c' ? &lab->directory
           : letter == 'x' ? &lab->x5u
                           : NULL;
}

static bool read_option(struct lab *lab, const struct given *given, int64_t *port)
{
    const char **text = text_field(lab, given->letter), *value = given->n > 0 ? *given->value : "";
    if (text)
        return (*text = value) != NULL;
    switch (given->letter) {
    case 'n':
        return lab->n_numbers < NUMBERS_MAX && (lab->numbers[lab->n_numbers++] = value) != NULL;
    case 'd':
        return read_number(value, 3650, &lab->days);
    case 'a':
        return read_number(value, 3000, &lab->age);
    case 'p':
        return read_number(value, 65535, port);
    default:
        return (lab->serve = true);
    }
}

static void use_defaults(struct lab *lab)
{
    if (!lab->spc) /* numbers alone make a unit for numbers alone */
        lab->spc = lab->unit && lab->n_numbers > 0 ? "" : "709J";
    if (!lab->unit && lab->n_numbers == 0) {
        lab->numbers[0] = "12155550100";
        lab->numbers[1] = "12155551000+1000";
    }
}

/* Which options contradict each other; NULL when none do. */
static const char *contradiction(const struct lab *lab, int n_words)
{
    if (!lab->unit && n_words == 0)
        return "DIRECTORY or --unit DIRECTORY is missing";
    if (lab->unit && n_words > 0)
        return "DIRECTORY and --unit do not go together (--ca DIRECTORY)";
    if (lab->unit && lab->serve)
        return "--serve and --unit do not go together";
    if (!lab->unit && (lab->directory || lab->x5u))
        return "--ca and --x5u go with --unit alone";
    return NULL;
}

/*
 * Tried with the writer of certificates before anything is made, because some numbers cannot stand
 * in one.
 */
static bool are_numbers(const struct lab *lab)
{
    struct buf der = BUF_INIT;
    bool good = lab->n_numbers == 0 || tn_auth_list_write(NULL, lab->numbers, &der);
    buf_fini(&der);
    return good;
}

/* 0, or the exit status. */
static int read_options(struct lab *lab, const struct words *words)
{
    int64_t port = PORT;
    for (size_t i = 0; i < words->n_given; i++) {
        const struct given *g = &words->given[i];
        if (read_option(lab, g, &port))
            continue;
        warn_said("stirctl: lab-ca: \"%s\" is out of range\n", g->value[0]);
        return command_usage(&command_lab_ca);
    }
    lab->port = (uint16_t)port;
    use_defaults(lab);
    const char *fault = contradiction(lab, words->n);
    if (fault)
        return command_fault(&command_lab_ca, fault);
    if (!are_codes(lab))
        return command_fault(&command_lab_ca, "--spc: a code has 1 to 16 of A-Z and 0-9");
    if (!are_numbers(lab))
        return command_fault(&command_lab_ca,
                             "--number: NUMBER has 3 to 15 digits, * and #; COUNT begins behind +");
    if (!lab->unit)
        lab->directory = words->word[0];
    return 0;
}

/* Beside the unit, unless another was named. */
static int run_one(struct lab *lab)
{
    struct buf beside = BUF_INIT;
    char *unit = without_slashes(lab->unit);
    char *slash = unit ? strrchr(unit, '/') : NULL;
    lab->unit = unit;
    buf_addf(&beside, "%.*sca", slash ? (int)(slash + 1 - unit) : 0, unit ? unit : "");
    buf_add_char(&beside, '\0');
    if (!lab->directory)
        lab->directory = beside.p;
    int status = unit && !buf_failed(&beside) && make_one(lab) ? EXIT_SUCCESS : EXIT_FAILURE;
    folder_close(&lab->at);
    if (status == EXIT_SUCCESS)
        made_keep(lab->made);
    else
        made_take_back(lab->made);
    buf_fini(&beside);
    free(unit);
    return status;
}

static void say(const struct cli *cli, const struct lab *lab)
{
    if (lab->port != 443 && lab->port != 8443)
        warn_said(
            "stirctl: --port %u: verifiers follow URLs on port 443 and 8443 alone, and stird takes "
            "no unit with another: these are for looking at\n",
            lab->port);
    if (cli->json)
        json_print(json_pack("{s:o,s:[o,s,s]}", "directory", json_of_text(lab->directory), "units",
                             json_of_text(lab->spc), "numbers", "revoked"));
    else
        print_said("%s: root.pem, intermediate.pem, crl.pem, and the units %s, numbers, revoked\n",
                   lab->directory, lab->spc);
}

static int run(const struct cli *cli, const struct words *words)
{
    struct made made = {0};
    struct lab lab = {.days = 30,
                      .now_s = clock_real_s(),
                      .revoked = new_serial(),
                      .at = FOLDER_INIT,
                      .public = FOLDER_INIT,
                      .made = &made};
    char root[4096];
    int fault = read_options(&lab, words);
    if (fault)
        return fault;
    if (lab.unit)
        return run_one(&lab);
    assert(lab.directory); /* contradiction() has looked */
    snprintf(root, sizeof(root), "%s/root.pem", lab.directory);
    bool there = access(root, F_OK) == 0;
    if (there && !lab.serve) {
        warn_said("stirctl: %s: there is a lab already: remove it first\n", lab.directory);
        return 1;
    }
    bool good = there || make_lab(&lab);
    folder_close(&lab.at);
    folder_close(&lab.public);
    if (!good) {
        made_take_back(&made);
        return 1;
    }
    if (!there)
        say(cli, &lab);
    fflush(stdout);
    int status = lab.serve ? lab_serve(lab.directory, lab.port) : 0;
    if (status) /* it has not begun to serve */
        made_take_back(&made);
    made_keep(&made);
    return status;
}

const struct command command_lab_ca = {
    "lab-ca",
    "[--spc CODE] [--number NUMBER|NUMBER+COUNT ...] [--days N] [--age DAYS] [--port PORT] [--serve] DIRECTORY\n"
    "or: [--ca DIRECTORY] [--spc CODE[,CODE]] [--number ...] [--x5u URL] [--days N] --unit DIRECTORY",
    "a throw-away authority with certificates, and a web server for them on loopback",
    run,
    options,
    "[DIRECTORY]"};
