/*
 * decision - one decision on its way: what its steps work with, find out and say. Private to
 * core/policy; policy.c has the steps and their order.
 */
#ifndef STIRD_CORE_DECISION_H
#define STIRD_CORE_DECISION_H

#include <stird/core/call.h>
#include <stird/core/outcome.h>
#include <stird/core/tn_reach.h>

#define NUMBER_TEXT(tn) (int)(tn)->n, (tn)->digits

/* What one decision works with: the arguments of policy_decide() and what the steps find out. */
struct decision {
    const struct settings *settings;
    const struct numbers *table;
    const struct call *call;
    const struct trunk *trunk;
    struct outcome *outcome;
    bool has_orig, has_dest;
    bool orig_cannot_exist,
        dest_cannot_exist; /* it reads as a number, but nobody can have it: block and rule may
                              refuse it, and it is never signed */
    bool orig_is_asserted; /* of P-Asserted-Identity */
    bool asserted_differ;  /* Decided 2 */
    bool asserted_unread;  /* what the SBC asserts may be a number, but cannot be read as one */
    bool from_unread; /* the URI that counts stands in something that is not one address alone */
    bool to_unread;   /* the same of the called number's */
    bool says_more;   /* a URI of the two that the token names has a password or headers */
    struct tn_reach orig_reach,
        dest_reach;               /* of URIs that are not numbers: only used for refusing */
    enum treatment ceiling;       /* set by an identity that is not signed; 'A' when none is set */
    struct str ceiling_of;        /* what set it, in words */
    const struct rule *rule;      /* that holds; NULL: none */
    const struct rule *rate_rule; /* the one above its rate that lowers most; NULL: none */
    enum treatment rate_cap;      /* what it leaves, where there is one */
    bool rated;                   /* it was asked which rules count the call */
    enum reason unsigned_reason, refused_reason;
    enum treatment treatment;
    bool is_settled; /* the outcome has a verdict */
};

/* Whether the next step is to be asked. */
typedef bool decision_step(struct decision *d);

struct decision decision_of(const struct settings *settings, const struct numbers *table,
                            const struct call *call, struct outcome *outcome);
/* Until a step settles the call, the outcome says that stird made a mistake. */
void decision_begin(struct decision *d);
/* Runs one step after the other; false as soon as one has settled the call. */
bool decision_run(struct decision *d, decision_step *const *steps, size_t n);

void decision_settle(struct decision *d, enum verdict verdict, enum reason reason);
/* Decided 5: nothing refuses an emergency call. */
void decision_refuse(struct decision *d, enum reason reason);
/* From here on no level is above CEILING; OF says why. */
void decision_set_ceiling(struct decision *d, enum treatment ceiling, struct str of);
/* The day of NOW_S in the time zone of the tables, whose days their dates are. */
int32_t decision_day(const struct settings *settings, int64_t now_s);
/* What the next hop sees of the call. */
enum privacy_view decision_view(const struct decision *d);

/* Adds one sentence to the trace, where somebody asked for it. */
void decision_trace(struct decision *d, struct str sentence);
/* Sentences are written only where somebody will read them: they cost more than the decision. */
#define TRACE(d, ...)                                                                              \
    do {                                                                                           \
        if ((d)->call->traced)                                                                     \
            decision_trace((d), arena_printf((d)->call->arena, __VA_ARGS__));                      \
    } while (0)

#endif
