#include "rph_claim.h"

#include "token_claims.h"

/* Each of the one is compared with each of the other, before anybody has vouched for either. */
#define AUTH_MAX  32 /* of a token */
#define ASKED_MAX 64 /* values of a message */

static const json_t *auth_of(const json_t *payload)
{
    return json_object_get(json_object_get(payload, "rph"), "auth");
}

const char *rph_claim_fault(const json_t *payload)
{
    const json_t *auth = auth_of(payload), *sph = json_object_get(payload, "sph");
    if (sph && !json_is_string(sph))
        return "sph is no text";
    if (json_array_size(auth) == 0)
        return "rph has no list of auth";
    if (json_array_size(auth) > AUTH_MAX)
        return "rph has more than 32 auth";
    for (size_t i = 0; i < json_array_size(auth); i++)
        if (json_text(json_array_get(auth, i)).n == 0)
            return "rph has an auth that is no text";
    return NULL;
}

/* Values of Resource-Priority are equal in any case (RFC 4412 section 3.1). */
static bool is_asked_for(struct str value, const struct call_priority *asked)
{
    struct call_priority_walk walk = {.at = 0};
    struct str one;
    while (call_priority_next(asked, &walk, &one))
        if (str_eq_nocase(one, value))
            return true;
    return false;
}

static bool is_allowed(const json_t *auth, struct str value)
{
    for (size_t i = 0; i < json_array_size(auth); i++)
        if (str_eq_nocase(json_text(json_array_get(auth, i)), value))
            return true;
    return false;
}

/* Those that nobody may ask for without a token (ATIS-1000078). */
static bool is_of_the_signed(struct str value)
{
    return call_priority_is_of(value, STR("ets")) || call_priority_is_of(value, STR("wps")) ||
           call_priority_is_of(value, STR("esnet"));
}

static bool asks_for_too_many(const struct call_priority *asked)
{
    struct call_priority_walk walk = {.at = 0};
    struct str one;
    unsigned n = 0;
    while (n <= ASKED_MAX && call_priority_next(asked, &walk, &one))
        n++;
    return n > ASKED_MAX;
}

const char *rph_claim_differs(const json_t *payload, const struct call_priority *asked,
                              struct str *value)
{
    const json_t *auth = auth_of(payload);
    struct call_priority_walk walk = {.at = 0};
    *value = STR("");
    if (asks_for_too_many(asked))
        return "Resource-Priority has more than 64 values, which are not compared";
    for (size_t i = 0; i < json_array_size(auth); i++) {
        *value = json_text(json_array_get(auth, i));
        if (!is_asked_for(*value, asked))
            return "the token allows a priority that Resource-Priority does not ask for";
    }
    while (call_priority_next(asked, &walk, value))
        if (is_of_the_signed(*value) && !is_allowed(auth, *value))
            return "Resource-Priority asks for one that the token does not allow";
    *value = json_member(payload, "sph");
    if (value->n > 0 &&
        !(asked && asked->is_psap_callback && str_eq_nocase(*value, STR("psap-callback"))))
        return "the token is of another Priority";
    return NULL;
}
