/*
 * A throw-away authority with an intermediate, signing units below it, a revocation list and a web
 * server's certificate: for trials and tests, trusted by nobody.
 */
#include "command.h"
#include "lab_server.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/clock.h>
#include <stird/lab_ca.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY_S       86400
#define PORT        8443
#define REVOKED     5
#define NUMBERS_MAX 16

struct lab {
    const char *directory;
    const char *spc;
    const char *numbers[NUMBERS_MAX + 1]; /* of the unit "numbers" */
    unsigned n_numbers;
    int64_t days, age, now_s; /* days that the units will live, and have lived */
    uint16_t port;
    bool serve;
    EVP_PKEY *root_key, *issuer_key;
    X509 *root, *issuer;
};

static bool complain(const struct lab *lab, const char *name)
{
    fprintf(stderr, "stirctl: %s/%s: %s\n", lab->directory, name, strerror(errno));
    return false;
}

/* ---- files ---- */

static bool write_file(const struct lab *lab, const char *name, const struct buf *text, mode_t mode)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", lab->directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool good = fd >= 0 && write(fd, text->p, text->n) == (ssize_t)text->n;
    if (!good)
        complain(lab, name);
    if (fd >= 0)
        close(fd);
    return good;
}

static bool make_directory(const struct lab *lab, const char *name, mode_t mode)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s%s%s", lab->directory, name[0] ? "/" : "", name);
    return mkdir(path, mode) == 0 || (errno == EEXIST && !name[0]) || complain(lab, name);
}

static bool write_key(const struct lab *lab, const char *name, EVP_PKEY *key)
{
    struct buf text = BUF_INIT;
    bool good = lab_add_key(&text, key) && write_file(lab, name, &text, 0600);
    if (text.p)
        explicit_bzero(text.p, text.n);
    buf_fini(&text);
    return good;
}

static bool write_certificate(const struct lab *lab, const char *name, X509 *x, X509 *above)
{
    struct buf text = BUF_INIT;
    bool good = lab_add_certificate(&text, x) && (!above || lab_add_certificate(&text, above)) &&
                write_file(lab, name, &text, 0644);
    buf_fini(&text);
    return good;
}

/* ---- the authority ---- */

static bool make_authority(struct lab *lab)
{
    struct lab_certificate c = {.name = "stird lab root",
                                .serial = 1,
                                .not_before_s = lab->now_s - DAY_S,
                                .not_after_s = lab->now_s + 3650 * (int64_t)DAY_S,
                                .authority = true};
    c.key = lab->root_key = lab_key_new();
    lab->root = c.key ? lab_certificate_new(&c) : NULL;
    c.name = "stird lab intermediate";
    c.serial = 2;
    c.key = lab->issuer_key = lab_key_new();
    c.issuer = lab->root;
    c.issuer_key = lab->root_key;
    lab->issuer = c.key && c.issuer ? lab_certificate_new(&c) : NULL;
    return lab->issuer && write_certificate(lab, "root.pem", lab->root, NULL) &&
           write_certificate(lab, "intermediate.pem", lab->issuer, NULL) &&
           write_key(lab, "root.key.pem", lab->root_key) &&
           write_key(lab, "intermediate.key.pem", lab->issuer_key);
}

/* ---- units ---- */

static bool write_unit(const struct lab *lab, const char *unit, X509 *x, EVP_PKEY *key)
{
    char name[256];
    struct buf x5u = BUF_INIT;
    bool good = make_directory(lab, unit, 0700);
    snprintf(name, sizeof(name), "%s/key.pem", unit);
    good = good && write_key(lab, name, key);
    snprintf(name, sizeof(name), "%s/chain.pem", unit);
    good = good && write_certificate(lab, name, x, lab->issuer);
    snprintf(name, sizeof(name), "public/%s.pem", unit);
    good = good && write_certificate(lab, name, x, lab->issuer);
    snprintf(name, sizeof(name), "%s/x5u", unit);
    buf_addf(&x5u, "https://localhost:%u/%s.pem\n", lab->port, unit);
    good = good && write_file(lab, name, &x5u, 0644);
    buf_fini(&x5u);
    return good;
}

static bool make_unit(const struct lab *lab, const char *unit, uint64_t serial,
                      const char *const *spcs, const char *const *numbers)
{
    char name[128];
    EVP_PKEY *key = lab_key_new();
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
    X509 *x = key ? lab_certificate_new(&c) : NULL;
    bool good = x && write_unit(lab, unit, x, key);
    if (!x)
        fprintf(stderr,
                "stirctl: the certificate of %s cannot be made: are its numbers written as "
                "12155550100 or 12155551000+100?\n",
                unit);
    X509_free(x);
    EVP_PKEY_free(key);
    return good;
}

static bool make_units(const struct lab *lab)
{
    const char *const spcs[] = {lab->spc, NULL};
    return make_unit(lab, lab->spc, 3, spcs, NULL) &&
           make_unit(lab, "numbers", 4, NULL, lab->numbers) &&
           make_unit(lab, "revoked", REVOKED, spcs, NULL);
}

/* N: 1 when the unit "revoked" is, else 0. */
static bool add_crl(const struct lab *lab, X509 *issuer, EVP_PKEY *key, unsigned n,
                    struct buf *text)
{
    const uint64_t revoked[] = {REVOKED};
    X509_CRL *crl = lab_crl_new(issuer, key, lab->now_s - 60, lab->now_s + lab->days * DAY_S,
                                revoked, n);
    bool good = crl && lab_add_crl(text, crl);
    X509_CRL_free(crl);
    return good;
}

