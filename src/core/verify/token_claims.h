/* token_claims - the claims of a token, as its type has them. Private to core/verify. */
#ifndef STIRD_CORE_TOKEN_CLAIMS_H
#define STIRD_CORE_TOKEN_CLAIMS_H

#include <jansson.h>
#include <stird/core/token.h>

#include "findings.h"

/* Reads them out of T's payload, and judges their form. */
void token_claims_read(struct token *t, const struct findings *f);
/* token_calls() of a number as text, which no token writes in another form; empty is none. */
bool token_leads_to(const struct token *t, struct str number);

/* {NULL, 0} when there is no such text. Borrowed. */
static inline struct str json_text(const json_t *value)
{
    return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)}
                                 : (struct str){NULL, 0};
}
static inline struct str json_member(const json_t *object, const char *key)
{
    return json_text(json_object_get(object, key));
}

#endif
