/*
 * suggest - "did you mean ...?" for a word that is not in a list.
 */
#ifndef STIRD_SUGGEST_H
#define STIRD_SUGGEST_H

#include <stdbool.h>
#include <stird/str.h>

/*
 * Whether CANDIDATE is near enough to WORD to be what was meant, and nearer than *DISTANCE, which
 * becomes the new distance. Begin with SUGGEST_FAR.
 */
#define SUGGEST_FAR 1000u
bool suggest_is_nearer(struct str word, struct str candidate, unsigned *distance);

#endif
