/* Which texts a worker may have signed: those that name a caller or a called one, and say nothing
   else. */
#include <stird/core/passport.h>

#include <stird/core/number_plan.h>

static bool is_digits(struct str s)
{
    size_t i = 0;
    while (i < s.n && ascii_is_digit(s.p[i]))
        i++;
    return s.n > 0 && i == s.n;
}

/* A global number (RFC 3966 section 5.1.4) that somebody may have. */
static bool is_tel(struct str uri)
{
    struct tn tn;
    return str_starts(uri, STR("tel:+")) && is_digits(str_slice(uri, 5, uri.n)) &&
           tn_from_digits(&tn, str_slice(uri, 5, uri.n)) && number_plan_check(&tn) == TN_OK;
}

/* Emergency services: RFC 5031 section 4.2, RFC 8147 section 14.3, and what is registered since. */
static bool is_service(struct str uri)
{
    static const struct str names[] = {
        STR("sos"),
        STR("sos.ambulance"),
        STR("sos.animal-control"),
        STR("sos.ecall.automatic"),
        STR("sos.ecall.manual"),
        STR("sos.fire"),
        STR("sos.gas"),
        STR("sos.marine"),
        STR("sos.mountain"),
        STR("sos.physician"),
        STR("sos.poison"),
        STR("sos.police"),
    };
    const struct str urn = STR("urn:service:");
    bool found = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && str_starts(uri, urn); i++)
        found = found || str_eq(str_slice(uri, urn.n, uri.n), names[i]);
    return found;
}

bool passport_is_number_uri(struct str uri)
{
    return is_tel(uri) || is_service(uri);
}

bool passport_is_hi(struct str hi)
{
    bool good = hi.n > 0 && hi.n <= PASSPORT_HI_MAX;
    while (good && hi.p)
        good = is_digits(str_cut(&hi, '.'));
    return good;
}
