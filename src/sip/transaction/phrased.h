/*
 * phrased - a SIP text with an octet in the place of each phrase that most such texts have
 * ("\r\nContent-Length: 0\r\n\r\n", ";branch=z9hG4bK"), for those that are kept by thousands. Pure.
 */
#ifndef STIRD_SIP_PHRASED_H
#define STIRD_SIP_PHRASED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

/* Writes TEXT to TO, which has room for TEXT.n octets. How many were written; 0: it would not be
   shorter, and what stands at TO is nothing. */
size_t phrased_write(char *to, struct str text);
/* A copy of its own, of *N octets, phrased where *IS_PHRASED says so; NULL: no memory. TEXT is not
   empty. */
char *phrased_copy(struct str text, uint32_t *n, bool *is_phrased);
/* Appends the text that PHRASED was made of. */
void phrased_add(struct buf *out, struct str phrased);

#endif
