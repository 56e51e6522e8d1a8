/* R-V-020, R-V-054, R-V-056, R-V-057: what is written into a verified call, byte for byte, in the
   form of each who reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stird/core/marking.h>
#include <stird/core/told.h>

static const struct country america = {
    .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};

static const struct tn caller = {.n = 11, .digits = "12155550121"};

static const struct verified passed_a = {.class = VERIFICATION_PASSED,
                                         .level = 'A',
                                         .attest = 'A',
                                         .check = VERIFY_CHECKS,
                                         .spc = STR("709J"),
                                         .origid = STR("1fd2d6b8-6b1a-4f0c-9d53-f5a8a8a5d6aa"),
                                         .verstat = VERSTAT_PASSED};
static const struct verified passed_c = {.class = VERIFICATION_PASSED,
                                         .level = 'C',
                                         .attest = 'C',
                                         .check = VERIFY_CHECKS,
                                         .verstat = VERSTAT_PASSED};
static const struct verified failed_a = {.class = VERIFICATION_FAILED,
                                         .attest = 'A',
                                         .check = VERIFY_SIGNATURE,
                                         .spc = STR("709J"),
                                         .origid = STR("1fd2d6b8-6b1a-4f0c-9d53-f5a8a8a5d6aa"),
                                         .verstat = VERSTAT_FAILED};
static const struct verified open = {.class = VERIFICATION_OPEN, .check = VERIFY_CHECKS};
static const struct verified nothing = {.class = VERIFICATION_NOTHING, .check = VERIFY_CHECKS};

static void expect(bool written, const struct buf *out, const char *wanted)
{
    if (!wanted) {
        assert_false(written);
        assert_int_equal(out->n, 0);
        return;
    }
    assert_true(written);
    assert_false(buf_failed(out));
    if (!str_eq(buf_str(out), str_of(wanted)))
        fail_msg("%.*s\nand not\n%s", STR_ARG(buf_str(out)), wanted);
}

/* ---- verstat ---- */

#define PAI "P-Asserted-Identity: "

