#include "kept_call.h"

#include <stird/base/pressed.h>
#include <stird/core/verified.h>
#include <string.h>

#include "context.h"
#include "rating.h"
#include "sip/message/received.h"

#define ALONE        LEAVINGS /* the place of an outcome that is none of those that left */
#define NO_PLACE     (LEAVINGS + 1)
#define POINTER_MORE 3 /* octets that a text's new place may take more than its old one */

struct kept_call {
    uint8_t counts;          /* the outcome that counts: its place; NO_PLACE: none does */
    uint8_t outcomes;        /* which are there: a bit for each place */
    bool call;               /* whether that is there */
    unsigned char pressed[]; /* what left, what was seen, the call, the outcomes by their places */
};

/* Of the call, whose fields these are; a few of its many. */
struct facts {
    int64_t now_s;
    struct str call_id, listener;
    struct address source;
    const char *identity_fault;
    const struct trunk *trunk;
    uint32_t customer;
    unsigned n_identity_unreadable, n_identities_known;
    const struct identity_value *identities_known[CALL_IDENTITIES_KNOWN_MAX];
};

/* What is about to be kept; of words alone (PRESSED_MOST). */
struct keeping {
    struct facts facts;
    struct leaving leaving[LEAVINGS];
    struct ledger_token seen;
    struct outcome outcomes[LEAVINGS + 1]; /* those that are there; nothing was written to others */
};

_Static_assert(sizeof(struct facts) % 8 == 0 && sizeof(struct leaving) % 8 == 0 &&
                   sizeof(struct ledger_token) % 8 == 0 && sizeof(struct outcome) % 8 == 0,
               "together they take no more than what they are members of");

/* ---- what is needed of them ---- */

/* The texts stay where they are. */
static void take_facts(const struct context *c, struct facts *facts)
{
    const struct call *call = c->call;
    *facts = (struct facts){
        .call_id = received_call_id((struct str){c->request, c->request_bytes}),
    };
    if (!call)
        return;
    facts->now_s = call->now_s;
    facts->listener = call->listener;
    facts->source = call->source;
    facts->identity_fault = call->identity_fault;
    facts->trunk = call->trunk;
    facts->customer = call->customer;
    facts->n_identity_unreadable = call->n_identity_unreadable;
    if (!c->outcome || !c->outcome->verified || !ledger_wants_tokens(c->snapshot->settings))
        return;
    facts->n_identities_known = call->n_identities_known;
    memcpy(facts->identities_known, call->identities_known, sizeof(facts->identities_known));
}

static void restore_call(struct call *call, const struct facts *facts, struct arena *arena)
{
    memset(call, 0, sizeof(*call));
    call->arena = arena;
    call->now_s = facts->now_s;
    call->call_id = facts->call_id;
    call->listener = facts->listener;
    call->source = facts->source;
    call->identity_fault = facts->identity_fault;
    call->trunk = facts->trunk;
    call->customer = facts->customer;
    call->n_identity_unreadable = facts->n_identity_unreadable;
    call->n_identities_known = facts->n_identities_known;
    memcpy(call->identities_known, facts->identities_known, sizeof(call->identities_known));
}

static void take_outcome(const struct outcome *from, struct outcome *o)
{
    *o = *from;
    o->trace = NULL;
    o->n_trace = 0;
    o->claims.orig_uri = o->claims.dest_uri = o->claims.hi = (struct str){NULL, 0};
}

/* Which outcomes are there, and with *COUNTS which of them counts. */
static uint8_t take_outcomes(const struct context *c, struct keeping *k, uint8_t *counts)
{
    unsigned there = 0;
    *counts = NO_PLACE;
    for (unsigned i = 0; i < LEAVINGS; i++) {
        if (!c->leaving[i].outcome)
            continue;
        take_outcome(c->leaving[i].outcome, &k->outcomes[i]);
        there |= 1u << i;
        if (c->leaving[i].outcome == c->outcome)
            *counts = (uint8_t)i;
    }
    if (c->outcome && *counts == NO_PLACE) {
        take_outcome(c->outcome, &k->outcomes[ALONE]);
        there |= 1u << ALONE;
        *counts = ALONE;
    }
    return (uint8_t)there;
}

/* The only one that left, and was signed, is what counts: then nobody asks who has seen its
   token. */
