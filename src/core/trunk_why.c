#include "trunk_why.h"

#include <stird/buf.h>
#include <stird/discriminator.h>

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

static void add_discriminator(struct buf *out, const struct discriminator *d, const struct trunk *t)
{
    struct str wanted = d->wanted(t);
    if (wanted.n == 0)
        return;
    buf_addf(out, ", %s ", d->what);
    if (d->header) {
        buf_add_str(out, d->header(t));
        buf_add_char(out, ' ');
    }
    buf_addf(out, "\"%.*s\"", STR_ARG(wanted));
}

struct str trunk_why(const struct call *call)
{
    struct buf out = BUF_INIT;
    add_source(&out, call);
    for (unsigned i = 0; i < DISCRIMINATORS; i++)
        add_discriminator(&out, &discriminators[i], call->trunk);
    struct str sentence = buf_failed(&out) ? (struct str){NULL, 0}
                                           : arena_copy(call->arena, buf_str(&out));
    buf_fini(&out);
    return sentence;
}
