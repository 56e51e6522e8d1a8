/*
 * Identity headers, verified as the far end does it; of a trace, also which hop changed what: the
 * options of the command. What is told goes into one JSON tree first, from which the lines for
 * people are printed too.
 */
#include "input.h"
#include "json_text.h"
#include "session.h"
#include "span.h"
#include "verify_calls.h"
#include "verify_print.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/verification.h>
#include <string.h>
#include <time.h>

#define MAX_AGE_MAX_S INT32_MAX

/* ---- files ---- */

static bool read_file(const char *path, struct buf *text)
{
    FILE *f = input_open(path);
    for (size_t n = 1; f && n > 0;) {
        char *room = buf_room(text, 65536);
        n = room && text->n < (16u << 20) ? fread(room, 1, 65536, f) : 0;
        buf_grew(text, n);
    }
    bool good = f && !ferror(f) && !buf_failed(text);
    if (f && !good)
        warn_said("stirctl: %s: %s\n", path, strerror(EIO));
    input_close(f);
    return good;
}

/* One in PEM, however good, or in DER. */
static bool holds_certificate(struct str text)
{
    static const char label[] = "CERTIFICATE-----";
    const unsigned char *der = (const unsigned char *)text.p;
    X509 *x = text.n > 0 ? d2i_X509(NULL, &der, (long)text.n) : NULL;
    bool holds = x || (text.n > 0 && memmem(text.p, text.n, label, sizeof(label) - 1));
    X509_free(x);
    return holds;
}

/* A fault of the certificate belongs into the verdict; a file without one is the user's mistake. */
static bool read_cert(struct verify_job *job, const char *path)
{
    job->cert = path;
    if (!read_file(path, &job->cert_text))
        return false;
    if (holds_certificate(buf_str(&job->cert_text)))
        return true;
    warn_said(
        "stirctl: --cert %s: the file holds no certificate: give the chain that its URL serves, "
        "in PEM or DER, the end-entity certificate first\n",
        path);
    return false;
}

static bool add_trust(struct verify_job *job, const char *path,
                      bool (*add)(struct trust *t, struct str name, struct str text,
                                  struct problems *problems))
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    const char *why;
    const unsigned before = trust_left_out(job->trust, &why);
    bool good = read_file(path, &text) && add(job->trust, str_of(path), buf_str(&text), &problems);
    const unsigned n = trust_left_out(job->trust, &why) - before;
    print_problems(stderr, &problems);
    if (good && n > 0)
        warn_said("stirctl: %s: %u of its certificates %s not used: at least one is %s\n", path, n,
                  n == 1 ? "is" : "are", why);
    problems_fini(&problems);
    buf_fini(&text);
    return good;
}

/* ---- options ---- */

static bool read_time(struct verify_job *job, const char *text)
{
    struct tm tm = {0};
    if (strcmp(text, "iat") == 0) {
        job->at_iat = true;
        return true;
    }
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end && !*end && span_second_of(tm, true, &job->at_s))
        return true;
    fprintf(stderr,
            "stirctl: --at %s: there is no such time: write it as 2026-11-26T23:59:59Z, or iat\n",
            text);
    return false;
}

static const struct cli_option options[] = {
    {"online", 'i', NULL, "by the configuration, as stird verifies a call: see explain --online",
     0},
    {"trunk", 'T', "NAME", "with --online: a call of this trunk; else of the one that verifies", 0},
    {"cert", 'c', "FILE", "the certificate chain, instead of what its URL serves", 0},
    {"offline", 'o', NULL, "fetch nothing", 0},
    {"ca", 'a', "FILE", "trust anchors; may be there again", OPTION_AGAIN},
    {"crl", 'r', "FILE", "revocation lists, with --ca; may be there again", OPTION_AGAIN},
    {"crl-anchor", 'R', "FILE",
     "who signs lists of others' certificates, with --crl; may be there again", OPTION_AGAIN},
    {"at", '@', "TIME", "as of 2026-11-26T23:59:59Z; iat: of the token's own second", 0},
    {"max-age", 'm', "SECONDS", "how old a token may be; else 60", 0},
    {"country", 'n', "CODE", "whose numbers have no plus; else 1", 0},
    {"allow-private", 'p', NULL, "for labs: fetch from private addresses", 0},
    {"tls-ca", 't', "FILE", "for labs: who issued the web server's certificate", 0},
    {0}};

