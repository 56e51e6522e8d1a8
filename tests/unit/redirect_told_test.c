/* R-D-021: P-Asserted-Identity in the answer to a call that was judged: whose number, and how it
 * stands there. */
#include "redirect_scene.h"

/* ---- P-Asserted-Identity ---- */

#define PAI(uri) "P-Asserted-Identity: " uri "\n"

static const struct {
    const char *lines, *from; /* of the request; NULL: "sip:2155550121@192.0.2.40" */
    bool untrusted;
    enum dialect_pai pai;
    enum verstat_form form;
    enum verstat_place place;
    const char *label;
    const char *said;
} asserted[] = {
    {"", NULL, .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"", NULL, .pai = DIALECT_PAI_CANONICAL,
     .said = PAI("<sip:+12155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"", NULL, .form = VERSTAT_FORM_TEL,
     .said = PAI("<tel:+12155550121;verstat=TN-Validation-Passed>")},
    {"", NULL, .form = VERSTAT_FORM_URI,
     .said = PAI("<sip:2155550121@192.0.2.40;verstat=TN-Validation-Passed>")},
    {"", NULL, .place = VERSTAT_PLACE_NONE, .said = ""},
    {"", NULL, .place = VERSTAT_PLACE_FROM, /* From of an answer stays as it came */
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"", "tel:+1-215-555-0121", .said = PAI("<tel:+1-215-555-0121;verstat=TN-Validation-Passed>")},
    {"", "sip:anonymous@anonymous.invalid",
     .said = PAI("<tel:+12155550121;verstat=TN-Validation-Passed>")},
    {"", NULL, .label = "[V]",
     .said = PAI("\"[V] 2155550121\" <sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"P-Asserted-Identity: \"Acme\" <sip:+12155550121@sbc.example>\r\n", NULL,
     .said = PAI("\"Acme\" <sip:+12155550121;verstat=TN-Validation-Passed@sbc.example>")},
    {"P-Asserted-Identity: \"Acme\" <sip:+12155550121@sbc.example>\r\n", NULL, .label = "[V]",
     .said = PAI("\"[V] Acme\" <sip:+12155550121;verstat=TN-Validation-Passed@sbc.example>")},
    {"P-Asserted-Identity:\r\n <tel:+12155550121;verstat=TN-Validation-Failed>\r\n", NULL,
     .said = PAI("<tel:+12155550121;verstat=TN-Validation-Passed>")},
    /* of another number nothing is known */
    {"P-Asserted-Identity: <tel:+12155550177>\r\n", NULL,
     .said = PAI("<tel:+12155550177;verstat=No-TN-Validation>")},
    {"P-Asserted-Identity: <tel:+12155550177>\r\n", NULL, .untrusted = true,
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    /* each of a list by itself */
    {"P-Asserted-Identity: <sip:+12155550121@h>, <tel:+12155550121>\r\n", NULL, .label = "[V]",
     .said = PAI("\"[V] +12155550121\" <sip:+12155550121;verstat=TN-Validation-Passed@h>, "
                 "\"[V] +12155550121\" <tel:+12155550121;verstat=TN-Validation-Passed>")},
    {"P-Asserted-Identity: \"A, B\" <sip:+12155550121@h> ,C <tel:+12155550177>\r\n", NULL,
     .label = "[V]",
     .said = PAI("\"[V] A, B\" <sip:+12155550121;verstat=TN-Validation-Passed@h>, "
                 "C <tel:+12155550177;verstat=No-TN-Validation>")},
    /* what no header has is not written, and silences nothing */
    {"P-Asserted-Identity: \"A\x01\" <sip:+12155550121@h>\r\n", NULL,
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"P-Asserted-Identity: <tel:+12155550121>;x=\x7f\r\n", NULL, .label = "[V]",
     .said = PAI("\"[V] 2155550121\" <sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
    {"P-Asserted-Identity: <sip:sales@sbc.example>\r\n", NULL,
     .said = PAI("<sip:2155550121;verstat=TN-Validation-Passed@192.0.2.40>")},
};

static void number_of_a_judged_call(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(asserted) / sizeof(asserted[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT, request = BUF_INIT;
        set(&s, &dialects[0]);
        judged(&s, VERIFICATION_PASSED, VERSTAT_PASSED);
        buf_addf(&request, "INVITE sip:a@b SIP/2.0\r\n%s\r\n", asserted[i].lines);
        s.question.request = buf_str(&request);
        s.call.from_uri = str_of(asserted[i].from ? asserted[i].from : "sip:2155550121@192.0.2.40");
        s.trunk.trusted = !asserted[i].untrusted;
        s.dialect.pai = asserted[i].pai;
        s.dialect.contact = DIALECT_CONTACT_NONE;
        s.profile.verstat_form = asserted[i].form;
        s.profile.verstat_place = asserted[i].place;
        s.profile.n_attestation_headers = 0;
        s.profile.result_header = STR("");
        s.profile.label_a = str_of(asserted[i].label);
        answer(&s, &a, &out);
        const struct str lines = str_slice(buf_str(&out), str_find(buf_str(&out), '\n', 0) + 1,
                                           out.n);
        if (!str_eq(lines, str_of(asserted[i].said)))
            fail_msg("%zu:\n%.*s\nand not\n%s", i, STR_ARG(lines), asserted[i].said);
        buf_fini(&out);
        buf_fini(&request);
        clear(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_of_a_judged_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
