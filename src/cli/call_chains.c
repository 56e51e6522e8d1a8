#include "call_chains.h"

#include <stdlib.h>
#include <stird/core/headers.h>
#include <stird/core/tag.h>
#include <string.h>

#define LEG_WITHIN_US 10000000 /* so soon after the last hop the next leg begins */

static struct str tag_of(struct str message, struct str name, char compact)
{
    struct header_line line;
    struct str tag = {NULL, 0};
    if (header_find(message, name, compact, &line))
        tag = tag_first(line.value);
    return tag.p ? tag : STR("");
}

/* Only the number; the method is INVITE. */
static struct str cseq_of(struct str message)
{
    struct header_line line;
    struct str value = header_find(message, STR("CSeq"), 0, &line) ? line.value : STR("");
    return str_slice(value, 0, str_find(value, ' ', 0));
}

static bool is_inside(const struct sighting *s)
{
    return tag_of(s->message, STR("To"), 't').n > 0;
}

/* ---- one Call-ID ---- */

static bool append(const struct sighting ***list, size_t *n, const struct sighting *s)
{
    const struct sighting **more = reallocarray((void *)*list, *n + 1, sizeof(const void *));
    if (!more)
        return false;
    more[(*n)++] = s;
    *list = more;
    return true;
}

static struct chain *add_chain(struct chains *chains)
{
    struct chain *more = reallocarray(chains->list, chains->n + 1, sizeof(*more));
    if (!more)
        return NULL;
    chains->list = more;
    more[chains->n] = (struct chain){.n_hops = 0};
    return &more[chains->n++];
}

/* Leaves from where the last hop arrived, and not from where the chain began. */
static bool is_adjacent(const struct chain *c, const struct sighting *s)
{
    const struct sighting *first = c->hops[0], *last = c->hops[c->n_hops - 1];
    return last->has_addresses && s->has_addresses && address_same_host(&last->to, &s->from) &&
           !address_same_host(&first->from, &s->from);
}

static bool has_way_of(const struct chain *c, const struct sighting *s)
{
    for (size_t i = 0; i < c->n_hops; i++)
        if (sighting_same_way(c->hops[i], s))
            return true;
    return false;
}

/*
 * Whether it is the same request, which goes on with its CSeq and takes no way twice. A caller that
 * tries again (with credentials, say) uses another CSeq; an element in between that keeps the
 * Call-ID has a From tag or CSeq of its own.
 */
static bool goes_on_with(const struct chain *c, const struct sighting *s)
{
    struct str tag = tag_of(s->message, STR("From"), 'f'), cseq = cseq_of(s->message);
    if (has_way_of(c, s))
        return false;
    for (size_t i = 0; i < c->n_hops; i++)
        if (str_eq(tag_of(c->hops[i]->message, STR("From"), 'f'), tag) &&
            !str_eq(cseq_of(c->hops[i]->message), cseq))
            return is_adjacent(c, s);
    return true;
}

/* Of the chains from FIRST on, the last one that S may belong to; a new one where there is none. */
static struct chain *chain_of(struct chains *chains, size_t first, const struct sighting *s)
{
    for (size_t i = chains->n; s->message.n > 0 && i-- > first;)
        if (is_inside(s) || goes_on_with(&chains->list[i], s))
            return &chains->list[i];
    return add_chain(chains);
}

static bool take(struct chains *chains, size_t first, const struct sighting *s)
{
    struct chain *c = chain_of(chains, first, s);
    if (!c)
        return false;
    if (s->message.n > 0 && is_inside(s))
        return append(&c->inside, &c->n_inside, s);
    return append(&c->hops, &c->n_hops, s);
}

/* ---- legs ---- */

static const struct sighting *first_of(const struct chain *c)
{
    return c->n_hops > 0 ? c->hops[0] : c->inside[0];
}

static int by_place(const void *left, const void *right)
{
    uint64_t a = first_of(left)->place, b = first_of(right)->place;
    return a < b ? -1 : a > b;
}

static bool same_number(bool has_a, const struct tn *a, bool has_b, const struct tn *b)
{
    return has_a && has_b && str_eq(tn_str(a), tn_str(b));
}

static bool same_numbers(const struct sighting *a, const struct sighting *b,
                         const struct country *country)
{
    struct sip_identity_facts x, y;
    sip_identity_facts(a->message, country, &x);
    sip_identity_facts(b->message, country, &y);
    return same_number(x.has_orig, &x.orig, y.has_orig, &y.orig) &&
           same_number(x.has_dest, &x.dest, y.has_dest, &y.dest);
}

/* NEXT leaves from where the last hop of C arrived, soon afterwards and for the same two. */
static bool is_next_leg(const struct chain *c, const struct chain *next,
                        const struct country *country)
{
    if (c->n_hops == 0 || next->n_hops == 0 || c->next || next->goes_on || c == next)
        return false;
    const struct sighting *last = c->hops[c->n_hops - 1], *begin = next->hops[0];
    return last->has_addresses && begin->has_addresses && last->place < begin->place &&
           begin->time_us - last->time_us <= LEG_WITHIN_US && !last->cut && !begin->cut &&
           address_same_host(&last->to, &begin->from) && same_numbers(last, begin, country);
}

/* The list is by place, so the legs that C may go on with stand behind it. */
static void find_next_leg(struct chains *chains, size_t i, const struct country *country)
{
    struct chain *c = &chains->list[i];
    for (size_t j = i + 1; j < chains->n && !c->next; j++) {
        struct chain *next = &chains->list[j];
        if (first_of(next)->time_us - first_of(c)->time_us > 2 * LEG_WITHIN_US)
            break;
        if (!is_next_leg(c, next, country))
            continue;
        c->next = next;
        next->goes_on = true;
    }
}

/* A message without Call-ID cannot be joined with others. */
static bool same_call(const struct sighting *a, const struct sighting *b)
{
    struct str id = sighting_call_id(a);
    return id.n > 0 && str_eq(id, sighting_call_id(b));
}

bool chains_of(struct chains *chains, const struct sightings *all, const struct country *country)
{
    size_t n, first = 0;
    const struct sighting *list = sightings_list(all, &n);
    *chains = (struct chains){.n = 0};
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !same_call(&list[i], &list[i - 1]))
            first = chains->n;
        if (!take(chains, first, &list[i]))
            return false;
    }
    if (chains->n > 1)
        qsort(chains->list, chains->n, sizeof(struct chain), by_place);
    for (size_t i = 0; i < chains->n; i++)
        find_next_leg(chains, i, country);
    return true;
}

void chains_fini(struct chains *chains)
{
    for (size_t i = 0; i < chains->n; i++) {
        free((void *)chains->list[i].hops);
        free((void *)chains->list[i].inside);
    }
    free(chains->list);
    *chains = (struct chains){.n = 0};
}
