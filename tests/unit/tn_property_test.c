/*
 * No text at all becomes anything but a number that can exist, or a listed short code: a million
 * and a half texts, random ones and mutations of good ones, with the same seed each time (Decided
 * 1). R-P-128.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <stird/core/number_plan.h>
#include <stird/core/tn.h>

#define TEXTS 1500000u

static uint64_t seed = 0x243f6a8885a308d3;

static unsigned pick(unsigned n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % n);
}

static const char *const seeds[] = {
    "sip:+12155550100@h",
    "tel:+1-215-555-0100",
    "sip:2155550100;npdi;rn=+12155550000@h",
    "sip:+12155550100;tgrp=a;trunk-context=b@h;user=phone",
    "tel:5550100;phone-context=+1215",
    "tel:5550100;phone-context=example.com",
    "sips:%2B12155550100@[::1]:5061",
    "sip:+12155550100:secret@h",
    "sip:0114420794600000@h;verstat=TN-Validation-Passed",
    "sip:*67@h",
    "sip:911@h",
    "sip:anonymous@anonymous.invalid",
    "sip:(215)555.0100@h",
    "urn:service:sos",
};

static const char alphabet[] = "0123456789+-.()*#%;:@=,<>\"sipteln \t\xff";

static size_t random_text(char *text, size_t max)
{
    size_t n = pick((unsigned)max);
    for (size_t i = 0; i < n; i++)
        text[i] = pick(8) ? alphabet[pick(sizeof(alphabet) - 1)] : (char)pick(256);
    return n;
}

static size_t mutated_text(char *text, size_t max)
{
    const char *from = seeds[pick(sizeof(seeds) / sizeof(seeds[0]))];
    size_t n = strlen(from);
    memcpy(text, from, n);
    for (unsigned changes = 1 + pick(4); changes > 0; changes--) {
        size_t at = pick((unsigned)n + 1);
        if (pick(3) == 0 && n > 0 && at < n) {
            memmove(text + at, text + at + 1, n - at - 1);
            n--;
        } else if (n < max) {
            memmove(text + at + 1, text + at, n - at);
            text[at] = alphabet[pick(sizeof(alphabet) - 1)];
            n++;
        }
    }
    return n;
}

static bool is_listed(const struct tn *tn, const struct str *codes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (str_eq(tn_str(tn), codes[i]))
            return true;
    return false;
}

static void assert_number(const struct tn *tn, const struct str *codes, unsigned n_codes)
{
    if (is_listed(tn, codes, n_codes))
        return;
    assert_in_range(tn->n, TN_MIN_DIGITS, TN_MAX_DIGITS);
    assert_int_equal(number_plan_check(tn), TN_OK);
    for (unsigned i = 0; i < tn->n; i++)
        assert_true(ascii_is_digit(tn->digits[i]));
}

static void no_text_becomes_anything_else(void **state)
{
    (void)state;
    static const struct str codes[] = {STR("311"), STR("*67")};
    const struct country countries[] = {
        {.code = STR("1"), .international_prefix = STR("011"), .national_length = 10},
        {.code = STR("49"), .international_prefix = STR("00"), .national_length = 11},
        {.code = STR("")},
    };
    unsigned numbers = 0;
    for (unsigned i = 0; i < TEXTS; i++) {
        char text[128];
        size_t n = pick(3) ? mutated_text(text, sizeof(text)) : random_text(text, 64);
        const struct country *country = &countries[pick(3)];
        struct tn tn = {0};
        bool listed = pick(2);
        enum tn_fault fault = pick(2) ? tn_from_uri(&tn, (struct str){text, n}, country,
                                                    listed ? codes : NULL, listed ? 2 : 0)
                                      : tn_from_user(&tn, (struct str){text, n}, country,
                                                     listed ? codes : NULL, listed ? 2 : 0);
        if (fault != TN_OK) {
            assert_int_equal(tn.n > 0, tn_cannot_exist(fault));
            continue;
        }
        assert_number(&tn, codes, listed ? 2 : 0);
        numbers++;
    }
    assert_true(numbers > TEXTS / 50); /* else nothing was tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_text_becomes_anything_else)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
