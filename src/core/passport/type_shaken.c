/* shaken (RFC 8588, ATIS-1000074): a provider says who is calling, and how sure it is of that. */
#include <stird/core/outcome.h>
#include <stird/core/passport.h>

static const char *attest_fault(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    return claims->attest >= 'A' && claims->attest <= 'C' ? NULL : "attest is none of A, B, C";
}

/* The time of a token that was read is judged by the check of its freshness. */
static const char *iat_fault(const struct passport_claims *claims, enum claims_side side)
{
    return side == CLAIMS_READ || claims->iat_s > 0 ? NULL : "iat is no time";
}

static bool is_number(const struct tn *tn, bool short_code)
{
    if (tn->n == 0 || tn->n > TN_MAX_DIGITS)
        return false;
    for (unsigned i = 0; i < tn->n; i++) {
        char c = tn->digits[i];
        if (!ascii_is_digit(c) && !(short_code && (c == '*' || c == '#')))
            return false;
    }
    return true;
}

/* We sign short codes with * or # as called numbers only (RFC 8224 section 8.3). */
static const char *orig_fault(const struct passport_claims *claims, enum claims_side side)
{
    if (claims->orig_uri.n > 0)
        return "orig has a uri, no tn";
    return is_number(&claims->orig, side == CLAIMS_READ)
               ? NULL
               : "orig.tn is no canonical number: 1 to 15 digits, no plus";
}

/* Others may name a URI beside the numbers. */
static const char *dest_fault(const struct passport_claims *claims, enum claims_side side)
{
    if (claims->dest_uri.n > 0 && (side == CLAIMS_ASKED || claims->dest.n == 0))
        return "dest has no list of tn";
    return is_number(&claims->dest, true)
               ? NULL
               : "dest has a tn that is no canonical number: 1 to 15 digits, no plus";
}

/* RFC 4122 section 3, lower case: 8-4-4-4-12 hexadecimal digits. */
static bool is_uuid(const char text[ORIGID_TEXT_LENGTH])
{
    for (unsigned i = 0; i < ORIGID_TEXT_LENGTH; i++) {
        char c = text[i];
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? c != '-' : !ascii_is_digit(c) && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return true;
}

/* Tokens of others may have any origid; a verifier warns of it. */
static const char *origid_fault(const struct passport_claims *claims, enum claims_side side)
{
    return (side == CLAIMS_READ ? claims->origid[0] != '\0' : is_uuid(claims->origid))
               ? NULL
               : "origid is missing";
}

static void shaken_fill(struct passport_claims *claims, const struct outcome *outcome)
{
    *claims = outcome->claims;
}

static struct str digits_of(const struct tn *tn)
{
    return (struct str){tn->digits, tn->n};
}

static void shaken_write_payload(struct json *json, const struct passport_claims *claims)
{
    json_begin_object(json);
    json_put_key(json, STR("attest"));
    json_put_string(json, (struct str){&claims->attest, 1});
    json_put_key(json, STR("dest"));
    json_begin_object(json);
    json_put_key(json, STR("tn"));
    json_begin_array(json);
    json_put_string(json, digits_of(&claims->dest));
    json_end_array(json);
    json_end_object(json);
    json_put_key(json, STR("iat"));
    json_put_integer(json, claims->iat_s);
    json_put_key(json, STR("orig"));
    json_begin_object(json);
    json_put_key(json, STR("tn"));
    json_put_string(json, digits_of(&claims->orig));
    json_end_object(json);
    json_put_key(json, STR("origid"));
    json_put_string(json, (struct str){claims->origid, ORIGID_TEXT_LENGTH});
    json_end_object(json);
}

const struct passport_type passport_type_shaken = {
    .ppt = {"shaken", 6},
    .algorithm = &jws_es256,
    .reference = &key_reference_x5u,
    .wire_id = 1,
    .max_per_call = 1,
    .decides = true,
    .fill = shaken_fill,
    .fault = {[CLAIM_ATTEST] = attest_fault,
              [CLAIM_IAT] = iat_fault,
              [CLAIM_ORIG] = orig_fault,
              [CLAIM_DEST] = dest_fault,
              [CLAIM_ORIGID] = origid_fault},
    .write_payload = shaken_write_payload,
};