static void take_seen(const struct context *c, struct ledger_token *seen, uint8_t there)
{
    const bool alone = (there & (there - 1)) == 0;
    memset(seen, 0, sizeof(*seen));
    if (alone && c->outcome && c->outcome->verdict == VERDICT_SIGN)
        return;
    *seen = *c->seen;
    seen->tokens = NULL;
    seen->n_tokens = 0;
}

/* ---- their texts, in an arena of their own ---- */

static size_t text_bytes(struct str s)
{
    return s.n > 0 ? arena_rounded(s.n + 1) + POINTER_MORE : 0;
}

static size_t texts_of_outcome(const struct outcome *o)
{
    return text_bytes(o->rule) + text_bytes(o->detail) + text_bytes(o->rate) +
           (o->verified ? verified_kept_bytes(o->verified) + POINTER_MORE : 0);
}

/* An empty one needs no room. False: no memory. */
static bool copy_text(struct str *s, struct arena *arena)
{
    const size_t n = s->n;
    *s = n > 0 ? arena_copy(arena, *s) : (struct str){NULL, 0};
    return s->n == n;
}

static bool copy_verified(struct outcome *o, struct arena *arena)
{
    struct verified *v = o->verified ? arena_alloc(arena, sizeof(*v)) : NULL;
    if (v)
        *v = *o->verified;
    const bool copied = !o->verified || (v && verified_keep(v, arena));
    o->verified = v;
    return copied;
}

static bool copy_texts(struct outcome *o, struct arena *arena)
{
    return copy_text(&o->rule, arena) && copy_text(&o->detail, arena) &&
           copy_text(&o->rate, arena) &&
           (!o->number_urgent || outcome_keep_number(&o->number, arena)) && copy_verified(o, arena);
}

/* What a record holds of the tokens that were made for next hops of one view. */
static bool copy_tokens(struct leaving *to, const struct leaving *from, struct arena *arena)
{
    to->identities = from->n_identities > 0
                         ? arena_array(arena, from->n_identities, sizeof(*to->identities))
                         : NULL;
    for (; to->identities && to->n_identities < from->n_identities; to->n_identities++) {
        struct str *copy = &to->identities[to->n_identities];
        *copy = arena_copy(arena, from->identities[to->n_identities]);
        if (!copy->p)
            return false;
    }
    return to->n_identities == from->n_identities;
}

/* The same of those that came with it, by which it was judged. */
static bool copy_known(struct facts *facts, struct arena *arena)
{
    for (unsigned i = 0; i < facts->n_identities_known; i++) {
        struct identity_value *copy = arena_alloc(arena, sizeof(*copy));
        const struct str text = arena_copy(arena, facts->identities_known[i]->text);
        if (!copy || !text.p)
            return false;
        copy->text = text;
        facts->identities_known[i] = copy;
    }
    return true;
}

/* Tokens that were made for other next hops too, because an earlier attempt may turn out to be the
   final one. */
static bool copy_all_tokens(const struct context *c, struct keeping *k, struct arena *arena)
{
    const struct leaving was_seen = {.identities = (struct str *)(uintptr_t)c->seen->tokens,
                                     .n_identities = c->seen->n_tokens};
    struct leaving seen = {0};
    if (!ledger_wants_tokens(c->snapshot->settings))
        return true;
    bool copied = copy_tokens(&seen, &was_seen, arena);
    for (unsigned i = 0; copied && i < LEAVINGS; i++)
        copied = copy_tokens(&k->leaving[i], &c->leaving[i], arena);
    k->seen.tokens = seen.identities;
    k->seen.n_tokens = seen.n_identities;
    return copied;
}

/* ---- making one ---- */

static size_t bytes_of(const struct keeping *k, uint8_t there, bool call)
{
    size_t n = sizeof(struct kept_call) + pressed_bytes(k->leaving, sizeof(k->leaving)) +
               pressed_bytes(&k->seen, sizeof(k->seen));
    if (call)
        n += pressed_bytes(&k->facts, sizeof(k->facts));
    for (unsigned i = 0; i <= ALONE; i++)
        if (there >> i & 1)
            n += pressed_bytes(&k->outcomes[i], sizeof(k->outcomes[i]));
    return n;
}

