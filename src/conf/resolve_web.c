/* web: where pages are served, and the certificate that they are served with. */
#include "reader.h"

#include <errno.h>

#define PEM_BYTES_MAX (256 * 1024)

static void complain_of(struct reader *r, const struct draft *draft, const char *key,
                        const char *what)
{
    complain(r, &draft->object, place_of(&draft->object, key), "%s: %s", key, what);
}

static bool share_a_socket(const struct listener *l, const struct address *a)
{
    return (l->transports[TRANSPORT_TCP] || l->transports[TRANSPORT_TLS]) &&
           address_equal(&l->address, a);
}

static void resolve_place(struct reader *r, struct draft *draft)
{
    struct settings *s = &draft->settings;
    if (!address_parse(s->web_address, &s->web_listen)) {
        if (s->web_address.n > 0)
            complain(r, &draft->object, place_of(&draft->object, "web.address"),
                     "web.address: %.*s is no IPv4 or IPv6 address",
                     STR_ARG(shown(r, s->web_address)));
        return;
    }
    s->web_listen.port = (uint16_t)s->web_port;
    for (unsigned i = 0; s->web_port > 0 && i < s->n_listeners; i++)
        if (share_a_socket(&s->listeners[i], &s->web_listen))
            complain(r, &draft->object, place_of(&draft->object, "web.port"),
                     "web.port: listener \"%.*s\" has this address and port",
                     STR_ARG(s->listeners[i].name));
}

static void read_certificate(struct reader *r, const struct draft *draft)
{
    struct str text;
    int error = files_read(r->files, draft->settings.web_tls_certificate, PEM_BYTES_MAX, &text);
    if (error == -ENOMEM)
        out_of_memory(r);
    else if (error < 0)
        complain(r, &draft->object, place_of(&draft->object, "web.tls_certificate"),
                 "web.tls_certificate: %.*s: %s", STR_ARG(draft->settings.web_tls_certificate),
                 files_fault(error));
}

void resolve_web(struct reader *r, struct draft *draft)
{
    struct settings *s = &draft->settings;
    const struct place key = place_of(&draft->object, "web.tls_key");
    s->web_tls_key_file = key.file;
    s->web_tls_key_line = key.line;
    resolve_place(r, draft);
    if (s->web_tls_certificate.n > 0)
        read_certificate(r, draft);
    if (s->web_tls_certificate.n > 0 && !was_given(&draft->object, "web.tls_key"))
        complain_of(r, draft, "web.tls_certificate", "web.tls_key is missing");
    if (s->web_tls_key.n > 0 && !was_given(&draft->object, "web.tls_certificate"))
        complain_of(r, draft, "web.tls_key", "web.tls_certificate is missing");
}
