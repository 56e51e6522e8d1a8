/*
 * odd - a message whose Request-URI, To or From sofia-sip cannot read, and that is not to be lost
 * for that: what it is given to read in their place, so that the message leaves as it came.
 *
 * Emergency calls are such messages (Decided 5), and what belongs to a call that is there already:
 * responses, and requests with a To tag. Any other request is answered 400 (section 16.3 item 1).
 */
#ifndef STIRD_SIP_ODD_H
#define STIRD_SIP_ODD_H

#include "message.h"

/* What is read of a message as it stands. */
enum odd { ODD_NONE /* all of it */, ODD_ADDRESSES /* but To and From */, ODD_URI_TOO };

/* Whether M, which is screened, is one of these. */
bool odd_is_taken(const struct message *m);
/* Replaces the others but for tags in TEXT, a copy of the message, by ones of the same length. */
void odd_write(const struct message *m, enum odd odd, char *text);
/* The URI in the value of a To header, also where its brackets or quotes do not close. */
struct str odd_uri(struct str value);

#endif