static const struct {
    enum verstat_form form;
    enum verstat_suffix suffix;
    const struct verified *verified;
    const char *came, *leaves; /* NULL: as it came */
} asserted[] = {
    /* 3GPP terminals: a parameter of a tel URI */
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "<tel:+12155550121>\r\n",
     PAI "<tel:+12155550121;verstat=TN-Validation-Passed>\r\n"},
    {VERSTAT_FORM_URI, VERSTAT_SUFFIX_NONE, &failed_a, PAI "<tel:+12155550121>\r\n",
     PAI "<tel:+12155550121;verstat=TN-Validation-Failed>\r\n"},
    {VERSTAT_FORM_URI, VERSTAT_SUFFIX_NONE, &nothing, PAI "<tel:+12155550121>\r\n",
     PAI "<tel:+12155550121;verstat=No-TN-Validation>\r\n"},
    /* most carriers: in the user part */
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a,
     PAI "<sip:+12155550121@gw.example;user=phone>\r\n",
     PAI "<sip:+12155550121;verstat=TN-Validation-Passed@gw.example;user=phone>\r\n"},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a,
     PAI "\"Bank, A\" <sip:+12155550121;npdi;rn=+12155550000@gw.example:5070>\r\n",
     PAI "\"Bank, A\" <sip:+12155550121;npdi;rn=+12155550000;verstat=TN-Validation-Passed"
         "@gw.example:5070>\r\n"},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "<sip:%2B12155550121@gw.example>\r\n",
     PAI "<sip:%2B12155550121;verstat=TN-Validation-Passed@gw.example>\r\n"},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "<sip:2155550121@gw.example>\r\n",
     PAI "<sip:2155550121;verstat=TN-Validation-Passed@gw.example>\r\n"},
    /* Telnyx: behind the host, with the letter */
    {VERSTAT_FORM_URI, VERSTAT_SUFFIX_LETTER, &passed_c, PAI "<sip:+12155550121@sip.example>\r\n",
     PAI "<sip:+12155550121@sip.example;verstat=TN-Validation-Passed-C>\r\n"},
    {VERSTAT_FORM_URI, VERSTAT_SUFFIX_LETTER, &failed_a,
     PAI "<sip:+12155550121@sip.example:5060;user=phone?Subject=x>\r\n",
     PAI "<sip:+12155550121@sip.example:5060;user=phone;verstat=TN-Validation-Failed-A?Subject=x>"
         "\r\n"},
    {VERSTAT_FORM_URI, VERSTAT_SUFFIX_LETTER, &nothing, PAI "<sip:+12155550121@sip.example>\r\n",
     PAI "<sip:+12155550121@sip.example;verstat=No-TN-Validation>\r\n"},
    /* who reads tel URIs alone */
    {VERSTAT_FORM_TEL, VERSTAT_SUFFIX_NONE, &passed_a,
     PAI "\"Bank\" <sip:2155550121@gw.example;user=phone>\r\n",
     PAI "\"Bank\" <tel:+12155550121;verstat=TN-Validation-Passed>\r\n"},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "\"<sip:1@x>\" <tel:+12155550121>\r\n",
     PAI "\"<sip:1@x>\" <tel:+12155550121;verstat=TN-Validation-Passed>\r\n"},
    /* every value, in one line too; a parameter needs brackets */
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a,
     PAI "<sip:+12155550121@gw.example> ,  <tel:+12155550121>\r\n",
     PAI "<sip:+12155550121;verstat=TN-Validation-Passed@gw.example> ,  "
         "<tel:+12155550121;verstat=TN-Validation-Passed>\r\n"},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "tel:+12155550121\r\n",
     PAI "<tel:+12155550121;verstat=TN-Validation-Passed>\r\n"},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, "p-asserted-identity  :tel:+12155550121\n",
     "p-asserted-identity  :<tel:+12155550121;verstat=TN-Validation-Passed>\n"},
    /* a tel URI beside a SIP URI: one of each kind stays */
    {VERSTAT_FORM_TEL, VERSTAT_SUFFIX_NONE, &passed_a,
     PAI "<sip:+12155550121@x>, <tel:+12155550121>\r\n",
     PAI "<sip:+12155550121@x>, <tel:+12155550121;verstat=TN-Validation-Passed>\r\n"},
    /* a question mark of the user part */
    {VERSTAT_FORM_URI, VERSTAT_SUFFIX_NONE, &passed_a, PAI "<sip:+12155550121;a=?b@x>\r\n",
     PAI "<sip:+12155550121;a=?b@x;verstat=TN-Validation-Passed>\r\n"},
    /* of another number than the token's nothing is known */
    {VERSTAT_FORM_URI, VERSTAT_SUFFIX_LETTER, &passed_a, PAI "<sip:+13125550121@x>\r\n",
     PAI "<sip:+13125550121@x;verstat=No-TN-Validation>\r\n"},
    /* no number: nothing to say */
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "<sip:alice@gw.example>\r\n", NULL},
    {VERSTAT_FORM_TEL, VERSTAT_SUFFIX_NONE, &passed_a, PAI "<sip:alice@gw.example>\r\n", NULL},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "<sip:gw.example>\r\n", NULL},
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a, PAI "\r\n", NULL},
    /* what somebody may read otherwise */
    {VERSTAT_FORM_USER, VERSTAT_SUFFIX_NONE, &passed_a,
     PAI "<sip:+13125550199@a> <sip:+12155550121@gw.example>\r\n", NULL},
};

static void verstat_in_asserted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(asserted) / sizeof(asserted[0]); i++) {
        const struct verification_setting profile = {.verstat_form = asserted[i].form,
                                                     .verstat_suffix = asserted[i].suffix};
        const struct marking m = {&profile, asserted[i].verified, &america, &caller};
        struct buf out = BUF_INIT;
        expect(marking_asserted(&m, str_of(asserted[i].came), &out), &out, asserted[i].leaves);
        buf_fini(&out);
    }
}

/* ---- From ---- */

static const struct verification_setting labelled = {.verstat_place = VERSTAT_PLACE_NONE,
                                                     .label_a = STR("[V]"),
                                                     .label_c = STR("[C]"),
                                                     .label_failed = STR("[X]"),
                                                     .label_none = STR("\xe2\x9c\x94")};
static const struct verification_setting in_from = {.verstat_place = VERSTAT_PLACE_BOTH};
static const struct verification_setting both = {.verstat_place = VERSTAT_PLACE_FROM,
                                                 .verstat_suffix = VERSTAT_SUFFIX_LETTER,
                                                 .label_a = STR("[V]")};

