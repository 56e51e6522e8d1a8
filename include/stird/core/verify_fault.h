/*
 * verify_fault - whose fault it probably is that a check of verify.def did not pass, from what the
 * token, its message and the certificate's server show. A guess that has grounds: it ranks what a
 * person looks at first, and decides nothing of a call. Pure.
 */
#ifndef STIRD_VERIFY_FAULT_H
#define STIRD_VERIFY_FAULT_H

#include <stird/core/fetch_request.h>
#include <stird/core/verify.h>

enum verify_fault {
    FAULT_SIGNER,       /* who made the token, has its certificate, or serves that */
    FAULT_BETWEEN,      /* an element between signer and verifier, which changed the message */
    FAULT_NETWORK,      /* the way to the certificate's server */
    FAULT_HERE,         /* the verifier: what it was not given, or could not ask */
    FAULT_SIGNER_CLOCK, /* the clock of the signer's machine */
    FAULT_HERE_CLOCK,   /* that of the verifier's */
    FAULT_SOME_CLOCK,   /* one of the two, or the call was held on its way */
    VERIFY_FAULTS
};
/* "signer": as in JSON; "the signer": in a sentence. */
struct str verify_fault_name(enum verify_fault fault);
struct str verify_fault_text(enum verify_fault fault);

/* What is known beside question and report. */
struct verify_grounds {
    bool time_is_ours;          /* the question's time is that of this machine's clock */
    bool clock_is_set;          /* which something keeps right (NTP) */
    enum fetch_outcome fetched; /* of its certificate; FETCH_OK: nothing failed, or nobody asked */
};

/* Of CHECK, which failed, warned or was not done. */
enum verify_fault verify_fault_of(const struct verify_question *question,
                                  const struct verify_report *report,
                                  const struct verify_grounds *grounds, enum verify_check check);

/* What to do about a failure of CHECK that is FAULT's. */
struct str verify_fault_advice(enum verify_check check, enum verify_fault fault);

/*
 * The check without which CHECK cannot be made, and whose finding therefore says all; CHECK itself
 * where there is none.
 */
enum verify_check verify_fault_ground(enum verify_check check);

#endif
