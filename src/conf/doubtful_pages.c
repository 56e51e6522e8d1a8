/* What of web and repository serves nobody, though it is no mistake by itself. */
#include "reader.h"

#include <stird/core/shown_certificate.h>
#include <stird/core/x5u.h>

#define PEM_BYTES_MAX (256 * 1024)

/* ---- what is said of pages that nobody serves ---- */

static const struct group {
    const char *name, *port;
    const char *others[4]; /* keys that say how it is to serve */
} groups[] = {
    {"web", "web.port", {"web.address", "web.tls_certificate", "web.tls_key", NULL}},
    {"repository",
     "repository.port",
     {"repository.address", "repository.host", "repository.tls_certificate", "repository.tls_key"}},
};

/* A port of 0 is said by whoever means it. */
static void warn_of_no_port(struct reader *r, const struct object *root, const struct group *g)
{
    for (unsigned i = 0; i < sizeof(g->others) / sizeof(g->others[0]); i++)
        if (g->others[i] && was_given(root, g->others[i]) && !was_given(root, g->port)) {
            warn(r, root, place_of(root, g->others[i]),
                 "%s serves nothing without %s: say at which port", g->name, g->port);
            return;
        }
}

/* ---- which chains the repository cannot serve at their x5u ---- */

/* What the repository shows to those who fetch; NULL: nothing, or it cannot be read. */
static struct shown_certificate *shown_to_fetchers(struct reader *r, const struct settings *s)
{
    const struct str path = s->repository_tls_certificate;
    struct str text;
    return path.n > 0 && files_read(r->files, path, PEM_BYTES_MAX, &text) == 0
               ? shown_certificate_read(text)
               : NULL;
}

static void warn_of_unit(struct reader *r, const struct draft *draft, const struct certificate *c,
                         const struct shown_certificate *leaf)
{
    const struct settings *s = &draft->settings;
    struct x5u_parts parts;
    if (c->x5u.n == 0 || x5u_split(c->x5u, &parts) ||
        (s->repository_host.n > 0 && !x5u_same_host(parts.host, s->repository_host)))
        return; /* that is told elsewhere */
    const char *why = !shown_certificate_is_for(leaf, parts.host)
                          ? "repository.tls_certificate is not for its host, so nobody fetches "
                            "there"
                      : parts.port != s->repository_port
                          ? "it has another port than repository.port, unless something leads "
                            "from the one to the other"
                          : NULL;
    if (why)
        warn(r, &draft->object, place_of(&draft->object, "repository.port"),
             REPOSITORY_UNSERVED "is not served at its x5u %.*s: %s", STR_ARG(c->id),
             STR_ARG(c->unit), STR_ARG(c->x5u), why);
}

/* Where something else does TLS before it, that has a certificate and a port of its own. */
static void find_unserved(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    struct shown_certificate *leaf = s->repository_port > 0 ? shown_to_fetchers(r, s) : NULL;
    for (unsigned i = 0; leaf && i < s->n_certificates; i++)
        warn_of_unit(r, draft, &s->certificates[i], leaf);
    shown_certificate_free(leaf);
}

/* ---- hosts that nobody asks for ---- */

/* HOST is a name or an address alone, which it would be in a URL. */
static void check_host(struct reader *r, const struct draft *draft, const char *key,
                       struct str host, const char *what)
{
    struct address address;
    struct x5u_parts parts = {.host = {NULL, 0}};
    const struct str url = arena_printf(r->arena, "https://%.*s/", STR_ARG(host));
    if (host.n == 0 || address_parse(host, &address) ||
        (url.p && !x5u_split(url, &parts) && str_eq(parts.host, host)))
        return;
    complain(r, &draft->object, place_of(&draft->object, key),
             "%s = %.*s: must be a host alone, %s, without https://, port and path", key,
             STR_ARG(shown(r, host)), what);
}

void pages_find_doubtful(struct reader *r, const struct draft *draft)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        warn_of_no_port(r, &draft->object, &groups[i]);
    check_host(r, draft, "repository.host", draft->settings.repository_host,
               "as it stands in the x5u of units: cert.example.com");
    check_host(r, draft, "web.host", draft->settings.web_host,
               "as it is asked for: stird.example.com");
    find_unserved(r, draft);
}
