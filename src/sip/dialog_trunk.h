/*
 * dialog_trunk - which trunk a request inside a call belongs to. Behind one address several trunks
 * may stand, with names, connections and number blocks of their own, and what tells new calls apart
 * may be missing there: the Request-URI is the callee's Contact. Where they do, our Record-Route
 * has a second parameter: a keyed hash over the Call-ID, the caller's tag and the name of the trunk
 * that began the call. Nobody can make one for another's trunk, nor learn a name from it.
 */
#ifndef STIRD_SIP_DIALOG_TRUNK_H
#define STIRD_SIP_DIALOG_TRUNK_H

#include <stird/core/settings.h>

#include "branch.h"
#include "sip/message/message.h"
#include "route_key.h"

#define TRUNK_PARAMETER    "stt" /* of our Record-Route URI */
#define TRUNK_PROOF_LENGTH 16

struct proxy;
struct own_routes;

/* An id of a trunk that survives reloads; never 0, which means that no trunk is known. */
uint64_t trunk_id(const struct proxy *p, const struct trunk *trunk);
/* The only trunk whose sources cover ADDRESS; NULL: there is none, or several. */
const struct trunk *trunk_alone_at(const struct settings *s, const struct address *address);
/* The trunk with ID among those that cover ADDRESS; NULL: none. */
const struct trunk *trunk_at(const struct proxy *p, const struct address *address, uint64_t id);
/* Whether a call of a trunk from SOURCE needs the parameter: there are several. */
bool dialog_trunk_needed(const struct settings *s, const struct address *source);
/* The value of the parameter. */
void dialog_trunk_write(const struct branches *b, struct str call_id, struct str caller_tag,
                        const struct trunk *trunk, char text[TRUNK_PROOF_LENGTH + 1]);
/* Reads such a value; 0 when it is not one. */
uint64_t dialog_trunk_read(struct str text);
/* The trunk at ADDRESS that began the call of M, a request that SENDERS (a bit of route_key.h, or
   both) may have sent; the only one there needs no proof. 0: not known. */
uint64_t dialog_trunk_of(const struct proxy *p, const struct message *m,
                         const struct own_routes *own, unsigned senders,
                         const struct address *address);

#endif
