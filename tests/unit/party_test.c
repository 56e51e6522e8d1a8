/* Who calls and who is called: signing, verifying and the comparison of hops find the same. */
#include "lab.h"

#include <stird/core/hops.h>
#include <stird/core/party.h>

static const char *digits_of(const struct tn *tn, bool is_one)
{
    static char text[TN_MAX_DIGITS + 1];
    snprintf(text, sizeof(text), "%.*s", is_one ? (int)tn->n : 0, tn->digits);
    return text;
}

static struct country north_america(void)
{
    return (struct country){
        .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
}

static struct sip_identity_facts facts_of(const char *pai, const char *from, const char *to)
{
    const struct country country = north_america();
    struct sip_identity_facts f;
    struct buf text = BUF_INIT;
    buf_addf(&text, "INVITE sip:x@h SIP/2.0\r\nFrom: <%s>;tag=1\r\nTo: <%s>\r\n", from, to);
    if (pai)
        buf_addf(&text, "P-Asserted-Identity: %s\r\n", pai);
    buf_add_text(&text, "\r\n");
    sip_identity_facts(buf_str(&text), &country, &f);
    f.from_uri = f.to_uri = f.via = f.call_id = f.date = f.method = STR(""); /* of the text */
    buf_fini(&text);
    return f;
}

static void who_calls(void **state)
{
    (void)state;
    static const struct {
        const char *pai, *from, *number;
        enum { NUMBER, IMPOSSIBLE, NONE } kind;
        bool asserted, differs;
    } cases[] = {
        {NULL, "sip:+12155550121@h", "12155550121", NUMBER, false, false},
        {NULL, "tel:+1-215-555-0121", "12155550121", NUMBER, false, false},
        {NULL, "sip:2155550121@h", "12155550121", NUMBER, false, false},
        {"<sip:+12155550199@h>", "sip:+12155550121@h", "12155550199", NUMBER, true, false},
        {"<sip:+12155550198@h>, <tel:+12155550199>", "sip:+12155550121@h", "12155550199", NUMBER,
         true, true},
        {"<sip:+12155550199@h>, <tel:+12155550199>", "sip:+12155550121@h", "12155550199", NUMBER,
         true, false},
        {"<sip:+12155550199@h>, <sip:+1215555@h>", "sip:+12155550121@h", "12155550199", NUMBER,
         true, true},
        {"<sip:alice@h>", "sip:+12155550121@h", "12155550121", NUMBER, false, false},
        {"<sip:+1215555@h>", "sip:+12155550121@h", "12155550121", NUMBER, false, false},
        {"<sip:+1215555@h>", "sip:alice@h", "1215555", IMPOSSIBLE, true, false},
        {"<sip:+1215555@h>", "sip:+1215556@h", "1215555", IMPOSSIBLE, true, false},
        {"<sip:alice@h>", "sip:+1215556@h", "1215556", IMPOSSIBLE, false, false},
        {NULL, "sip:+1215556@h", "1215556", IMPOSSIBLE, false, false},
        {NULL, "sip:alice@h", "", NONE, false, false},
        {NULL, "sip:anonymous@anonymous.invalid", "", NONE, false, false},
        {"<sip:alice@h>", "sip:bob@h", "", NONE, false, false},
    };
    const struct country country = north_america();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct asserted_texts texts = {.n = 0};
        struct asserted a;
        struct calling c;
        if (cases[i].pai)
            asserted_add(&texts, str_of(cases[i].pai));
        asserted_read(&a, &texts, &country);
        party_calling(&c, cases[i].pai ? &a : NULL, str_of(cases[i].from), &country);
        assert_int_equal(c.fault == TN_OK, cases[i].kind == NUMBER);
        assert_int_equal(tn_cannot_exist(c.fault), cases[i].kind == IMPOSSIBLE);
        assert_string_equal(digits_of(&c.number, true), cases[i].number);
        assert_int_equal(c.asserted, cases[i].asserted);
        assert_int_equal(calling_fault(&c).n > 0, cases[i].differs);
        struct sip_identity_facts f = facts_of(cases[i].pai, cases[i].from, "sip:x@h");
        assert_int_equal(f.has_orig, cases[i].kind != NONE);
        assert_string_equal(digits_of(&f.orig, f.has_orig), cases[i].number);
    }
}

static void who_is_called(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *of_trunk, *of_verifier; /* empty: no number */
    } cases[] = {
        {"sip:+12155550131@h", "12155550131", "12155550131"},
        {"sip:2155550131@h;user=phone", "12155550131", "12155550131"},
        {"tel:+1-215-555-0131", "12155550131", "12155550131"},
        {"sip:911@h", "911", "911"},
        {"sip:*67@h", "*67", "*67"},
        {"sip:alice@h", "", ""},
        {"", "", ""},
    };
    const struct str codes[] = {STR("*67")};
    const struct settings settings = {.short_codes = codes, .n_short_codes = 1};
    const struct country country = north_america();
    const struct trunk trunk = {.country = country};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tn tn;
        struct str uri = str_of(cases[i].uri);
        bool good = party_called(&tn, uri, &country, &settings, &trunk) == TN_OK;
        assert_string_equal(digits_of(&tn, good), cases[i].of_trunk);
        good = party_called(&tn, uri, &country, NULL, NULL) == TN_OK;
        assert_string_equal(digits_of(&tn, good), cases[i].of_verifier);
        if (uri.n > 0) {
            struct sip_identity_facts f = facts_of(NULL, "sip:alice@h", cases[i].uri);
            assert_string_equal(digits_of(&f.dest, f.has_dest), cases[i].of_verifier);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_calls),
        cmocka_unit_test(who_is_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