static const struct {
    const struct verification_setting *profile;
    const struct verified *verified;
    const char *came, *leaves;
} froms[] = {
    {&in_from, &passed_a, "From: <sip:+12155550121@gw>;tag=1\r\n",
     "From: <sip:+12155550121;verstat=TN-Validation-Passed@gw>;tag=1\r\n"},
    {&in_from, &passed_a, "f: sip:+12155550121@gw;tag=1\r\n",
     "f: <sip:+12155550121;verstat=TN-Validation-Passed@gw>;tag=1\r\n"},
    {&in_from, &failed_a, "From: \"Bob\" <sip:2155550121@gw> ; tag=1\r\n",
     "From: \"Bob\" <sip:2155550121;verstat=TN-Validation-Failed@gw> ; tag=1\r\n"},
    {&in_from, &passed_a, "From: <sip:anonymous@anonymous.invalid>;tag=1\r\n", NULL},
    {&both, &passed_a, "From: Bob <sip:+12155550121@gw>;tag=1\r\n",
     "From: \"[V] Bob\" <sip:+12155550121;verstat=TN-Validation-Passed-A@gw>;tag=1\r\n"},
    {&labelled, &passed_a, "From: \"Bob\" <sip:+12155550121@gw>;tag=1\r\n",
     "From: \"[V] Bob\" <sip:+12155550121@gw>;tag=1\r\n"},
    {&labelled, &passed_c, "From: Bob Smith <sip:+12155550121@gw>;tag=1\r\n",
     "From: \"[C] Bob Smith\" <sip:+12155550121@gw>;tag=1\r\n"},
    {&labelled, &failed_a, "From: \"Bob \\\"the\\\\bank\\\"\" <sip:+12155550121@gw>;tag=1\r\n",
     "From: \"[X] Bob \\\"the\\\\bank\\\"\" <sip:+12155550121@gw>;tag=1\r\n"},
    /* without a name the number stays to be seen */
    {&labelled, &nothing, "From: <sip:+12155550121@gw>;tag=1\r\n",
     "From: \"\xe2\x9c\x94 +12155550121\" <sip:+12155550121@gw>;tag=1\r\n"},
    {&labelled, &passed_a, "From: sip:gw;tag=1\r\n", "From: \"\xe2\x9c\x94\" <sip:gw>;tag=1\r\n"},
    {&labelled, &passed_a, "From: \"a <b>\" <sip:+12155550121@gw>;tag=1\r\n",
     "From: \"[V] a <b>\" <sip:+12155550121@gw>;tag=1\r\n"},
    /* of another number, and of none, nothing is known */
    {&both, &passed_a, "From: Bob <sip:+13125550121@gw>;tag=1\r\n",
     "From: Bob <sip:+13125550121;verstat=No-TN-Validation@gw>;tag=1\r\n"},
    {&labelled, &passed_a, "From: Bob <sip:+13125550121@gw>;tag=1\r\n",
     "From: \"\xe2\x9c\x94 Bob\" <sip:+13125550121@gw>;tag=1\r\n"},
    /* what is not read as an address has a label all the same */
    {&labelled, &failed_a, "From: \"Bob\" <sip:+12155550121@gw>;tag=1;x=a/b\r\n",
     "From: \"\xe2\x9c\x94 Bob\" <sip:+12155550121@gw>;tag=1;x=a/b\r\n"},
    /* one that is there is the caller's own, and not twice there */
    {&labelled, &failed_a, "From: \"[V] Bank\" <sip:+12155550121@gw>;tag=1\r\n",
     "From: \"[X] Bank\" <sip:+12155550121@gw>;tag=1\r\n"},
};

static void from_and_label(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
        const struct marking m = {froms[i].profile, froms[i].verified, &america, &caller};
        struct buf out = BUF_INIT;
        expect(marking_from(&m, str_of(froms[i].came), &out), &out, froms[i].leaves);
        buf_fini(&out);
    }
}

/* ---- a caller brings a label ---- */

