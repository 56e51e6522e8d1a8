/*
 * trust_domain - what one side of stird may say of a caller and the other may see (RFC 3325,
 * Decided 16).
 *
 * Only trunks and upstreams with `trusted` set are trusted.
 */
#ifndef STIRD_SIP_TRUST_DOMAIN_H
#define STIRD_SIP_TRUST_DOMAIN_H

#include <stird/core/call.h>

#include "sip/message/message.h"

/* M begins CALL, whose trunk is known, or is a request of its own: it leaves to UPSTREAM.
   0 or -ENOMEM: then it must not leave. */
int trust_domain_apply(struct message *m, const struct settings *settings, const struct call *call,
                       const struct upstream *upstream);
/* M belongs to a dialog: it came from SOURCE and leaves to NEXT_HOP. 0 or -ENOMEM, as above. */
int trust_domain_apply_in_dialog(struct message *m, const struct settings *settings,
                                 const struct address *source, const struct address *next_hop);
/* Takes off what was decided and verified of a call: it stays between those who trust each other.
   0 or -ENOMEM. */
int trust_domain_remove_told(struct message *m);
/* Takes off the headers that we write ourselves of calls that PROFILE verifies. */
void trust_domain_remove_marks(struct message *m, const struct verification_setting *profile);
/* Whether TRUNK, or one that SOURCE may be of, takes Identity headers off requests that are no new
   call. */
bool trust_domain_takes_identity(const struct trunk *trunk);
bool trust_domain_takes_identity_of(const struct settings *settings, const struct address *source);

#endif
