/* web and repository: where pages are served, and the certificates that they are served with. */
#include "reader.h"

#include <stird/core/published_unit.h>
#include <stird/core/x5u.h>
#include <string.h>

/* The same keys of either. */
struct server {
    const char *address_key, *port_key, *certificate_key, *secret_key;
    struct str address, certificate, key;
    uint32_t port;
    const char *without;
    struct tls_dates *dates;
    struct address *listen;
    struct str *key_file;
    unsigned *key_line;
};

static bool is_any(const struct address *a)
{
    static const uint8_t nothing[sizeof(a->bytes)];
    return memcmp(a->bytes, nothing, sizeof(nothing)) == 0;
}

/* Whether the kernel gives only one of them a socket: 0.0.0.0 is all addresses of IPv4, and :: all
   of IPv6 alone. */
static bool collide(const struct address *a, const struct address *b)
{
    return a->family == b->family && a->port == b->port &&
           (is_any(a) || is_any(b) || address_equal(a, b));
}

static bool share_a_socket(const struct listener *l, const struct address *a)
{
    return (l->transports[TRANSPORT_TCP] || l->transports[TRANSPORT_TLS]) &&
           collide(&l->address, a);
}

static void resolve_place(struct reader *r, const struct draft *draft, const struct server *v)
{
    const struct settings *s = &draft->settings;
    if (!address_parse(v->address, v->listen)) {
        if (v->address.n > 0)
            complain(r, &draft->object, place_of(&draft->object, v->address_key),
                     "%s: %.*s is no IPv4 or IPv6 address", v->address_key,
                     STR_ARG(shown(r, v->address)));
        return;
    }
    v->listen->port = (uint16_t)v->port;
    for (unsigned i = 0; v->port > 0 && i < s->n_listeners; i++)
        if (share_a_socket(&s->listeners[i], v->listen))
            complain(r, &draft->object, place_of(&draft->object, v->port_key),
                     "%s: listener \"%.*s\" has this address and port", v->port_key,
                     STR_ARG(s->listeners[i].name));
}

static void resolve_server(struct reader *r, const struct draft *draft, const struct server *v)
{
    const struct object *root = &draft->object;
    const struct place key = place_of(root, v->secret_key);
    *v->key_file = key.file;
    *v->key_line = key.line;
    resolve_place(r, draft, v);
    if (v->certificate.n > 0)
        tls_certificate_read(r, draft, v->certificate_key, v->certificate, v->without, v->dates);
    if (v->certificate.n > 0 && !was_given(root, v->secret_key))
        complain(r, root, place_of(root, v->certificate_key), "%s: %s is missing",
                 v->certificate_key, v->secret_key);
    if (v->key.n > 0 && !was_given(root, v->certificate_key))
        complain(r, root, place_of(root, v->secret_key), "%s: %s is missing", v->secret_key,
                 v->certificate_key);
}

/* ---- which chains the repository serves ---- */

static void warn_of(struct reader *r, const struct draft *draft, const struct certificate *c,
                    const char *why)
{
    warn(
        r, &draft->object, place_of(&draft->object, "repository.port"),
        "repository: the chain of certificate \"%.*s\", unit \"%.*s\", is not served at its x5u %.*s: %s",
        STR_ARG(c->id), STR_ARG(c->unit), STR_ARG(c->x5u), why);
}

/* Whether a unit before unit I has its path, at another host. */
static bool is_taken(const struct settings *s, unsigned i, struct str path)
{
    struct str other;
    bool taken = false;
    for (unsigned k = 0; k < i; k++)
        taken = taken ||
                (published_unit_path(s, s->certificates[k].x5u, &other) && str_eq(other, path) &&
                 !str_eq(s->certificates[k].x5u, s->certificates[i].x5u));
    return taken;
}

static void find_unserved(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    for (unsigned i = 0; s->repository_port > 0 && i < s->n_certificates; i++) {
        const struct certificate *c = &s->certificates[i];
        struct str path;
        if (c->x5u.n == 0 || x5u_fault(c->x5u))
            continue; /* its own check has told, or will */
        if (!published_unit_path(s, c->x5u, &path))
            warn_of(r, draft, c, "it has another host than repository.host");
        else if (is_taken(s, i, path))
            warn_of(r, draft, c,
                    "another unit has that path, and the one that signs is served: each needs a "
                    "URL of its own, with each renewal");
    }
}

void resolve_pages(struct reader *r, struct draft *draft)
{
    struct settings *s = &draft->settings;
    const struct server web = {"web.address",       "web.port",     "web.tls_certificate",
                               "web.tls_key",       s->web_address, s->web_tls_certificate,
                               s->web_tls_key,      s->web_port,    "no pages are served",
                               &s->web_tls_dates,   &s->web_listen, &s->web_tls_key_file,
                               &s->web_tls_key_line};
    const struct server repository = {
        "repository.address",       "repository.port",     "repository.tls_certificate",
        "repository.tls_key",       s->repository_address, s->repository_tls_certificate,
        s->repository_tls_key,      s->repository_port,    "our chains are not served",
        &s->repository_tls_dates,   &s->repository_listen, &s->repository_tls_key_file,
        &s->repository_tls_key_line};
    resolve_server(r, draft, &web);
    resolve_server(r, draft, &repository);
    if (s->web_port > 0 && s->repository_port > 0 && collide(&s->web_listen, &s->repository_listen))
        complain(r, &draft->object, place_of(&draft->object, "repository.port"),
                 "repository.port: web has this address and port: the repository is for "
                 "everybody, and has a port of its own");
    find_unserved(r, draft);
    pages_find_doubtful(r, draft);
    keys_find_shared(r, draft);
}