static const struct {
    const char *came, *leaves;
} brought[] = {
    {"From: \"[V] Bank\" <sip:1@h>;tag=1\r\n", "From: \"Bank\" <sip:1@h>;tag=1\r\n"},
    {"From: \"[v]Bank [V]\" <sip:1@h>\r\n", "From: \"Bank\" <sip:1@h>\r\n"},
    {"From: \"\\[V\\] Bank\" <sip:1@h>\r\n", "From: \"Bank\" <sip:1@h>\r\n"},
    {"From: \"[[V]V] Bank\" <sip:1@h>\r\n", "From: \"Bank\" <sip:1@h>\r\n"},
    {"From: \"[[X]V] Bank\" <sip:1@h>\r\n", "From: \"Bank\" <sip:1@h>\r\n"},
    {"From: [V] Bank <sip:1@h>\r\n", "From: \"Bank\" <sip:1@h>\r\n"},
    {"From: \"[V]\" <sip:1@h>\r\n", "From:  <sip:1@h>\r\n"},
    {"P-Asserted-Identity: \"[V] B\" <sip:1@h>, \"[C]\xe2\x9c\x94 D\" <tel:2>\r\n",
     "P-Asserted-Identity: \"B\" <sip:1@h>, \"D\" <tel:2>\r\n"},
    {"From: \"[\t V\x01 ]\xc2\xa0 Bank [\xe2\x80\x8bV]\" <sip:1@h>\r\n",
     "From: \"\xc2\xa0 Bank\" <sip:1@h>\r\n"},
    {"From: \"[V] Bank\" <sip:1@h>;tag=1;x=a/b\r\n", "From: \"Bank\" <sip:1@h>;tag=1;x=a/b\r\n"},
    {"From: [V] Bank: us <sip:1@h>\r\n", "From: \"Bank: us\" <sip:1@h>\r\n"},
    {"From: \"[V] Bank\" \"x\" <sip:1@h>\r\n", "From: \"Bank\\\" \\\"x\" <sip:1@h>\r\n"},
    {"From: \"Bank\" <sip:1@h>\r\n", NULL},
    {"From: <sip:[V]@h>\r\n", NULL},
    {"From: sip:1@h\r\n", NULL},
    {"From:\r\n", NULL},
};

static void labels_of_callers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(brought) / sizeof(brought[0]); i++) {
        struct buf out = BUF_INIT;
        expect(marking_without_labels(&labelled, str_of(brought[i].came), &out), &out,
               brought[i].leaves);
        buf_fini(&out);
    }
    assert_true(marking_has_labels(&labelled));
    assert_false(marking_has_labels(&in_from));
}

/* A label of letters is no part of a name. */
static void labels_of_letters(void **state)
{
    (void)state;
    const struct verification_setting profile = {.label_a = STR("OK")};
    struct buf out = BUF_INIT;
    assert_false(marking_without_labels(&profile, STR("From: \"BOOKER Oke\" <sip:1@h>\r\n"), &out));
    expect(marking_without_labels(&profile, STR("From: \"ok BOOKER ok\" <sip:1@h>\r\n"), &out),
           &out, "From: \"BOOKER\" <sip:1@h>\r\n");
    buf_reset(&out);
    expect(marking_without_labels(&profile, STR("From: \"] OK\t-OK\" <sip:1@h>\r\n"), &out), &out,
           "From: \"] \t-\" <sip:1@h>\r\n");
    buf_fini(&out);
}

