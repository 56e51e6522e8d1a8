#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/core/emergency.h>
#include <stird/core/number_plan.h>
#include <stird/core/tn.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Digits only, or a listed code: whatever comes in, nothing else may be signed. */
static void check(const struct tn *tn, const struct str *codes, unsigned n_codes)
{
    struct str text = tn_str(tn);
    for (unsigned i = 0; i < n_codes; i++)
        if (str_eq(text, codes[i]))
            return;
    assert(text.n >= TN_MIN_DIGITS && text.n <= TN_MAX_DIGITS && text.p[0] != '0');
    for (size_t i = 0; i < text.n; i++)
        assert(ascii_is_digit(text.p[i]));
    assert(number_plan_check(tn) == TN_OK);
}

/* Any digits are judged, and what can exist begins as something that can. */
static void judge(struct str text)
{
    struct tn tn;
    if (!tn_from_digits(&tn, text))
        return;
    enum tn_fault whole = number_plan_check(&tn);
    assert(whole == TN_OK || tn_cannot_exist(whole));
    for (uint8_t n = 1; n <= tn.n; n++) {
        enum tn_fault begins = number_plan_check_prefix(str_slice(tn_str(&tn), 0, n));
        assert(begins == TN_OK || (whole != TN_OK && tn_cannot_exist(begins)));
    }
}

/* What is an emergency call without settings is one with them, and is so in To as well. */
static void judge_emergency(struct str text)
{
    static const struct str prefixes[] = {STR("9"), STR("*67")}, numbers[] = {STR("999")};
    struct trunk trunk = {.country = {.code = STR("1"), .international_prefix = STR("011")}};
    struct settings settings = {.trunks = &trunk,
                                .n_trunks = 1,
                                .emergency_numbers = numbers,
                                .n_emergency_numbers = 1,
                                .emergency_prefixes = prefixes,
                                .n_emergency_prefixes = 2,
                                .emergency_by_to = true};
    struct call by_uri = {.request_uri = text, .trunk = &trunk}, by_to = {.to_uri = text};
    enum emergency found = emergency_of_call(&settings, &by_uri);
    assert(!emergency_uris(&settings, text, STR("")) || found == EMERGENCY_BY_REQUEST_URI);
    assert(found == EMERGENCY_NONE || emergency_of_call(&settings, &by_to) == EMERGENCY_BY_TO);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct str codes[] = {STR("911"), STR("*67"), STR("##31")};
    static const struct country countries[] = {
        {.code = STR("1"), .international_prefix = STR("011"), .national_length = 10},
        {.code = STR("33"),
         .international_prefix = STR("00"),
         .national_prefix = STR("0"),
         .national_length = 6,
         .national_length_max = 9},
        {.national_length = 0},
    };
    struct str text = {(const char *)data, size};
    judge(text);
    judge_emergency(text);
    for (size_t i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
        struct tn tn;
        if (tn_from_uri(&tn, text, &countries[i], codes, 3) == TN_OK)
            check(&tn, codes, 3);
        if (tn_from_user(&tn, text, &countries[i], codes, 3) == TN_OK)
            check(&tn, codes, 3);
    }
    return 0;
}
