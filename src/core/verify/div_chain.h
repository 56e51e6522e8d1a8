/*
 * div_chain - whether the div tokens of a call lead from where shaken says that it went to where it
 * goes now (RFC 8946 section 4). Only by what they say: whether each is valid is judged elsewhere.
 * Private to core/verify.
 */
#ifndef STIRD_CORE_DIV_CHAIN_H
#define STIRD_CORE_DIV_CHAIN_H

#include <stird/core/identity_set.h>

/*
 * NULL, or a static sentence: every div token of SET is used, in whatever order they came; each
 * tells of the calling number of SHAKEN; each begins where the one before it ends, the first at
 * dest of SHAKEN; no number comes twice; the last ends at CALLED (NULL: no number). *AT is a number
 * that it is about, borrowed of SET, or empty.
 */
const char *div_chain_fault(const struct identity_set *set, const struct token *shaken,
                            const struct tn *called, struct str *at);

#endif