/* What nobody sees within a label hides none, and what is seen does. */
static void labels_with_what_nobody_sees(void **state)
{
    static const struct {
        const char *octets;
        bool is_seen;
    } trials[] = {
        {"\xc2\x80", false},         {"\xc2\xa0", false},
        {"\xc2\xad", false},         {"\xcd\x8f", false},
        {"\xd8\x9c", false},         {"\xe1\x85\x9f", false},
        {"\xe1\x85\xa0", false},     {"\xe1\x9e\xb4", false},
        {"\xe1\xa0\x8b", false},     {"\xe1\xa0\x8e", false},
        {"\xe2\x80\x8b", false},     {"\xe2\x80\x8f", false},
        {"\xe2\x80\xae", false},     {"\xe2\x81\xa0", false},
        {"\xe2\x81\xa1", false},     {"\xe2\x81\xa6", false},
        {"\xe2\x81\xaf", false},     {"\xe3\x80\x80", false},
        {"\xe3\x85\xa4", false},     {"\xef\xb8\x80", false},
        {"\xef\xb8\x8f", false},     {"\xef\xbb\xbf", false},
        {"\xef\xbe\xa0", false},     {"\xef\xbf\xb9", false},
        {"\xf0\x9b\xb2\xa0", false}, {"\xf0\x9d\x85\xb3", false},
        {"\xf3\xa0\x80\x81", false}, {"\xf3\xa0\x81\x96", false},
        {"\xf3\xa0\x84\x80", false}, {"\xf3\xa0\xbf\xbf", false},
        {"\xc3\xa0", true},          {"\xef\xbd\x96", true},
        {"\xf0\x9f\x98\x80", true},  {"\xff", true},
        {"\xe2\x80", true},          {"\xf5\x80\x80\x80", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
        char line[96];
        struct buf out = BUF_INIT;
        const char *o = trials[i].octets;
        snprintf(line, sizeof(line), "From: \"%s[%sV%s%s] Bank\" <sip:1@h>\r\n", o, o, o, o);
        if (marking_without_labels(&labelled, str_of(line), &out) == trials[i].is_seen)
            fail_msg("%s", line);
        buf_fini(&out);
    }
}

/* ---- headers ---- */

static const struct {
    const struct verified *verified;
    const char *name, *value;
} headers[] = {
    {&passed_a, "P-Attestation-Indicator", "A"},
    {&passed_c, "Attestation-Info", "C"},
    {&failed_a, "P-Attestation-Indicator", NULL},
    {&nothing, "P-Attestation-Indicator", NULL},
    {&passed_a, "P-Origination-ID", "1fd2d6b8-6b1a-4f0c-9d53-f5a8a8a5d6aa"},
    {&failed_a, "Origination-Id", NULL},
    {&passed_c, "Origination-Id", NULL}, /* its token has none */
    {&passed_a, "X-Verstat", "TN-Validation-Passed-A"},
    {&failed_a, "X-Verstat", "TN-Validation-Failed-A"},
    {&passed_a, "X-Twilio-VerStat", "TN-Validation-Passed-A"},
    {&passed_a, "X-Plivo-Stir-Verification", "Verified"},
    {&passed_c, "X-Plivo-Stir-Verification", "Not Verified"},
    {&failed_a, "X-Plivo-Stir-Verification", "Not Verified"},
    {&nothing, "X-Plivo-Stir-Verification", "Not Verified"},
    {&open, "X-Plivo-Stir-Verification", NULL},
};

static void attestation_headers(void **state)
{
    (void)state;
    const struct verification_setting profile = {.verstat_suffix = VERSTAT_SUFFIX_LETTER};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const struct marking m = {&profile, headers[i].verified, &america, &caller};
        struct buf out = BUF_INIT;
        expect(marking_header(&m, str_of(headers[i].name), &out), &out, headers[i].value);
        buf_fini(&out);
    }
}

static void expect_result(const struct verified *v, const char *wanted)
{
    const struct verification_setting profile = {.verstat_suffix = VERSTAT_SUFFIX_NONE};
    const struct marking m = {&profile, v, &america, &caller};
    struct buf out = BUF_INIT;
    marking_result(&m, &out);
    expect(true, &out, wanted);
    buf_fini(&out);
}

static void result(void **state)
{
    (void)state;
    expect_result(&passed_a, "passed;A;709J;-");
    expect_result(&failed_a, "failed;-;709J;signature");
    expect_result(&nothing, "nothing;-;-;-");
}

/* A token's and a certificate's texts are somebody else's: nothing but words of such headers. */
static void texts_of_others(void **state)
{
    (void)state;
    const struct verification_setting profile = {.verstat_suffix = VERSTAT_SUFFIX_NONE};
    static const char *const bad[] = {"", "a b", "a\r\nX: y", "a;b", "<a>", "a\"b", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct verified v = passed_a;
        v.origid = v.spc = str_of(bad[i]);
        const struct marking m = {&profile, &v, &america, &caller};
        struct buf out = BUF_INIT;
        assert_false(marking_header(&m, STR("Origination-Id"), &out));
        assert_int_equal(out.n, 0);
        expect_result(&v, "passed;A;-;-");
        buf_fini(&out);
    }
}

/* A name that is labels in labels takes as many steps as it has octets, and no more. */
static void labels_in_labels(void **state)
{
    (void)state;
    enum { DEPTH = 16000 };
    struct buf line = BUF_INIT, out = BUF_INIT;
    buf_add_text(&line, "From: \"");
    for (int i = 0; i < DEPTH; i++)
        buf_add_char(&line, '[');
    for (int i = 0; i < DEPTH; i++)
        buf_add_text(&line, "V]");
    buf_add_text(&line, "\" <sip:1@h>\r\n");
    expect(marking_without_labels(&labelled, buf_str(&line), &out), &out, "From:  <sip:1@h>\r\n");
    buf_fini(&line);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verstat_in_asserted),
        cmocka_unit_test(from_and_label),
        cmocka_unit_test(labels_of_callers),
        cmocka_unit_test(labels_of_letters),
        cmocka_unit_test(attestation_headers),
        cmocka_unit_test(result),
        cmocka_unit_test(texts_of_others),
        cmocka_unit_test(labels_in_labels),
        cmocka_unit_test(labels_with_what_nobody_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
