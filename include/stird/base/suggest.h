/*
 * suggest - "did you mean ...?" for a word that is not in a list.
 */
#ifndef STIRD_SUGGEST_H
#define STIRD_SUGGEST_H

#include <stdbool.h>
#include <stird/base/str.h>

#define SUGGEST_FAR 1000u

/*
 * How many letters one must change, add, take away or swap with the next one to turn A into B;
 * upper and lower case are equal. A word of more than 40 octets is near to none: SUGGEST_FAR.
 */
unsigned suggest_distance(struct str a, struct str b);

/*
 * Whether CANDIDATE is near enough to WORD to be what was meant, and nearer than *DISTANCE, which
 * becomes the new distance. Begin with SUGGEST_FAR. One that begins with the whole of WORD, of
 * three letters at least, was cut short: it is nearer than any other but the word itself.
 */
bool suggest_is_nearer(struct str word, struct str candidate, unsigned *distance);

#endif
