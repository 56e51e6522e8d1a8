#include "div_chain.h"

#include "token_claims.h"

/* The div tokens of a set that are not used yet. */
struct chain {
    const struct token *div[IDENTITY_SET_MAX];
    unsigned n;
};

/* False: one says div, and is none. */
static bool collect(struct chain *c, const struct identity_set *set)
{
    bool whole = true;
    c->n = 0;
    for (unsigned i = 0; i < set->n; i++)
        if (set->entries[i].role == IDENTITY_ROLE_DIV)
            c->div[c->n++] = &set->entries[i].token;
        else
            whole = whole && !identity_entry_diverts(&set->entries[i]);
    return whole;
}

static bool says_no_number(const struct token *t)
{
    return t->div.n == 0;
}

/* Whether the caller is still SHAKEN's: the same number, and no URI. */
static bool has_orig_of(const struct token *t, const struct token *shaken)
{
    return t->orig.n > 0 && str_eq(t->orig, shaken->orig) && t->orig_uri.n == 0;
}

static bool is_div_of_another(const struct chain *c, unsigned i)
{
    for (unsigned k = 0; k < i; k++)
        if (str_eq(c->div[k]->div, c->div[i]->div))
            return true;
    return false;
}

/* What is wrong with a token by itself. */
static const char *fault_of_each(const struct chain *c, const struct token *shaken,
                                 const struct tn *called, struct str *at)
{
    for (unsigned i = 0; i < c->n; i++) {
        *at = c->div[i]->div;
        if (says_no_number(c->div[i]))
            return "a token does not say which number diverted the call";
        if (!has_orig_of(c->div[i], shaken))
            return "a token is of another calling number";
        if (is_div_of_another(c, i) || str_eq(c->div[i]->div, tn_str(called)))
            return "a number comes twice";
    }
    return NULL;
}

/* Takes the token that begins where FROM ends out of C; NULL: there is none. */
static const struct token *take_next(struct chain *c, const struct token *from)
{
    for (unsigned i = 0; i < c->n; i++)
        if (token_leads_to(from, c->div[i]->div)) {
            const struct token *next = c->div[i];
            c->div[i] = c->div[--c->n];
            return next;
        }
    return NULL;
}

/* Which way of several leads through all of them, where a token may go on in more than one. So many
   steps are tried: of the tokens that a profile looks at by default all ways, whatever they are. */
#define WAYS_MAX 16384
struct ways {
    uint32_t next[IDENTITY_SET_MAX + 1]; /* of each token, and of SHAKEN behind them */
    uint32_t ends;                       /* those that end at the number that is called */
    unsigned tried;
};

static bool leads_through(struct ways *w, unsigned at, uint32_t left)
{
    if (left == 0)
        return w->ends & UINT32_C(1) << at;
    for (uint32_t ways = w->next[at] & left; ways && w->tried < WAYS_MAX; ways &= ways - 1) {
        const unsigned i = (unsigned)__builtin_ctz(ways);
        w->tried++;
        if (leads_through(w, i, left & ~(UINT32_C(1) << i)))
            return true;
    }
    return false;
}

/* C: all of them. */
static bool is_a_way(const struct chain *c, const struct token *shaken, const struct tn *called)
{
    struct ways w = {.ends = 0};
    const unsigned n = c->n < IDENTITY_SET_MAX ? c->n : IDENTITY_SET_MAX - 1;
    for (unsigned i = 0; i <= n; i++) {
        const struct token *from = i < n ? c->div[i] : shaken;
        for (unsigned k = 0; k < n; k++)
            w.next[i] |= token_leads_to(from, c->div[k]->div) ? UINT32_C(1) << k : 0;
        w.ends |= i < n && token_calls(from, called) ? UINT32_C(1) << i : 0;
    }
    return n == c->n && leads_through(&w, n, (UINT32_C(1) << n) - 1);
}

const char *div_chain_fault(const struct identity_set *set, const struct token *shaken,
                            const struct tn *called, struct str *at)
{
    struct chain c, all;
    const struct token *last = shaken, *next;
    *at = STR("");
    if (!collect(&c, set))
        return "a token says div and cannot be read as one";
    if (!called)
        return "the message shows no telephone number that is called now";
    const char *why = fault_of_each(&c, shaken, called, at);
    if (why)
        return why;
    all = c;
    while ((next = take_next(&c, last)))
        last = next;
    *at = last->dest;
    if ((c.n == 0 && token_calls(last, called)) || is_a_way(&all, shaken, called))
        return NULL;
    return c.n > 0 ? "no token begins where the one before it ends"
                   : "it ends at another number than the one called";
}
