#include <stird/core/number_plan.h>

#define CODES           1000 /* a country code has one to three digits */
#define CODE_MAX_DIGITS 3

/* A set of lengths, a bit each. */
#define ONLY(n)              (1u << (n))
#define FROM_TO(least, most) ((2u << (most)) - (1u << (least)))
#define RESERVED             FROM_TO(4, 12)

/* By country code. E.164 codes are such that none begins another; 0: nobody has this code. */
static const uint16_t national_lengths[CODES] = {
#define COUNTRY(code, lengths) [code] = (lengths),
#include "number_plan.def"
#undef COUNTRY
};

/* The lengths of the country that DIGITS begins with, and how many digits its code has; 0: none. */
static unsigned find_country(struct str digits, size_t *code_digits)
{
    unsigned code = 0;
    for (size_t n = 0; n < CODE_MAX_DIGITS && n < digits.n; n++) {
        code = code * 10 + (unsigned)(digits.p[n] - '0');
        *code_digits = n + 1;
        if (national_lengths[code] != 0)
            return national_lengths[code];
    }
    return 0;
}

/* +1 NPA NXX XXXX: area code (NPA) and exchange (NXX) begin with 2 to 9 (ATIS-0300055, -0300051).
 */
static bool has_nanp_codes(struct str digits)
{
    return (digits.n <= 1 || digits.p[1] >= '2') && (digits.n <= 4 || digits.p[4] >= '2');
}

/* Checks a whole number, or the beginning of numbers. */
static enum tn_fault check(struct str digits, bool whole)
{
    size_t code = 0;
    bool nanp = digits.n > 0 && digits.p[0] == '1';
    if (digits.n == 0 || digits.p[0] == '0')
        return TN_NOT_E164; /* section 6.2.1: no country code begins with 0 */
    unsigned lengths = find_country(digits, &code);
    if (lengths == 0)
        return whole || digits.n >= CODE_MAX_DIGITS ? TN_NO_COUNTRY : TN_OK;
    size_t national = digits.n - code;
    unsigned fitting = national > TN_MAX_DIGITS ? 0 : lengths >> national;
    if (fitting == 0 || (whole && (fitting & 1) == 0))
        return nanp ? TN_NANP_LENGTH : TN_WRONG_LENGTH;
    return nanp && !has_nanp_codes(digits) ? TN_NANP_CODE : TN_OK;
}

enum tn_fault number_plan_check(const struct tn *number)
{
    return number->n < TN_MIN_DIGITS ? TN_NOT_E164 : check(tn_str(number), true);
}

size_t number_plan_code_digits(struct str digits)
{
    size_t code = 0;
    return find_country(digits, &code) != 0 ? code : 0;
}

enum tn_fault number_plan_check_prefix(struct str digits)
{
    return check(digits, false);
}
