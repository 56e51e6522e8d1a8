#include <stird/core/passport.h>

#include <assert.h>

/* ---- types ---- */

static const struct passport_type *find(const struct passport_type *const *type, struct str ppt)
{
    while (*type && !str_eq((*type)->ppt, ppt))
        type++;
    return *type;
}

const struct passport_type *passport_type_find(struct str ppt)
{
    const struct passport_type *type = find(passport_types, ppt);
    return type ? type : find(passport_types_judged, ppt);
}

bool passport_type_is_signed(const struct passport_type *type)
{
    const struct passport_type *const *at = passport_types;
    while (*at && *at != type)
        at++;
    return *at != NULL;
}

unsigned passport_types_count(void)
{
    unsigned n = 0;
    while (passport_types[n])
        n++;
    return n;
}

const struct passport_type *passport_type_by_wire_id(uint8_t wire_id)
{
    const struct passport_type *const *type = passport_types;
    while (*type && (*type)->wire_id != wire_id)
        type++;
    return *type;
}

const struct passport_type *passport_type_deciding(void)
{
    const struct passport_type *const *type = passport_types;
    while (*type && !(*type)->decides)
        type++;
    assert(*type);
    return *type;
}

const struct jws_algorithm *passport_algorithm_of(EVP_PKEY *key)
{
    const struct passport_type *const *type = passport_types;
    while (*type && !(*type)->algorithm->takes(key, STR(""), NULL))
        type++;
    return *type ? (*type)->algorithm : NULL;
}

const struct jws_algorithm *passport_algorithm_find(struct str name)
{
    const struct passport_type *const *type = passport_types;
    while (*type && !str_eq((*type)->algorithm->name, name))
        type++;
    return *type ? (*type)->algorithm : NULL;
}

/* ---- claims ---- */

/* Whether CLAIMS hold this one. Each token has its iat, whatever its type does with it. */
static bool is_there(const struct passport_claims *claims, enum passport_claim claim)
{
    switch (claim) {
    case CLAIM_ATTEST:
        return claims->attest != '\0';
    case CLAIM_ORIG:
        return claims->orig.n > 0 || claims->orig_uri.n > 0;
    case CLAIM_DEST:
        return claims->dest.n > 0 || claims->dest_uri.n > 0;
    case CLAIM_ORIGID:
        return claims->origid[0] != '\0';
    case CLAIM_HI:
        return claims->hi.n > 0;
    case CLAIM_DIV:
        return claims->div.n > 0 || claims->div_uri.n > 0;
    case CLAIM_RCD:
        return claims->rcd;
    case CLAIM_RPH:
        return claims->rph;
    default:
        return false;
    }
}

enum reason passport_check(const struct passport_type *type, const struct passport_claims *claims)
{
    if (!type->write_payload)
        return REASON_SIGNER_REFUSED;
    for (int i = 0; i < PASSPORT_CLAIMS; i++) {
        bool bad = type->fault[i] ? type->fault[i](claims, CLAIMS_ASKED) != NULL
                                  : is_there(claims, (enum passport_claim)i);
        if (bad)
            return REASON_SIGNER_REFUSED;
    }
    return REASON_OK;
}

/* ---- header and payload ---- */

struct member {
    struct str name, value;
};

#define HEADER_MEMBERS 4

/* Puts a member into its place by code points (RFC 8225 section 9). */
static void put(struct member members[HEADER_MEMBERS], unsigned n, struct str name,
                struct str value)
{
    for (; n > 0 && str_compare(members[n - 1].name, name) > 0; n--)
        members[n] = members[n - 1];
    members[n] = (struct member){name, value};
}

void passport_write_header(struct buf *out, const struct passport_type *type, struct str key)
{
    struct member members[HEADER_MEMBERS];
    struct json json = json_writer(out, true);
    put(members, 0, STR("alg"), type->algorithm->name);
    put(members, 1, STR("ppt"), type->ppt);
    put(members, 2, STR("typ"), STR("passport"));
    put(members, 3, type->reference->member, key);
    json_begin_object(&json);
    for (unsigned i = 0; i < HEADER_MEMBERS; i++) {
        json_put_key(&json, members[i].name);
        json_put_string(&json, members[i].value);
    }
    json_end_object(&json);
}

void passport_write_payload(struct buf *out, const struct passport_type *type,
                            const struct passport_claims *claims)
{
    struct json json = json_writer(out, true);
    type->write_payload(&json, claims);
}
