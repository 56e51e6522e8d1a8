/*
 * skeleton - what must be kept of a forwarded INVITE to make its ACK (RFC 3261 section 17.1.1.3)
 * and CANCEL (section 9.1): a few hundred octets instead of the whole request.
 */
#ifndef STIRD_SIP_SKELETON_H
#define STIRD_SIP_SKELETON_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

struct skeleton {
    char *text; /* the request line behind the method, and header lines; owned; as it is, or phrased
                 */
    uint32_t n;
    uint32_t to_begin : 31, is_phrased : 1; /* where the To line begins in it */
    uint32_t to_end;
    char cseq[12]; /* the number */
};

/* From the bytes of an INVITE whose topmost Via is ours and stands alone in its line. */
bool skeleton_make(struct skeleton *s, struct str invite);
/* It is likely to be kept for long: from now on it takes less (phrased.h). */
void skeleton_press(struct skeleton *s);
void skeleton_fini(struct skeleton *s);

/* Appends the whole request. TO_VALUE is the value of the response's To header. */
void skeleton_ack(const struct skeleton *s, struct str to_value, struct buf *out);
/* EXTRA: more header lines, such as Reason; may be empty. */
void skeleton_cancel(const struct skeleton *s, struct str extra, struct buf *out);

#endif
