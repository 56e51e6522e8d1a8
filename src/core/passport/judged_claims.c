#include "judged_claims.h"

const char *judged_claims_iat(const struct passport_claims *claims, enum claims_side side)
{
    (void)claims;
    (void)side; /* its time is judged by the check of its freshness */
    return NULL;
}

/* As called numbers, short codes may have * and # (RFC 8224 section 8.3). */
bool judged_claims_is_number(const struct tn *tn)
{
    bool good = tn->n > 0 && tn->n <= TN_MAX_DIGITS;
    for (unsigned i = 0; good && i < tn->n; i++)
        good = ascii_is_digit(tn->digits[i]) || tn->digits[i] == '*' || tn->digits[i] == '#';
    return good;
}

const char *judged_claims_orig(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    return claims->orig_uri.n > 0 || judged_claims_is_number(&claims->orig)
               ? NULL
               : "orig.tn is no canonical number: 1 to 15 digits, no plus";
}

const char *judged_claims_dest(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    return claims->dest_uri.n > 0 || judged_claims_is_number(&claims->dest)
               ? NULL
               : "dest has a tn that is no canonical number: 1 to 15 digits, no plus";
}
