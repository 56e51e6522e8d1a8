#include "token_claims.h"

#include "rph_claim.h"

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

/* Leaves TN empty where the text is too long for a number. */
static void take_number(struct tn *tn, struct str text)
{
    *tn = (struct tn){0};
    if (text.n == 0 || text.n > TN_MAX_DIGITS)
        return;
    tn->n = (uint8_t)text.n;
    memcpy(tn->digits, text.p, text.n);
}

/* {"tn":"..."} or {"uri":"..."}: one identity (RFC 8225 section 5.2.1). */
static const char *read_orig(struct reading *r)
{
    const json_t *orig = json_object_get(r->t->payload_json, "orig");
    struct str tn = json_member(orig, "tn"), uri = json_member(orig, "uri");
    r->t->orig = arena_copy(r->f->arena, tn);
    r->t->orig_uri = r->claims.orig_uri = arena_copy(r->f->arena, uri);
    take_number(&r->claims.orig, tn);
    if (json_object_get(orig, "uri") && json_object_get(orig, "tn"))
        return "orig has both tn and uri";
    if (json_object_get(orig, "uri"))
        return uri.n > 0 ? NULL : "orig has a uri that is no text";
    return tn.p ? NULL : "orig has no tn";
}

/* Puts one after the other into the claims until the type finds a wrong one, which stays there. */
static const char *read_numbers(struct reading *r, const json_t *list)
{
    const char *why = NULL;
    if (list && json_array_size(list) == 0)
        return "dest has no list of tn";
    for (size_t i = 0; i < json_array_size(list) && !why; i++) {
        take_number(&r->claims.dest, json_text(json_array_get(list, i)));
        why = r->t->type->fault[CLAIM_DEST](&r->claims, CLAIMS_READ);
    }
    return why;
}

static const char *read_uris(struct reading *r, const json_t *list)
{
    const char *why = NULL;
    if (list && json_array_size(list) == 0)
        return "dest.uri is no list";
    for (size_t i = 0; i < json_array_size(list) && !why; i++) {
        r->claims.dest_uri = arena_copy(r->f->arena, json_text(json_array_get(list, i)));
        r->t->dest_uri = r->t->dest_uri.n > 0 ? r->t->dest_uri : r->claims.dest_uri;
        if (r->claims.dest_uri.n == 0)
            return "dest has a uri that is no text";
        why = r->t->type->fault[CLAIM_DEST](&r->claims, CLAIMS_READ);
    }
    return why;
}

/* {"tn":["..."]}, {"uri":["..."]} or both (RFC 8225 section 5.2.1). */
static const char *read_dest(struct reading *r)
{
    const json_t *dest = json_object_get(r->t->payload_json, "dest");
    const json_t *tn = json_object_get(dest, "tn"), *uri = json_object_get(dest, "uri");
    r->t->dest = arena_copy(r->f->arena, json_text(json_array_get(tn, 0)));
    if (!tn && !uri)
        return "dest has no list of tn";
    const char *why = read_numbers(r, tn);
    return why ? why : read_uris(r, uri);
}

static const char *read_origid(struct reading *r)
{
    struct str origid = json_member(r->t->payload_json, "origid");
    r->t->origid = arena_copy(r->f->arena, origid);
    for (size_t i = 0; i < origid.n && i < ORIGID_TEXT_LENGTH; i++)
        r->claims.origid[i] = origid.p[i];
    return NULL;
}

/* RFC 8946 section 3. */
static const char *read_hi(struct reading *r)
{
    struct str hi = json_member(r->t->payload_json, "hi");
    r->t->hi = r->claims.hi = arena_copy(r->f->arena, hi);
    return hi.n == 0 || passport_is_hi(hi) ? NULL : "hi is no index of History-Info";
}

/* Who was called before (RFC 8946 section 3); opt carries a whole token, which div-o alone has. */
static const char *read_div(struct reading *r)
{
    const json_t *div = json_object_get(r->t->payload_json, "div"),
                 *hi = json_object_get(div, "hi");
    struct str tn = json_member(div, "tn"), uri = json_member(div, "uri");
    r->t->div = arena_copy(r->f->arena, tn);
    r->t->div_uri = r->claims.div_uri = arena_copy(r->f->arena, uri);
    take_number(&r->claims.div, tn);
    if (json_object_get(div, "uri") && json_object_get(div, "tn"))
        return "div has both tn and uri";
    if (hi && !passport_is_hi(json_text(hi)))
        return "div has a hi that is no index of History-Info";
    return json_object_get(r->t->payload_json, "opt") ? "it has opt, which belongs to div-o" : NULL;
}

/* What is in it is a check of its own. */
static const char *read_rcd(struct reading *r)
{
    r->claims.rcd = json_is_object(json_object_get(r->t->payload_json, "rcd"));
    return NULL;
}

static const char *read_rph(struct reading *r)
{
    r->claims.rph = json_is_object(json_object_get(r->t->payload_json, "rph"));
    return r->claims.rph ? rph_claim_fault(r->t->payload_json) : NULL;
}

static const char *(*const readers[PASSPORT_CLAIMS])(struct reading *r) = {
    [CLAIM_ATTEST] = read_attest, [CLAIM_IAT] = read_iat,       [CLAIM_ORIG] = read_orig,
    [CLAIM_DEST] = read_dest,     [CLAIM_ORIGID] = read_origid, [CLAIM_HI] = read_hi,
    [CLAIM_DIV] = read_div,       [CLAIM_RCD] = read_rcd,       [CLAIM_RPH] = read_rph,
};

/* Reads all claims of the type, so that a report shows what there is; returns the first fault. */
static const char *read_all(struct reading *r)
{
    const char *why = NULL;
    for (int i = 0; i < PASSPORT_CLAIMS; i++) {
        if (!r->t->type->fault[i])
            continue;
        const char *form = readers[i](r);
        const char *fault = form ? form : r->t->type->fault[i](&r->claims, CLAIMS_READ);
        why = why ? why : fault;
    }
    return why;
}

/* What is odd, but no fault; a type that has no such claim has nothing odd in it. */
static void tell_odd(const struct token *t, const struct findings *f)
{
    struct tn orig;
    enum tn_fault odd = tn_from_digits(&orig, t->orig) ? number_plan_check(&orig)
                                                       : TN_BAD_CHARACTER;
    if (t->type->fault[CLAIM_ORIG] && t->orig.n > 0 && odd != TN_OK)
        WARNED(f, VERIFY_CLAIMS, "orig.tn %.*s is a number that nobody can have: %.*s",
               STR_ARG(finding_text(f, t->orig)), STR_ARG(tn_fault_text(odd)));
    else if (t->type->fault[CLAIM_ORIGID] && !is_uuid(t->origid))
        WARNED(f, VERIFY_CLAIMS, "origid is no UUID (RFC 8588 section 5)");
    else
        found_good(f, VERIFY_CLAIMS);
}

void token_claims_read(struct token *t, const struct findings *f)
{
    struct reading r = {.t = t, .f = f};
    const char *why = read_all(&r);
    if (why)
        FAILED(f, VERIFY_CLAIMS, "%s", why);
    else
        tell_odd(t, f);
}

bool token_leads_to(const struct token *t, struct str number)
{
    const json_t *dest = json_object_get(json_object_get(t->payload_json, "dest"), "tn");
    for (size_t i = 0; number.n > 0 && i < json_array_size(dest); i++)
        if (str_eq(json_text(json_array_get(dest, i)), number))
            return true;
    return false;
}

bool token_calls(const struct token *t, const struct tn *tn)
{
    return tn && token_leads_to(t, tn_str(tn));
}
