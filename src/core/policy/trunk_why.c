#include <stird/core/trunk_why.h>

#include <stird/base/buf.h>
#include <stird/core/discriminator.h>
#include <stird/core/source_table.h>

#define TRUNKS_TOLD_MAX 4

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

static struct str take_sentence(struct buf *out, const struct call *call)
{
    struct str sentence = buf_failed(out) ? (struct str){NULL, 0}
                                          : arena_copy(call->arena, buf_str(out));
    buf_fini(out);
    return sentence;
}

struct str trunk_why(const struct call *call)
{
    struct buf out = BUF_INIT;
    add_source(&out, call);
    for (unsigned i = 0; i < discriminators_count; i++)
        add_discriminator(&out, &discriminators[i], call->trunk);
    return take_sentence(&out, call);
}

/* ---- none ---- */

static void add_missing(struct buf *out, const struct discriminator *d, const struct trunk *t,
                        const struct call *call)
{
    enum fit fit = d->fit(t, call);
    bool silent = fit == FITS_NOT && d->said && !d->said(t, call);
    buf_addf(out, "%s%s", silent ? "no " : "", d->what);
    if (d->header) {
        buf_add_char(out, ' ');
        buf_add_str(out, d->header(t));
    }
    if (!silent)
        buf_addf(out, "%s \"%.*s\"", fit == FITS_NOT ? " is not" : " says more than",
                 STR_ARG(d->wanted(t)));
}

/* The first thing that keeps CALL from T. */
static void add_trunk(struct buf *out, const struct trunk *t, const struct call *call)
{
    for (unsigned i = 0; i < discriminators_count; i++) {
        const struct discriminator *d = &discriminators[i];
        if (d->wanted(t).n == 0 || d->fit(t, call) == FITS)
            continue;
        buf_addf(out, "%s%.*s: ", out->n > 0 ? "; " : "", STR_ARG(t->name));
        add_missing(out, d, t, call);
        return;
    }
}

struct str trunk_none_why(const struct settings *settings, const struct call *call)
{
    struct buf out = BUF_INIT;
    const struct source_entry *entry;
    unsigned step = 0, n = 0;
    while ((entry = source_table_next(settings->sources, &call->source, &step)))
        for (unsigned i = 0; i < entry->n_trunks; i++)
            if (++n <= TRUNKS_TOLD_MAX)
                add_trunk(&out, &settings->trunks[entry->trunks[i]], call);
    if (n > TRUNKS_TOLD_MAX)
        buf_addf(&out, "; and %u more trunk%s", n - TRUNKS_TOLD_MAX,
                 n == TRUNKS_TOLD_MAX + 1 ? "" : "s");
    return take_sentence(&out, call);
}
