/*
 * EnhancedJWTClaimConstraints ::= SEQUENCE {
 *   mustInclude     [0] JWTClaimNames OPTIONAL,
 *   permittedValues [1] SEQUENCE SIZE (1..MAX) OF
 *                         SEQUENCE { claim IA5String, values SEQUENCE SIZE (1..MAX) OF UTF8String }
 *                       OPTIONAL,
 *   mustExclude     [2] JWTClaimNames OPTIONAL }
 * JWTClaimNames ::= SEQUENCE SIZE (1..MAX) OF IA5String
 *
 * with explicit tags (RFC 9118 appendix A); JWTClaimConstraints has no mustExclude. At least one of
 * them is there. The same walk reads the extension (without a payload) and judges by it.
 */
#include "claim_constraints.h"

#include "core/keys/der.h"

#include <string.h>

struct walk {
    const json_t *payload; /* NULL: the extension is read, nothing is judged */
    struct str claim;      /* that was refused */
};

static bool is_name(struct str name)
{
    return name.n > 0 && !memchr(name.p, '\0', name.n);
}

static const json_t *value_of(const struct walk *w, struct str claim)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)w->payload, key, value)
    {
        if (str_eq(str_of(key), claim))
            return value;
    }
    return NULL;
}

/* Texts as they are, everything else as JSON (RFC 9118 section 3). */
static bool is_value(const json_t *value, struct str text)
{
    if (json_is_string(value))
        return str_eq((struct str){json_string_value(value), json_string_length(value)}, text);
    json_t *wanted = json_loadb(text.p, text.n, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    bool same = wanted && json_equal((json_t *)value, wanted);
    json_decref(wanted);
    return same;
}

static const char *refuse(struct walk *w, struct str claim, const char *why)
{
    w->claim = claim;
    return why;
}

static const char *must_include(struct walk *w, struct str claim)
{
    return value_of(w, claim) ? NULL : refuse(w, claim, "must be there and is not");
}

static const char *must_exclude(struct walk *w, struct str claim)
{
    return value_of(w, claim) ? refuse(w, claim, "must not be there and is") : NULL;
}

static const char *walk_names(struct walk *w, struct str inside,
                              const char *(*judge)(struct walk *w, struct str claim))
{
    struct str list, name;
    if (!der_take_only(inside, DER_SEQUENCE, &list) || list.n == 0)
        return "one of its lists of claims is malformed";
    while (list.n > 0) {
        if (!der_take(&list, DER_IA5_STRING, &name) || !is_name(name))
            return "one of its lists of claims is malformed";
        const char *why = w->payload ? judge(w, name) : NULL;
        if (why)
            return why;
    }
    return NULL;
}

static const char *walk_included(struct walk *w, struct str inside)
{
    return walk_names(w, inside, must_include);
}

static const char *walk_excluded(struct walk *w, struct str inside)
{
    return walk_names(w, inside, must_exclude);
}

/* A claim that is not there has no value that could be wrong. */
static const char *walk_values(struct walk *w, struct str claim, struct str values)
{
    const json_t *value = w->payload ? value_of(w, claim) : NULL;
    bool permitted = !value;
    struct str text;
    while (values.n > 0) {
        if (!der_take(&values, DER_UTF8_STRING, &text))
            return "one of its lists of values is malformed";
        permitted = permitted || is_value(value, text);
    }
    return permitted ? NULL : refuse(w, claim, "has a value that is not permitted");
}

static const char *walk_permitted(struct walk *w, struct str inside)
{
    struct str list, one, claim, values;
    if (!der_take_only(inside, DER_SEQUENCE, &list) || list.n == 0)
        return "one of its lists of values is malformed";
    while (list.n > 0) {
        if (!der_take(&list, DER_SEQUENCE, &one) || !der_take(&one, DER_IA5_STRING, &claim) ||
            !is_name(claim) || !der_take_only(one, DER_SEQUENCE, &values) || values.n == 0)
            return "one of its lists of values is malformed";
        const char *why = walk_values(w, claim, values);
        if (why)
            return why;
    }
    return NULL;
}

static const char *walk_extension(struct walk *w, struct str der, bool enhanced)
{
    static const char *(*const parts[])(struct walk * w, struct str inside) = {
        walk_included, walk_permitted, walk_excluded};
    struct str list, inside;
    if (!der_take_only(der, DER_SEQUENCE, &list))
        return "it is no ASN.1 sequence";
    if (list.n == 0)
        return "it is empty";
    for (unsigned i = 0; i < (enhanced ? 3u : 2u); i++) {
        const char *why = der_take(&list, DER_EXPLICIT + i, &inside) ? parts[i](w, inside) : NULL;
        if (why)
            return why;
    }
    return list.n == 0 ? NULL : "it holds something that is not understood";
}

const char *claim_constraints_read(struct str der, bool enhanced)
{
    struct walk w = {.payload = NULL};
    return walk_extension(&w, der, enhanced);
}

const char *claim_constraints_refuse(struct str der, const json_t *payload, struct str *claim)
{
    struct walk w = {.payload = payload, .claim = {"", 0}};
    const char *why = walk_extension(&w, der, true);
    *claim = w.claim;
    return why;
}