/* As country.code in stird.conf. */
static bool read_country(struct verify_job *job, const char *value)
{
    size_t n = strspn(value, "0123456789");
    job->country.code = str_of(value);
    if (n > 0 && n <= 3 && !value[n] && value[0] != '0')
        return true;
    fprintf(stderr, "stirctl: --country %s: a country code, 1 to 3 digits, such as 1 or 44\n",
            value);
    return false;
}

static bool read_age(struct verify_job *job, const char *text)
{
    char *end;
    job->max_age_s = strtol(text, &end, 10);
    if (*text && !*end && job->max_age_s > 0 && job->max_age_s <= MAX_AGE_MAX_S)
        return true;
    fprintf(stderr, "stirctl: --max-age %s: is no number of seconds from 1 to %d\n", text,
            MAX_AGE_MAX_S);
    return false;
}

static bool read_option(struct verify_job *job, int letter, const char *value)
{
    switch (letter) {
    case 'c':
        return read_cert(job, value);
    case 'a':
        job->n_anchors++;
        return add_trust(job, value, trust_add_anchors);
    case 'r':
        return add_trust(job, value, trust_add_crls);
    case 'R':
        return add_trust(job, value, trust_add_crl_anchors);
    case '@':
        return read_time(job, value);
    case 'm':
        return read_age(job, value);
    case 'n':
        return read_country(job, value);
    case 't':
        job->fetch.ca_file = value;
        return true;
    default:
        return true;
    }
}

/* An option that would change nothing without another one. */
static const char *lonely(const struct words *words)
{
    for (const char *other = "coarRmnpt"; words_have(words, 'i') && *other; other++)
        if (words_have(words, *other))
            return "--online goes by the configuration alone: only --trunk and --at beside it";
    if (words_have(words, 'T') && !words_have(words, 'i'))
        return "--trunk says by which of the configuration's trunks: with --online";
    if (words_have(words, 'R') && !words_have(words, 'r'))
        return "--crl-anchor says who signs revocation lists: give them with --crl FILE";
    if (words_have(words, 'r') && !words_have(words, 'a'))
        return "--crl needs --ca FILE: trust anchors say whose lists count";
    return NULL;
}

static bool read_options(struct verify_job *job, const struct words *words)
{
    job->offline = words_have(words, 'o');
    job->fetch.allow_private = words_have(words, 'p');
    for (size_t i = 0; i < words->n_given; i++) {
        const struct given *g = &words->given[i];
        if (!read_option(job, g->letter, g->n > 0 ? g->value[0] : ""))
            return false;
    }
    return true;
}

static int verify_file(const struct cli *cli, struct verify_job *job, const char *file)
{
    struct sightings all;
    job->as_json = cli->json;
    bool good = sightings_read(&all, file);
    json_t *calls = good ? verify_calls(job, &all) : NULL;
    if (calls && cli->json) {
        json_print(json_incref(calls));
    } else if (calls) {
        verify_print(calls);
        if (job->n_anchors == 0)
            puts("no trust anchors were given (--ca FILE): the chain is not checked");
    }
    json_decref(calls);
    sightings_fini(&all);
    return !good || fflush(stdout) ? EXIT_USAGE : job->status;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct verify_job job = {
        .trust = trust_new(),
        .cache = fetch_cache_new(VERIFY_URLS_MAX),
        .arena = arena_new(1024),
        .max_age_s = VERIFY_MAX_AGE_S,
        .country = {.code = STR("1"), .international_prefix = STR("011"), .national_length = 10}};
    int status = EXIT_USAGE;
    const char *fault = lonely(words), *file = words->n > 0 ? words->word[0] : "-";
    if (fault)
        status = command_fault(&command_verify, fault);
    else if (words_have(words, 'i'))
        status = command_explain_verdict(cli, words_value(words, 'T'), words_value(words, '@'),
                                         file);
    else if (!job.trust || !job.cache || !job.arena)
        fputs("stirctl: out of memory\n", stderr);
    else if (read_options(&job, words))
        status = verify_file(cli, &job, file);
    trust_free(job.trust);
    buf_fini(&job.cert_text);
    fetch_cache_free(job.cache);
    arena_free(job.arena);
    return status;
}

const struct command command_verify = {
    "verify",
    "[--online [--trunk NAME] | --cert FILE | --offline] [--ca FILE ...] [--crl FILE ...] [--crl-anchor FILE ...] "
    "[--at TIME | --at iat] [--max-age SECONDS] [--country CODE] [--allow-private] [--tls-ca FILE] [FILE]",
    "verify Identity headers: a value, a message, a trace, a capture",
    run,
    options,
    "[FILE]"};
