#include "rcd_claim.h"

#include "token_claims.h"

#include <stird/base/str.h>

#define JSON_POINTER_MAX 256

bool rcd_claim_is_there(const json_t *payload)
{
    return json_object_get(payload, "rcd") || json_object_get(payload, "rcdi") ||
           json_object_get(payload, "crn");
}

static bool is_text_or_absent(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return !value || json_is_string(value);
}

/* `nam` is there, though it may be empty; a card is one, by value or by reference. */
static const char *rcd_fault(const json_t *rcd)
{
    static const char *const texts[] = {"apn", "icn", "jcl"};
    if (!json_is_object(rcd))
        return "rcd is no object";
    if (!json_is_string(json_object_get(rcd, "nam")))
        return "rcd has no nam";
    if (json_object_get(rcd, "jcd") && json_object_get(rcd, "jcl"))
        return "rcd has both jcd and jcl";
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!is_text_or_absent(rcd, texts[i]))
            return "rcd has an apn, icn or jcl that is no text";
    if (json_object_get(rcd, "jcd") && !json_is_array(json_object_get(rcd, "jcd")))
        return "rcd has a jcd that is no jCard (RFC 7095)";
    return NULL;
}

/* "sha256-" and base64 of 32 octets, and so on (RFC 9795, W3C Subresource Integrity). */
static bool is_digest(struct str text)
{
    static const struct {
        struct str name;
        size_t length;
    } kinds[] = {{{"sha256-", 7}, 44}, {{"sha384-", 7}, 64}, {{"sha512-", 7}, 88}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (str_starts(text, kinds[i].name))
            return text.n == kinds[i].name.n + kinds[i].length;
    return false;
}

static const char *rcdi_fault(json_t *rcdi)
{
    const char *pointer;
    json_t *digest;
    if (!rcdi)
        return NULL;
    if (!json_is_object(rcdi) || json_object_size(rcdi) == 0)
        return "rcdi is no object of digests";
    json_object_foreach(rcdi, pointer, digest)
    {
        if (pointer[0] != '/' || str_of(pointer).n > JSON_POINTER_MAX)
            return "rcdi has a name that is no JSON pointer (RFC 6901)";
        if (!is_digest(json_text(digest)))
            return "rcdi has a digest that is none of sha256, sha384 and sha512";
    }
    return NULL;
}

const char *rcd_claim_fault(const json_t *payload)
{
    const json_t *rcd = json_object_get(payload, "rcd");
    const char *why = rcd ? rcd_fault(rcd) : NULL;
    if (!why)
        why = rcdi_fault(json_object_get(payload, "rcdi"));
    if (!why && !is_text_or_absent(payload, "crn"))
        why = "crn is no text";
    return why;
}
