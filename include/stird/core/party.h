/*
 * party - who calls and who is called, as a token says it: which header, which URI, which number in
 * which form (RFC 8224 section 8, TS 24.229, Decided 2). Signing, verifying and the comparison of
 * two hops of a call all read it here. Pure.
 */
#ifndef STIRD_PARTY_H
#define STIRD_PARTY_H

#include <stdbool.h>
#include <stird/core/asserted.h>
#include <stird/core/settings.h>
#include <stird/core/tn.h>

struct calling {
    bool asserted; /* its number is that of P-Asserted-Identity, else of From */
    bool differs;  /* P-Asserted-Identity names another one beside it */
    /* TN_OK when `number` is the caller's. Where tn_cannot_exist() holds, `number` is one that
       nobody can have, and there is no other; else there is none. */
    enum tn_fault fault;
    struct tn number;
    /* The same for From, where it was looked at; TN_EMPTY where it was not. */
    enum tn_fault from_fault;
    struct tn from;
};
/* ASSERTED is what P-Asserted-Identity says, if the source is believed; else NULL. */
void party_calling(struct calling *c, const struct asserted *asserted, struct str from_uri,
                   const struct country *country);
/* Why a token cannot be compared with it: which number the caller's is cannot be told. Empty: it
   can be. */
struct str calling_fault(const struct calling *c);

/*
 * The number of URI, that of To or of the Request-URI; TN_OK, or why there is none. With SETTINGS
 * and TRUNK emergency numbers and short codes are those of this trunk; NULL, NULL: as a verifier
 * reads them, who knows nobody's settings (emergency.h).
 */
enum tn_fault party_called(struct tn *number, struct str uri, const struct country *country,
                           const struct settings *settings, const struct trunk *trunk);

#endif
