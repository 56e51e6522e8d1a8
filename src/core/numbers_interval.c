#include "numbers_build.h"

/* Digits up to the end or the first character that is none. */
static struct str leading_digits(struct str s)
{
    size_t n = 0;
    while (n < s.n && ascii_is_digit(s.p[n]))
        n++;
    return str_slice(s, 0, n);
}

static const char *const number_forms =
    "is no number: write +12025550100, a range +12025550100-+12025550199 or a prefix +1202*, "
    "without spaces or separators";

static const char *number_fault(struct str digits)
{
    if (digits.n > TN_MAX_DIGITS)
        return "has more than 15 digits";
    if (digits.p[0] == '0')
        return "has a 0 behind the plus sign: no country code begins with 0";
    return NULL;
}

/* Takes "+DIGITS" off *TEXT. */
static bool take_number(struct str *text, struct str *digits, const char **why)
{
    if (text->n > 0 && ascii_is_digit(text->p[0]))
        *why = "does not begin with a plus sign: write the number with its country code, as in "
               "+12025550100";
    else if (text->n == 0 || text->p[0] != '+')
        *why = number_forms;
    else
        *why = NULL;
    if (*why)
        return false;
    *digits = leading_digits(str_slice(*text, 1, text->n));
    *text = str_slice(*text, 1 + digits->n, text->n);
    *why = digits->n == 0 ? number_forms : number_fault(*digits);
    return !*why;
}

static uint64_t digits_value(struct str digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.n; i++)
        value = value * 10 + (uint64_t)(digits.p[i] - '0');
    return value;
}

static uint64_t digits_key(struct str digits)
{
    return (uint64_t)digits.n << KEY_VALUE_BITS | digits_value(digits);
}

bool interval_parse(struct interval *interval, struct str text, const char **why)
{
    struct str first, last;
    if (!take_number(&text, &first, why))
        return false;
    if (str_eq(text, STR("*"))) {
        uint64_t value = digits_value(first);
        *interval = (struct interval){value, value, (unsigned)first.n, true};
        return true;
    }
    last = first;
    if (text.n > 0 && text.p[0] == '-') {
        text = str_slice(text, 1, text.n);
        if (text.n > 0 && ascii_is_digit(text.p[0])) {
            *why = "has digits behind a hyphen: no separators are allowed, and both ends of a "
                   "range begin with a plus sign";
            return false;
        }
        if (!take_number(&text, &last, why))
            return false;
    }
    *interval = (struct interval){digits_key(first), digits_key(last), 0, false};
    if (text.n > 0)
        *why = number_forms;
    else if (first.n != last.n)
        *why = "has ends of different length: write a range for each length";
    else if (first.n < TN_MIN_DIGITS)
        *why = "has fewer than 7 digits: write the whole number, or a prefix as in +1202*";
    else if (interval->first > interval->last)
        *why = "has its ends in the wrong order: the lower number comes first";
    return !*why;
}

/* ---- how wide ---- */

#define AREA_NUMBERS UINT64_C(10000000) /* +1 NXX and seven digits */

/* Country codes of one and of two digits (ITU-T E.164); the others have three. */
static unsigned country_code_digits(uint64_t value, unsigned digits)
{
    static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 "
                              "55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
    for (; digits > 2; digits--)
        value /= 10;
    if (value / 10 == 1 || value / 10 == 7)
        return 1;
    for (const char *p = two; *p; p += 3)
        if (value == (uint64_t)(p[0] - '0') * 10 + (uint64_t)(p[1] - '0'))
            return 2;
    return 3;
}

const char *interval_is_wide(const struct interval *interval, uint64_t *count)
{
    const uint64_t mask = (UINT64_C(1) << KEY_VALUE_BITS) - 1;
    uint64_t first = interval->first & mask, last = interval->last & mask, of_country = 1;
    unsigned digits = (unsigned)(interval->first >> KEY_VALUE_BITS);
    *count = last - first + 1;
    if (interval->prefix || first == last)
        return NULL;
    for (unsigned i = country_code_digits(first, digits); i < digits; i++)
        of_country *= 10;
    if (first / of_country != last / of_country)
        return "of more than one country code";
    if (*count > AREA_NUMBERS)
        return "more than 10 million";
    return *count > of_country / 2 ? "more than half of its country's" : NULL;
}
