#include "dialog_trunk.h"

#include <stird/core/source_table.h>

#include "own_routes.h"
#include "proxy_parts.h"

uint64_t trunk_id(const struct proxy *p, const struct trunk *trunk)
{
    const struct str texts[] = {STR("trunk"), trunk->name};
    return siphash_texts(proxy_branches(p)->table, texts, 2).low | 1;
}

/* The trunks that cover an address, one after the other; one with two such prefixes twice. */
struct walk {
    const struct source_entry *entry;
    unsigned step, i;
};

static const struct trunk *next_at(const struct settings *s, const struct address *address,
                                   struct walk *w)
{
    while (!w->entry || w->i == w->entry->n_trunks) {
        w->entry = source_table_next(s->sources, address, &w->step);
        w->i = 0;
        if (!w->entry)
            return NULL;
    }
    return &s->trunks[w->entry->trunks[w->i++]];
}

const struct trunk *trunk_alone_at(const struct settings *s, const struct address *address)
{
    struct walk w = {0};
    const struct trunk *first = next_at(s, address, &w), *t;
    while ((t = first ? next_at(s, address, &w) : NULL))
        if (t != first)
            return NULL;
    return first;
}

const struct trunk *trunk_at(const struct proxy *p, const struct address *address, uint64_t id)
{
    struct walk w = {0};
    const struct trunk *t;
    while ((t = next_at(proxy_settings(p), address, &w)) && trunk_id(p, t) != id)
        ;
    return t;
}

bool dialog_trunk_needed(const struct settings *s, const struct address *source)
{
    return !trunk_alone_at(s, source);
}

static uint64_t proof_of(const struct branches *b, struct str call_id, struct str caller_tag,
                         const struct trunk *trunk)
{
    const struct str texts[] = {STR("dialog trunk"), call_id, caller_tag, trunk->name};
    return siphash_texts(b->proof, texts, 4).low;
}

void dialog_trunk_write(const struct branches *b, struct str call_id, struct str caller_tag,
                        const struct trunk *trunk, char text[TRUNK_PROOF_LENGTH + 1])
{
    siphash_write_hex(text, TRUNK_PROOF_LENGTH, proof_of(b, call_id, caller_tag, trunk));
    text[TRUNK_PROOF_LENGTH] = '\0';
}

uint64_t dialog_trunk_read(struct str text)
{
    uint64_t digits = 0;
    for (size_t i = 0; i < text.n; i++) {
        int value = ascii_hex_value(text.p[i]);
        if (value < 0)
            return 0;
        digits = digits << 4 | (uint64_t)value;
    }
    return text.n == TRUNK_PROOF_LENGTH ? digits : 0;
}

uint64_t dialog_trunk_of(const struct proxy *p, const struct message *m,
                         const struct own_routes *own, unsigned senders,
                         const struct address *address)
{
    const struct settings *s = proxy_settings(p);
    const struct trunk *t = trunk_alone_at(s, address);
    struct walk w = {0};
    if (t)
        return trunk_id(p, t);
    while (own->trunk && (t = next_at(s, address, &w)))
        if (((senders & SENT_BY_CALLER) &&
             proof_of(proxy_branches(p), m->call_id, m->from_tag, t) == own->trunk) ||
            ((senders & SENT_BY_CALLEE) &&
             proof_of(proxy_branches(p), m->call_id, m->to_tag, t) == own->trunk))
            return trunk_id(p, t);
    return 0;
}
