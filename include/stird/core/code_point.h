/*
 * code_point - what single characters of Unicode are where it matters for a call: whether one may
 * be a digit that an ASCII reader does not know, and whether anybody sees it. Pure.
 */
#ifndef STIRD_CODE_POINT_H
#define STIRD_CODE_POINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>

#define CODE_POINT_NONE UINT32_MAX /* octets that are no UTF-8 */

/*
 * The character with which the first N octets of S end (RFC 3629), and in *BEGIN where it begins;
 * of what is no UTF-8 it is the last octet alone, and CODE_POINT_NONE. N > 0.
 */
uint32_t code_point_last(struct str s, size_t n, size_t *begin);
/* The character that begins at *AT of S, which goes behind it; the same otherwise. *AT < s.n. */
uint32_t code_point_next(struct str s, size_t *at);

/*
 * Whether nobody sees it: white space, control characters, and what programs leave out that do not
 * know it (Default_Ignorable_Code_Point of Unicode, UAX #44).
 */
bool code_point_is_unseen(uint32_t c);
/*
 * Whether it is a letter that nobody takes for a digit: of ASCII, or of an alphabet that is in use.
 * Of others, of digits of other scripts, of signs and of CODE_POINT_NONE nobody knows.
 */
bool code_point_is_letter(uint32_t c);

#endif
