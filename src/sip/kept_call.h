/*
 * kept_call - what the record of a call needs, pressed (stird/base/pressed.h), while the call waits
 * for its answer: calls ring for half a minute, by thousands, and nobody asks for it meanwhile.
 *
 * While it is kept, the context's `call`, `outcome`, `leaving` and `seen` are NULL. Whoever needs
 * them restores them for as long as that takes.
 */
#ifndef STIRD_SIP_KEPT_CALL_H
#define STIRD_SIP_KEPT_CALL_H

#include <stdbool.h>
#include <stird/core/call.h>
#include <stird/core/outcome.h>
#include <stird/core/privacy.h>
#include <stird/io/ledger.h>

struct context;

/* What was decided and signed for next hops that see the same of a call. */
struct leaving {
    struct outcome *outcome; /* in the arena; NULL: not decided yet */
    struct str *identities;  /* the Identity values to insert, in their order, in the arena */
    unsigned n_identities;
};

#define LEAVES_BARE PRIVACY_VIEWS /* without a token, whatever the next hop sees (relay.c) */
#define LEAVINGS    (PRIVACY_VIEWS + 1)

/* Has an arena with no more than that in the place of C's. C's request is still needed for it.
   False: no memory; C stays as it is. */
bool kept_call_make(struct context *c);

struct whole_call {
    struct call call;
    struct outcome outcomes[LEAVINGS + 1];
    struct leaving leaving[LEAVINGS];
    struct ledger_token seen;
};
/* Makes in WHOLE what C is to point to until kept_call_rest() or the end of its arena; nothing
   where C is not kept, or is restored already. */
void kept_call_restore(struct context *c, struct whole_call *whole);
void kept_call_rest(struct context *c);
/* What LEAVES (an index of `leaving`) left as is what counts; nothing where C is not kept. */
void kept_call_left(struct context *c, unsigned leaves);

#endif
