/*
 * by_verdict - what becomes of a call whose Identity was judged: by the list of signers
 * (signers.h), then by the first rule that asks for the verdict or names the call's trunk. They
 * lower what is told on of it, refuse it, or send it elsewhere; nothing here makes it better. Pure.
 *
 * This is all that such a rule says: the policy, which signs calls of some of these trunks too,
 * does not ask it again, but takes from here how far a token of ours may go (caps.h).
 *
 * Nothing refuses or redirects an emergency call, one that asks for what emergency services have,
 * or a call of a profile that observes; and none is refused whose verdict is open, since what is
 * missing there is ours (docs/verification.md, "Rules that see the verdict").
 */
#ifndef STIRD_BY_VERDICT_H
#define STIRD_BY_VERDICT_H

#include <stird/core/call.h>
#include <stird/core/outcome.h>
#include <stird/core/verified.h>

struct by_verdict {
    bool refuses;
    enum reason reason; /* of a refusal, with what it says: */
    int sip_status;
    struct str refusal_text;    /* for a Reason header; empty: none */
    struct verified_shown told; /* instead of the verdict */
    const uint32_t *upstreams;  /* indices, instead of its trunk's; of the settings */
    unsigned n_upstreams;       /* 0: it goes where its trunk sends it */
    bool own_number;            /* one of our own numbers calls from outside */
    enum treatment at_most;     /* of a token of ours, where the call gets one */
    const struct str *trace;    /* of a traced call: what was asked and found, in its arena */
    unsigned n_trace;
    struct str by; /* what decided, in words of the call's arena; empty: nothing */
};

/*
 * CALL->verified is there, and its trunk verifies. OUTCOME has what judging found (numbers,
 * emergency), and gets the steps where the call is traced. TABLE may be NULL.
 */
void by_verdict(const struct settings *settings, const struct numbers *table,
                const struct call *call, struct outcome *outcome, struct by_verdict *answer);

#endif
