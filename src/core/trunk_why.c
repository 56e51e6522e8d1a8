#include "trunk_why.h"

#include <stird/buf.h>

static void add_source(struct buf *out, const struct call *call)
{
    const struct trunk *t = call->trunk;
    buf_add_text(out, "source ");
    address_add_host(out, &call->source);
    for (unsigned i = 0; i < t->n_sources; i++) {
        if (!address_prefix_covers(&t->sources[i], &call->source))
            continue;
        buf_add_text(out, " is in ");
        address_add_host(out, &t->sources[i].address);
        buf_addf(out, "/%u", t->sources[i].bits);
        return;
    }
    buf_add_text(out, " is none of its own: it was named");
}

struct str trunk_why(const struct call *call)
{
    const struct trunk *t = call->trunk;
    const struct {
        const char *what;
        struct str value;
    } demanded[] = {
        {"TLS name", t->tls_name},
        {"header", t->header_name},
        {"header value", t->header_value},
        {"tgrp", t->tgrp},
        {"Request-URI user begins with", t->request_user_prefix},
        {"Request-URI host", t->request_host},
        {"listener", t->listener},
    };
    struct buf out = BUF_INIT;
    add_source(&out, call);
    for (unsigned i = 0; i < sizeof(demanded) / sizeof(demanded[0]); i++) {
        if (demanded[i].value.n > 0)
            buf_addf(&out, ", %s \"%.*s\"", demanded[i].what, STR_ARG(demanded[i].value));
    }
    struct str sentence = buf_failed(&out) ? (struct str){NULL, 0}
                                           : arena_copy(call->arena, buf_str(&out));
    buf_fini(&out);
    return sentence;
}
