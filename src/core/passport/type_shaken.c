/* shaken (RFC 8588, ATIS-1000074): who vouches for the calling number, and how much. */
#include <stird/core/outcome.h>
#include <stird/core/passport.h>

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

static enum reason shaken_check(const struct passport_claims *claims)
{
    enum reason r = REASON_SIGNER_REFUSED;
    if (claims->attest != 'A' && claims->attest != 'B' && claims->attest != 'C')
        goto out;
    /* Only a called number may be a short code with * or # (RFC 8224 section 8.3). */
    if (!is_number(&claims->orig, false) || !is_number(&claims->dest, true))
        goto out;
    if (claims->orig_uri.n > 0 || claims->dest_uri.n > 0 || claims->hi.n > 0)
        goto out;
    if (claims->iat_s <= 0 || !is_uuid(claims->origid))
        goto out;
    r = REASON_OK;
out:
    return r;
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
    .check = shaken_check,
    .write_payload = shaken_write_payload,
};
