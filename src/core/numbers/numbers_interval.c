/* The column `number`: one number, a range or a prefix, as an interval of keys. */
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
        *interval = (struct interval){value, value, (unsigned)first.n, true, false};
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
    *interval = (struct interval){digits_key(first), digits_key(last), 0, false, false};
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

bool numbers_number(struct str text, struct tn *number, const char **why)
{
    struct interval interval;
    if (!interval_parse(&interval, text, why))
        return false;
    if (!interval.prefix && interval.first == interval.last && tn_from_digits(number, text))
        return true;
    *why = "is not one telephone number: write it as +12155550100; ranges and prefixes belong into "
           "a table";
    return false;
}