/* Of both authorities: what no list covers is not known. */
static bool make_crl(const struct lab *lab)
{
    struct buf text = BUF_INIT;
    bool good = add_crl(lab, lab->issuer, lab->issuer_key, 1, &text) &&
                add_crl(lab, lab->root, lab->root_key, 0, &text) &&
                write_file(lab, "crl.pem", &text, 0644) &&
                write_file(lab, "public/crl.pem", &text, 0644);
    buf_fini(&text);
    return good;
}

static bool make_web_server(const struct lab *lab)
{
    EVP_PKEY *key = lab_key_new();
    const struct lab_certificate c = {.name = "localhost",
                                      .serial = 6,
                                      .key = key,
                                      .issuer = lab->issuer,
                                      .issuer_key = lab->issuer_key,
                                      .not_before_s = lab->now_s - 600,
                                      .not_after_s = lab->now_s + lab->days * DAY_S,
                                      .alt_names = "DNS:localhost,IP:127.0.0.1"};
    X509 *x = key ? lab_certificate_new(&c) : NULL;
    bool good = x && write_certificate(lab, "tls.pem", x, lab->issuer) &&
                write_key(lab, "tls.key.pem", key);
    X509_free(x);
    EVP_PKEY_free(key);
    return good;
}

static bool make_lab(struct lab *lab)
{
    bool good = make_directory(lab, "", 0755) && make_directory(lab, "public", 0755) &&
                make_authority(lab) && make_units(lab) && make_crl(lab) && make_web_server(lab);
    X509_free(lab->root);
    X509_free(lab->issuer);
    EVP_PKEY_free(lab->root_key);
    EVP_PKEY_free(lab->issuer_key);
    return good;
}

/* ---- options ---- */

static bool is_code(const char *text)
{
    size_t n = strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return n > 0 && n <= 16 && !text[n];
}

static bool read_number(const char *text, int64_t most, int64_t *value)
{
    char *end;
    *value = strtol(text, &end, 10);
    return !*end && *value > 0 && *value <= most;
}

static const struct option options[] = {{"spc", required_argument, NULL, 's'},
                                        {"number", required_argument, NULL, 'n'},
                                        {"days", required_argument, NULL, 'd'},
                                        {"age", required_argument, NULL, 'a'},
                                        {"port", required_argument, NULL, 'p'},
                                        {"serve", no_argument, NULL, 'S'},
                                        {0}};

static bool read_options(struct lab *lab, int argc, char **argv)
{
    int letter;
    int64_t port = PORT;
    bool good = true;
    while (good && (letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (letter == 's')
            good = is_code(lab->spc = optarg);
        else if (letter == 'n')
            good = lab->n_numbers < NUMBERS_MAX &&
                   (lab->numbers[lab->n_numbers++] = optarg) != NULL;
        else if (letter == 'd')
            good = read_number(optarg, 3650, &lab->days);
        else if (letter == 'a')
            good = read_number(optarg, 3000, &lab->age);
        else if (letter == 'p')
            good = read_number(optarg, 65535, &port);
        else
            good = letter == 'S' && (lab->serve = true);
    }
    lab->port = (uint16_t)port;
    if (lab->n_numbers == 0) {
        lab->numbers[0] = "12155550100";
        lab->numbers[1] = "12155551000+1000";
    }
    lab->directory = optind < argc ? argv[optind] : NULL;
    return good && argc - optind == 1;
}

static void say(const struct cli *cli, const struct lab *lab)
{
    json_t *made = json_pack("{s:s,s:[s,s,s]}", "directory", lab->directory, "units", lab->spc,
                             "numbers", "revoked");
    if (cli->json) {
        json_dumpf(made, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
        putchar('\n');
    } else {
        printf("%s: root.pem, intermediate.pem, crl.pem, and the units %s, numbers, revoked\n",
               lab->directory, lab->spc);
    }
    json_decref(made);
}

static int run(const struct cli *cli, int argc, char **argv)
{
    struct lab lab = {.spc = "709J", .days = 30, .now_s = clock_real_s()};
    char made[4096];
    if (!read_options(&lab, argc, argv))
        return command_usage(&command_lab_ca);
    snprintf(made, sizeof(made), "%s/root.pem", lab.directory);
    bool there = access(made, F_OK) == 0;
    if (there && !lab.serve) {
        fprintf(stderr, "stirctl: %s: there is a lab already: remove it first\n", lab.directory);
        return 1;
    }
    if (!there && !make_lab(&lab))
        return 1;
    if (!there)
        say(cli, &lab);
    fflush(stdout);
    return lab.serve ? lab_serve(lab.directory, lab.port) : 0;
}

const struct command command_lab_ca = {
    "lab-ca",
    "[--spc CODE] [--number NUMBER|NUMBER+COUNT ...] [--days N] [--age DAYS] [--port PORT] [--serve] DIRECTORY",
    "a throw-away authority with certificates, and a web server for them on loopback", run,
    "--spc CODE             service provider code of the unit\n"
    "--number NUMBER        a unit for this number, or NUMBER+COUNT of them; may be there again\n"
    "--days N               how long the certificates hold\n"
    "--age DAYS             how long ago they began\n"
    "--port PORT            of the URL\n"
    "--serve                serve the chains by https on loopback until it is interrupted\n"};