/* What an arena must hold at the least: what is rare (tokens, urgent numbers) comes on top. */
static size_t arena_bytes_of(const struct context *c, const struct keeping *k, uint8_t there)
{
    size_t texts = text_bytes(k->facts.call_id);
    if (c->cancelled)
        texts += text_bytes(c->cancel_reason);
    for (unsigned i = 0; i <= ALONE; i++)
        if (there >> i & 1)
            texts += texts_of_outcome(&k->outcomes[i]);
    return texts + arena_rounded(bytes_of(k, there, c->call != NULL) + POINTER_MORE) +
           (c->rated ? rating_copy_bytes() : 0);
}

static bool copy_all_texts(struct keeping *k, uint8_t there, struct arena *arena)
{
    bool copied = copy_text(&k->facts.call_id, arena) && copy_known(&k->facts, arena);
    for (unsigned i = 0; copied && i <= ALONE; i++)
        if (there >> i & 1)
            copied = copy_texts(&k->outcomes[i], arena);
    return copied;
}

/* NULL: no memory. */
static struct kept_call *press(const struct keeping *k, uint8_t there, bool call,
                               struct arena *arena)
{
    unsigned char pressed[PRESSED_MOST(sizeof(*k))];
    unsigned char *to = pressed_write(pressed, k->leaving, sizeof(k->leaving));
    to = pressed_write(to, &k->seen, sizeof(k->seen));
    if (call)
        to = pressed_write(to, &k->facts, sizeof(k->facts));
    for (unsigned i = 0; i <= ALONE; i++)
        if (there >> i & 1)
            to = pressed_write(to, &k->outcomes[i], sizeof(k->outcomes[i]));
    const size_t n = (size_t)(to - pressed);
    struct kept_call *kept = arena_alloc(arena, sizeof(*kept) + n);
    if (!kept)
        return NULL;
    kept->call = call;
    kept->outcomes = there;
    memcpy(kept->pressed, pressed, n);
    return kept;
}

/* Has C point to what is in ARENA alone. */
static void move(struct context *c, struct arena *arena, struct kept_call *kept)
{
    rating_copy(c, arena);
    arena_free(c->arena);
    c->arena = arena;
    c->kept = kept;
    kept_call_rest(c);
}

bool kept_call_make(struct context *c)
{
    struct keeping k;
    struct str reason = c->cancelled ? c->cancel_reason : STR("");
    uint8_t counts, there;
    if (!c->leaving)
        return false;
    there = take_outcomes(c, &k, &counts);
    memset(k.leaving, 0, sizeof(k.leaving));
    take_seen(c, &k.seen, there);
    take_facts(c, &k.facts);
    struct arena *arena = arena_new(arena_bytes_of(c, &k, there));
    if (!arena || !copy_text(&reason, arena) || !copy_all_texts(&k, there, arena) ||
        !copy_all_tokens(c, &k, arena)) {
        arena_free(arena);
        return false;
    }
    struct kept_call *kept = press(&k, there, c->call != NULL, arena);
    if (!kept) {
        arena_free(arena);
        return false;
    }
    kept->counts = counts;
    c->call_id = k.facts.call_id;
    c->cancel_reason = reason;
    move(c, arena, kept);
    return true;
}

/* ---- restoring it ---- */

void kept_call_rest(struct context *c)
{
    if (!c->kept)
        return;
    c->call = NULL;
    c->outcome = NULL;
    c->leaving = NULL;
    c->seen = NULL;
}

void kept_call_restore(struct context *c, struct whole_call *whole)
{
    const struct kept_call *kept = c->kept;
    if (!kept || c->leaving)
        return;
    const unsigned char *from = pressed_read(kept->pressed, whole->leaving, sizeof(whole->leaving));
    from = pressed_read(from, &whole->seen, sizeof(whole->seen));
    c->leaving = whole->leaving;
    c->seen = &whole->seen;
    if (kept->call) {
        struct facts facts;
        from = pressed_read(from, &facts, sizeof(facts));
        restore_call(&whole->call, &facts, c->arena);
        c->call = &whole->call;
    }
    for (unsigned i = 0; i <= ALONE; i++) {
        struct outcome *o = &whole->outcomes[i];
        if (!(kept->outcomes >> i & 1))
            continue;
        from = pressed_read(from, o, sizeof(*o));
        if (i < LEAVINGS)
            whole->leaving[i].outcome = o;
        if (i == kept->counts)
            c->outcome = o;
    }
}

void kept_call_left(struct context *c, unsigned leaves)
{
    if (c->kept && c->kept->outcomes >> leaves & 1)
        c->kept->counts = (uint8_t)leaves;
}
