/*
 * redirect_contact - where an SBC is sent, as the URI of Contact, and the header fields in it that
 * it is to put into its INVITE (RFC 3261 section 19.1.1). Private to core/redirect.
 */
#ifndef STIRD_CORE_REDIRECT_CONTACT_H
#define STIRD_CORE_REDIRECT_CONTACT_H

#include <stird/base/buf.h>
#include <stird/core/redirect_answer.h>

/* Writes the URI, by the rule of the dialect, or else as from the source; never one that leads to
   us. False: the request says none that is sure to be the right one, and nothing is written. */
bool redirect_contact_uri(const struct redirect_question *q, struct buf *out);
/* Whether a URI that was written so may have header fields: one that is no SIP URI has none. */
bool redirect_contact_takes_fields(struct str uri);
/* The header field NAME: VALUE, behind others where it is not the FIRST one. Unescaped is what
   hvalue has unescaped (section 25.1), and nothing else. */
void redirect_contact_field(struct buf *out, bool first, struct str name, struct str value);

#endif
