#include "token_claims.h"

#include <stird/core/number_plan.h>
#include <string.h>

struct reading {
    struct token *t;
    const struct findings *f;
    struct passport_claims claims; /* as far as they have the room; the type judges them */
};

static bool is_uuid(struct str s)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (s.n != sizeof(form) - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool hex = ascii_is_digit(s.p[i]) || (s.p[i] >= 'a' && s.p[i] <= 'f') ||
                   (s.p[i] >= 'A' && s.p[i] <= 'F');
        if (form[i] == '-' ? s.p[i] != '-' : !hex)
            return false;
    }
    return true;
}

/* Each reads a claim, and says what the type does not look at: its form in JSON. */

static const char *read_attest(struct reading *r)
{
    struct str attest = json_member(r->t->payload_json, "attest");
    r->t->attest = arena_copy(r->f->arena, attest);
    r->claims.attest = attest.n == 1 ? attest.p[0] : '\0';
    return NULL;
}

/* NumericDate, whole seconds (RFC 8225 section 5.1.1); which seconds is asked by check_fresh(). */
static const char *read_iat(struct reading *r)
{
    const json_t *iat = json_object_get(r->t->payload_json, "iat");
    r->t->has_iat = json_is_integer(iat);
    r->t->iat_s = r->claims.iat_s = json_integer_value(iat);
    return r->t->has_iat ? NULL : "iat is no whole number of seconds";
}

/* None, where it is longer than a number can be. */
static void take_number(struct tn *tn, struct str text)
{
    *tn = (struct tn){0};
    if (text.n == 0 || text.n > TN_MAX_DIGITS)
        return;
    tn->n = (uint8_t)text.n;
    memcpy(tn->digits, text.p, text.n);
}

/* {"tn":"..."}: one identity, a tn or a uri (RFC 8225 section 5.2.1); SHAKEN vouches for a tn. */
static const char *read_orig(struct reading *r)
{
    const json_t *orig = json_object_get(r->t->payload_json, "orig");
    struct str tn = json_member(orig, "tn");
    r->t->orig = arena_copy(r->f->arena, tn);
    take_number(&r->claims.orig, tn);
    if (json_object_get(orig, "uri"))
        return json_object_get(orig, "tn") ? "orig has both tn and uri" : "orig has a uri, no tn";
    return tn.p ? NULL : "orig has no tn";
}

static const char *uris_fault(const json_t *list)
{
    if (!json_is_array(list) || json_array_size(list) == 0)
        return "dest.uri is no list";
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_text(json_array_get(list, i)).n == 0)
            return "dest has a uri that is no text";
    return NULL;
}

/* {"tn":["..."]}, perhaps with uri beside it (RFC 8225 section 5.2.1). Each tn is judged: the last
   one that is kept is the first that is wrong. */
static const char *read_dest(struct reading *r)
{
    const json_t *dest = json_object_get(r->t->payload_json, "dest");
    const json_t *tn = json_object_get(dest, "tn"), *uri = json_object_get(dest, "uri");
    r->t->dest = arena_copy(r->f->arena, json_text(json_array_get(tn, 0)));
    if (!json_is_array(tn) || json_array_size(tn) == 0)
        return "dest has no list of tn";
    for (size_t i = 0; i < json_array_size(tn); i++) {
        take_number(&r->claims.dest, json_text(json_array_get(tn, i)));
        if (r->t->type->fault[CLAIM_DEST](&r->claims, CLAIMS_READ))
            return NULL;
    }
    return uri ? uris_fault(uri) : NULL;
}

static const char *read_origid(struct reading *r)
{
    struct str origid = json_member(r->t->payload_json, "origid");
    r->t->origid = arena_copy(r->f->arena, origid);
    for (size_t i = 0; i < origid.n && i < ORIGID_TEXT_LENGTH; i++)
        r->claims.origid[i] = origid.p[i];
    return NULL;
}

static const char *(*const readers[PASSPORT_CLAIMS])(struct reading *r) = {
    [CLAIM_ATTEST] = read_attest, [CLAIM_IAT] = read_iat,       [CLAIM_ORIG] = read_orig,
    [CLAIM_DEST] = read_dest,     [CLAIM_ORIGID] = read_origid,
};

/* All that its type has are read, so that a report shows what there is; the first fault is told. */
static const char *read_all(struct reading *r)
{
    const char *why = NULL;
    for (int i = 0; i < PASSPORT_CLAIMS; i++) {
        if (!readers[i] || !r->t->type->fault[i])
            continue;
        const char *form = readers[i](r);
        const char *fault = form ? form : r->t->type->fault[i](&r->claims, CLAIMS_READ);
        why = why ? why : fault;
    }
    return why;
}

void token_claims_read(struct token *t, const struct findings *f)
{
    struct reading r = {.t = t, .f = f};
    struct tn orig;
    const char *why = read_all(&r);
    enum tn_fault odd = tn_from_digits(&orig, t->orig) ? number_plan_check(&orig)
                                                       : TN_BAD_CHARACTER;
    if (why)
        FAILED(f, VERIFY_CLAIMS, "%s", why);
    else if (odd != TN_OK)
        WARNED(f, VERIFY_CLAIMS, "orig.tn %.*s is a number that nobody can have: %.*s",
               STR_ARG(found_text(f, t->orig)), STR_ARG(tn_fault_text(odd)));
    else if (!is_uuid(t->origid))
        WARNED(f, VERIFY_CLAIMS, "origid is no UUID (RFC 8588 section 5)");
    else
        found_good(f, VERIFY_CLAIMS);
}

bool token_calls(const struct token *t, const struct tn *tn)
{
    const json_t *dest = json_object_get(json_object_get(t->payload_json, "dest"), "tn");
    for (size_t i = 0; tn && i < json_array_size(dest); i++) {
        struct str text = json_text(json_array_get(dest, i));
        if (text.n > 0 && str_eq(text, tn_str(tn)))
            return true;
    }
    return false;
}
