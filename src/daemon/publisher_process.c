/*
 * The publisher: the chains of our own certificates, each at the path of its x5u, for verifiers
 * anywhere. It has these from its start, and is told what is known of their URLs, by which it finds
 * as workers do which unit signs: no view of stird, no call, no signing key, no file, no way to
 * connect to anybody.
 *
 * A chain leaves as the certificates that were read, written anew: whatever else stands in the
 * file, were it a key, is not served.
 */
#include "page_process.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/container_of.h>
#include <stird/base/log.h>
#include <stird/core/budget.h>
#include <stird/core/certificate_text.h>
#include <stird/core/published_unit.h>
#include <stird/core/switches.h>
#include <unistd.h>

#define TYPE            "application/pem-certificate-chain" /* RFC 8555 section 9.1 */
#define CHAIN_BYTES_MAX (256 * 1024)

struct publisher {
    struct page_process base;
    struct buf texts[CERTIFICATE_UNITS_MAX]; /* of each unit's chain; empty: it cannot be served */
    uint8_t states[CERTIFICATE_UNITS_MAX]; /* what is known of their URLs (certificate_choice.h) */
    struct switches chosen;                /* the units that an operator has chosen to sign */
    bool other_states;
    int64_t published_s, due_s; /* the choice is the same from the one to the other */
};

static void add_pem(struct buf *out, const X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    out->failed |= !bio || PEM_write_bio_X509(bio, (X509 *)(uintptr_t)certificate) != 1;
    const long n = bio ? BIO_get_mem_data(bio, &text) : 0;
    if (n > 0)
        buf_add(out, text, (size_t)n);
    BIO_free(bio);
}

/* The text of the chain of C, out of FILES. False: there is none, which its check has told. */
static bool write_chain(struct buf *out, struct files *files, const struct certificate *c)
{
    struct buf path = BUF_INIT;
    struct str text;
    struct text_fault fault;
    STACK_OF(X509) *all = NULL;
    buf_addf(&path, "%.*s/chain.pem", STR_ARG(c->directory));
    if (!buf_failed(&path) && files_read(files, buf_str(&path), CHAIN_BYTES_MAX, &text) == 0)
        all = certificates_read(text, &fault);
    for (int i = 0; all && i < sk_X509_num(all); i++)
        add_pem(out, sk_X509_value(all, i));
    const bool good = all && !buf_failed(out);
    sk_X509_pop_free(all, X509_free);
    buf_fini(&path);
    return good;
}

/* Those that the repository has; what else is wrong with one its check has told. */
static void read_chains(struct publisher *p, struct files *files)
{
    const struct settings *s = p->base.settings;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        const struct certificate *c = &s->certificates[i];
        struct str path;
        if (!published_unit_path(s, c->x5u, &path) || write_chain(&p->texts[i], files, c))
            continue;
        log_error("a chain cannot be served", LOG_TEXT("id", c->id), LOG_TEXT("unit", c->unit));
        buf_fini(&p->texts[i]);
    }
}

/* ---- which of them ---- */

static void take_earlier(int64_t *due_s, int64_t at_s, int64_t now_s)
{
    if (at_s > now_s && at_s < *due_s)
        *due_s = at_s;
}

/* When another unit may sign, though nobody says anything. */
static int64_t next_change_s(const struct settings *s, int64_t now_s)
{
    int64_t due_s = INT64_MAX;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        const struct certificate *c = &s->certificates[i];
        take_earlier(&due_s, c->not_before_s, now_s);
        take_earlier(&due_s, c->not_before_s + CERTIFICATE_SETTLING_S, now_s);
        take_earlier(&due_s, c->not_after_s + 1, now_s);
    }
    return due_s;
}

static unsigned choose_pages(const struct publisher *p, struct http_page *pages, int64_t now_s)
{
    const struct settings *s = p->base.settings;
    const struct certificate_question q = {
        .settings = s, .states = p->states, .switches = &p->chosen, .now_s = now_s};
    unsigned n = 0;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        struct str path;
        if (p->texts[i].n > 0 && published_unit_path(s, s->certificates[i].x5u, &path) &&
            published_unit(&q, path) == i)
            pages[n++] = (struct http_page){path, TYPE, 200, buf_str(&p->texts[i])};
    }
    return n;
}

static bool publish(struct publisher *p, int64_t now_s)
{
    struct http_page *pages = calloc(CERTIFICATE_UNITS_MAX, sizeof(*pages));
    const unsigned n = pages ? choose_pages(p, pages, now_s) : 0;
    const bool good = pages && http_server_publish(p->base.server, pages, n, clock_monotonic_ms());
    free(pages);
    if (!good)
        return false;
    p->other_states = false;
    p->published_s = now_s;
    p->due_s = next_change_s(p->base.settings, now_s);
    return true;
}

/* Of units that share a URL the one that signs is served, from the second on in which it does.
   Without memory those before stay, until the next turn. */
static void follow_the_signer(struct page_process *base)
{
    struct publisher *p = container_of(base, struct publisher, base);
    const int64_t now_s = clock_real_s();
    const bool same = !p->other_states && now_s >= p->published_s && now_s < p->due_s;
    if (base->server && !same)
        publish(p, now_s);
}

/* The state of unit I, and whether an operator has chosen it to sign. */
static void take_state(struct publisher *p, unsigned i, unsigned state)
{
    const struct certificate *c = &p->base.settings->certificates[i];
    struct switched chosen = {.kind = SWITCH_CERTIFICATE};
    p->states[i] = (uint8_t)(state % CONTROL_UNIT_CHOSEN);
    if (state >= CONTROL_UNIT_CHOSEN && !switches_put_text(chosen.name, c->id) &&
        !switches_put_text(chosen.value, c->unit))
        switches_set(&p->chosen, &chosen);
}

static void hear(struct page_process *base, const struct control_message *m, const int *fds)
{
    struct publisher *p = container_of(base, struct publisher, base);
    const unsigned n = p->base.settings->n_certificates;
    (void)fds;
    if (m->type != CONTROL_CERTIFICATES)
        return;
    p->chosen.n = 0;
    for (unsigned i = 0; i < n && m->certificates.states[i]; i++)
        take_state(p, i, (unsigned)(m->certificates.states[i] - '0'));
    p->other_states = true;
}

static void begin(struct publisher *p, struct files *files)
{
    read_chains(p, files);
    if (publish(p, clock_real_s()))
        return;
    http_server_free(p->base.server);
    p->base.server = NULL;
    p->base.why = "out of memory";
}

int publisher_main(const struct settings *settings, int listening, int files_fd, int control_fd)
{
    static struct publisher p; /* it is large, and there is one */
    p.base = (struct page_process){.role = ROLE_PUBLISHER,
                                   .settings = settings,
                                   .control_fd = control_fd,
                                   .listening = listening,
                                   .memory = budget_publisher(settings),
                                   .hear = hear,
                                   .before_turn = follow_the_signer};
    char cache_control[48];
    const struct http_rules rules = {
        .connections = settings->repository_connections,
        .per_source = settings->repository_connections / 2,
        .per_second = settings->repository_rate,
        .most_ms = settings->repository_timeout_ms,
        .cache_control = cache_control,
    };
    struct files *files = files_from_fd(files_fd);
    snprintf(cache_control, sizeof(cache_control), "public, max-age=%u",
             settings->repository_max_age_ms / 1000);
    page_process_make(&p.base, rules, files, settings->repository_tls_certificate,
                      settings->repository_tls_key);
    if (p.base.server && files)
        begin(&p, files);
    files_free(files);
    close(files_fd);
    return page_process_serve(&p.base);
}
