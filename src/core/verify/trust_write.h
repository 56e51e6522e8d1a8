/* trust_write - writes anchors and revocation lists into an image, and reads them out of it.
   Private to core/verify. */
#ifndef STIRD_CORE_TRUST_WRITE_H
#define STIRD_CORE_TRUST_WRITE_H

#include <stird/base/buf.h>
#include <stird/core/trust.h>

struct packed; /* packed.h */

/* Leaves out the lists that are not used. CRL_GRACE_S: how long beyond its end a list is still in
   force. False: no memory. */
bool trust_write(const struct trust *t, int64_t crl_grace_s, struct buf *out);
/* Borrows the tables of the lists. NULL: no memory, or the image is broken. */
struct trust *trust_open(struct packed *in);
/* Narrows how long ANSWER holds to where no anchor begins or ends. */
void trust_part_at_anchors(const struct trust *t, int64_t now_s, struct trust_answer *answer);

#endif
