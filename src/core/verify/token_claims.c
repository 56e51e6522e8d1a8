#include "token_claims.h"

#include "tn_auth_list.h"

#include <stird/core/number_plan.h>
#include <string.h>

struct reading {
    struct token *t;
    const struct findings *f;
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

static const char *read_attest(struct reading *r)
{
    struct str attest = json_member(r->t->payload_json, "attest");
    r->t->attest = arena_copy(r->f->arena, attest);
    return attest.n == 1 && strchr("ABC", attest.p[0]) ? NULL : "attest is none of A, B, C";
}

/* NumericDate, whole seconds (RFC 8225 section 5.1.1); which seconds is asked by check_fresh(). */
static const char *read_iat(struct reading *r)
{
    const json_t *iat = json_object_get(r->t->payload_json, "iat");
    r->t->has_iat = json_is_integer(iat);
    r->t->iat_s = json_integer_value(iat);
    return r->t->has_iat ? NULL : "iat is no whole number of seconds";
}

/* {"tn":"..."}: one identity, a tn or a uri (RFC 8225 section 5.2.1); SHAKEN vouches for a tn. */
static const char *read_orig(struct reading *r)
{
    const json_t *orig = json_object_get(r->t->payload_json, "orig");
    struct str tn = json_member(orig, "tn");
    r->t->orig = arena_copy(r->f->arena, tn);
    if (json_object_get(orig, "uri"))
        return json_object_get(orig, "tn") ? "orig has both tn and uri" : "orig has a uri, no tn";
    if (!tn.p)
        return "orig has no tn";
    return tn_auth_list_is_number(tn) ? NULL
                                      : "orig.tn is no canonical number: 1 to 15 digits, no plus";
}

static const char *list_fault(const json_t *list, bool numbers)
{
    if (!json_is_array(list) || json_array_size(list) == 0)
        return numbers ? "dest has no list of tn" : "dest.uri is no list";
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct str one = json_text(json_array_get(list, i));
        if (numbers ? !tn_auth_list_is_number(one) : one.n == 0)
            return numbers ? "dest has a tn that is no canonical number: 1 to 15 digits, no plus"
                           : "dest has a uri that is no text";
    }
    return NULL;
}

/* {"tn":["..."]}, perhaps with uri beside it (RFC 8225 section 5.2.1). */
static const char *read_dest(struct reading *r)
{
    const json_t *dest = json_object_get(r->t->payload_json, "dest");
    const json_t *tn = json_object_get(dest, "tn"), *uri = json_object_get(dest, "uri");
    r->t->dest = arena_copy(r->f->arena, json_text(json_array_get(tn, 0)));
    const char *why = list_fault(tn, true);
    return why || !uri ? why : list_fault(uri, false);
}

static const char *read_origid(struct reading *r)
{
    struct str origid = json_member(r->t->payload_json, "origid");
    r->t->origid = arena_copy(r->f->arena, origid);
    return origid.n > 0 ? NULL : "origid is missing";
}

/* All are read, so that a report shows what there is; the first fault is told. */
static const char *read_all(struct reading *r)
{
    static const char *(*const claims[])(struct reading * r) = {read_attest, read_iat, read_orig,
                                                                read_dest, read_origid};
    const char *why = NULL;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        const char *fault = claims[i](r);
        why = why ? why : fault;
    }
    return why;
}

void token_claims_read(struct token *t, const struct findings *f)
{
    struct reading r = {t, f};
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
