/*
 * The publisher: the chains of our own certificates, each at the path of its x5u, for verifiers
 * anywhere. It has these pages from its start and needs nobody for them: no view of stird, no call,
 * no signing key, no file, no way to connect to anybody.
 *
 * A chain leaves as the certificates that were read, written anew: whatever else stands in the
 * file, were it a key, is not served.
 */
#include "page_process.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/core/certificate_text.h>
#include <stird/core/x5u.h>
#include <unistd.h>

#define TYPE            "application/pem-certificate-chain" /* RFC 8555 section 9.1 */
#define CHAIN_BYTES_MAX (256 * 1024)

struct chains {
    struct http_page pages[HTTP_PAGES_MAX];
    struct buf texts[HTTP_PAGES_MAX];
    unsigned n;
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

static bool has(const struct chains *chains, struct str path)
{
    for (unsigned i = 0; i < chains->n; i++)
        if (str_eq(chains->pages[i].path, path))
            return true;
    return false;
}

/* Of units that share a URL the first is served, which is the newest of its certificate. */
static void add_unit(struct chains *chains, struct files *files, const struct settings *s,
                     const struct certificate *c)
{
    struct x5u_parts parts;
    struct buf *text = &chains->texts[chains->n];
    if (chains->n == HTTP_PAGES_MAX || x5u_split(c->x5u, &parts) || has(chains, parts.path) ||
        (s->repository_host.n > 0 && !str_eq_nocase(parts.host, s->repository_host)))
        return;
    if (!write_chain(text, files, c)) {
        log_error("a chain cannot be served", LOG_TEXT("id", c->id), LOG_TEXT("unit", c->unit));
        buf_fini(text);
        return;
    }
    chains->pages[chains->n++] = (struct http_page){parts.path, TYPE, 200, buf_str(text)};
}

static void publish(struct page_process *p, struct files *files)
{
    struct chains *chains = calloc(1, sizeof(*chains));
    for (unsigned i = 0; chains && i < p->settings->n_certificates; i++)
        add_unit(chains, files, p->settings, &p->settings->certificates[i]);
    if (!chains ||
        !http_server_publish(p->server, chains->pages, chains->n, clock_monotonic_ms())) {
        http_server_free(p->server);
        p->server = NULL;
        p->why = "out of memory";
    }
    for (unsigned i = 0; chains && i < chains->n; i++)
        buf_fini(&chains->texts[i]);
    free(chains);
}

int publisher_main(const struct settings *settings, int listening, int files_fd, int control_fd)
{
    struct page_process p = {.role = ROLE_PUBLISHER,
                             .settings = settings,
                             .control_fd = control_fd,
                             .listening = listening};
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
    page_process_make(&p, rules, files, settings->repository_tls_certificate,
                      settings->repository_tls_key);
    if (p.server && files)
        publish(&p, files);
    files_free(files);
    close(files_fd);
    return page_process_serve(&p);
}
