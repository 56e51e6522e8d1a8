/* R-D-019, R-D-022: the table of dialects, and what a call of a dialect with qtype asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stird/core/qtype.h>
#include <stird/core/dialect.h>
#include <stird/core/service_choice.h>

/* Each has an answer to everything that there is to say, and none that would begin a call. */
static void table_is_whole(void **state)
{
    (void)state;
    assert_int_equal(dialect_count, 7);
    for (unsigned i = 0; i < dialect_count; i++) {
        const struct dialect *d = &dialects[i];
        assert_ptr_equal(dialect_find(d->name), d);
        assert_true(d->identity != 0 && d->contact_max >= 1000 && d->like.n == 0);
        for (unsigned k = 0; k < DIALECT_CASES; k++) {
            const unsigned status = d->answers[k].status;
            assert_true(status <= 699 && (status >= 300 || (status == 0 && k == DIALECT_REFUSED)));
        }
        assert_true(d->answers[DIALECT_SIGNED].status < 400);
        /* an emergency call may be answered so */
        assert_true(dialect_status_goes_on(d->answers[DIALECT_UNSIGNED].status) &&
                    dialect_status_goes_on(d->answers[DIALECT_BUSY].status));
        assert_int_equal(d->foreign, d->name.p[0] == 'p' && d->name.p[1] == 'r');
        assert_false(d->shaken);
    }
    assert_null(dialect_find(STR("")));
    assert_null(dialect_find(STR("Generic")));
}

/* What is the callee's to say, or ends a call, is none. */
static void who_goes_on(void **state)
{
    static const unsigned on[] = {300, 302, 306, 399, 404, 500, 503, 599};
    static const unsigned off[] = {0, 200, 299, 400, 403, 405, 480, 484, 486, 499, 600, 603};
    (void)state;
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
        assert_true(dialect_status_goes_on(on[i]));
    for (size_t i = 0; i < sizeof(off) / sizeof(off[0]); i++)
        assert_false(dialect_status_goes_on(off[i]));
}

static void words_are_told_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < DIALECT_CASES; i++) {
        assert_true(dialect_case_text((enum dialect_case)i).n > 10);
        for (unsigned k = 0; k < i; k++)
            assert_false(str_eq(dialect_case_name((enum dialect_case)i),
                                dialect_case_name((enum dialect_case)k)));
    }
}

/* ---- qtype ---- */

static const struct {
    const char *dialect, *from;
    bool brings, is_judged, in_doubt; /* in_doubt: of one that is signed */
} asked[] = {
    {"sansay", "sip:2155550121@192.0.2.40;otg=1;qtype=sti-vs", true, true, false},
    {"sansay", "sip:2155550121@192.0.2.40;QType=STI-VS", false, true, false},
    {"sansay", "sip:2155550121@192.0.2.40;qtype=sti-as", true, false, false},
    {"sansay", "sip:2155550121@192.0.2.40;qtype=other", true, false, false},
    {"sansay", "sip:2155550121@192.0.2.40", true, false, false},
    {"sansay", "sip:2155550121@192.0.2.40;qtype=sti-as;qtype=sti-vs", true, false, false},
    {"sansay", "sip:2155550121@192.0.2.40;qtype=sti%2Dvs", true, true, false},
    {"sansay", "sip:2155550121;qtype=sti-vs@192.0.2.40", true, false, false},
    {"sansay", "sip:2155550121@192.0.2.40@x;qtype=sti-vs", true, false, false},
    {"generic", "sip:2155550121@192.0.2.40;qtype=sti-vs", true, false, false},
    {NULL, "sip:2155550121@192.0.2.40;qtype=sti-vs", true, false, false},
};

static void what_from_asks_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        const struct settings settings = {0};
        const struct trunk trunk = {
            .service = SERVICE_AUTO,
            .country = {.code = STR("1"), .national_length = 10},
            .in_dialect = asked[i].dialect ? dialect_find(str_of(asked[i].dialect)) : NULL};
        struct call call = {.trunk = &trunk,
                            .from_uri = str_of(asked[i].from),
                            .request_uri = STR("sip:+12155550131@192.0.2.10"),
                            .to_uri = STR("sip:+12155550131@192.0.2.10"),
                            .n_identity_shaken = asked[i].brings};
        struct service_choice choice;
        qtype_add(&call.qtype, call.from_uri, call.from_uri);
        service_choose(&choice, &settings, NULL, &call);
        if (choice.is_judged != asked[i].is_judged || choice.in_doubt != asked[i].in_doubt)
            fail_msg("%s: %s", asked[i].from, choice.why);
    }
}

/* It raises nothing: where the called number may be ours, or cannot be told, a signature is C at
   most, whatever From asks for. */
static void doubt_stays(void **state)
{
    const struct settings settings = {0};
    const struct trunk trunk = {.service = SERVICE_AUTO,
                                .country = {.code = STR("1"), .national_length = 10},
                                .in_dialect = dialect_find(STR("sansay"))};
    struct call call = {.trunk = &trunk,
                        .from_uri = STR("sip:2155550121@192.0.2.40;qtype=sti-as"),
                        .request_uri = STR("sip:+12155550131@192.0.2.10"),
                        .to_uri = STR("sip:+12155550131@192.0.2.10"),
                        .n_identity_shaken = 1};
    struct service_choice choice;
    (void)state;
    qtype_add(&call.qtype, call.from_uri, call.from_uri);
    service_choose(&choice, &settings, NULL, &call);
    assert_true(!choice.is_judged && !choice.in_doubt);
    call.request_uri_unclear = true;
    service_choose(&choice, &settings, NULL, &call);
    assert_true(!choice.is_judged && choice.in_doubt);
}

/* What keeps a token from a call, of whichever service: the whole line counts, and how it is
   written does not. */
static const struct {
    const char *line, *uri;
    enum qtype_asks asked;
    bool forbids;       /* ... with qtype */
    bool forbids_plain; /* of another dialect */
} lines[] = {
    {"<sip:1@h>", "sip:1@h", ASKED_NOTHING, false, false},
    {"<sip:1@h;qtype=sti-as>", "sip:1@h;qtype=sti-as", ASKED_SIGNATURE, false, false},
    {"<sip:1@h;QTYPE=Sti%2dAS>", "sip:1@h;QTYPE=Sti%2dAS", ASKED_SIGNATURE, false, false},
    {"<tel:+1;qtype=sti-as>", "tel:+1;qtype=sti-as", ASKED_SIGNATURE, false, false},
    {"<tel:+1;qtype=sti-vs>", "tel:+1;qtype=sti-vs", ASKED_VERDICT, true, true},
    {"<sip:1@h;qtype=sti-vs>", "sip:1@h;qtype=sti-vs", ASKED_VERDICT, true, true},
    {"<sip:1@h;%71type=STI%2Dvs>", "sip:1@h;%71type=STI%2Dvs", ASKED_VERDICT, true, true},
    {"<sip:1@h;qtype=sti-vs;qtype=sti-as>", "sip:1@h;qtype=sti-vs;qtype=sti-as", ASKED_UNCLEAR,
     true, true},
    {"<sip:1@h;qtype=sti-as;qtype=sti-as>", "sip:1@h;qtype=sti-as;qtype=sti-as", ASKED_UNCLEAR,
     true, false},
    {"<sip:1@h;qtype=sti-as>;qtype=sti-vs", "sip:1@h;qtype=sti-as", ASKED_UNCLEAR, true, true},
    {"<sip:1@h>;qtype=sti-as", "sip:1@h", ASKED_UNCLEAR, true, false},
    {"sip:1@h;qtype=sti-as", "sip:1@h", ASKED_UNCLEAR, true, false},
    {"sip:1@h;qtype=sti-vs", "sip:1@h", ASKED_UNCLEAR, true, true},
    {"<sip:1;qtype=sti-as@h>", "sip:1;qtype=sti-as@h", ASKED_UNCLEAR, true, false},
    {"<sip:1;qtype=sti-vs@h;qtype=sti-as>", "sip:1;qtype=sti-vs@h;qtype=sti-as", ASKED_UNCLEAR,
     true, true},
    {"<sip:1@h?qtype=sti-vs>", "sip:1@h?qtype=sti-vs", ASKED_UNCLEAR, true, true},
    {"<sip:1@h;a=b?x=y;qtype=sti-as>", "sip:1@h;a=b?x=y;qtype=sti-as", ASKED_UNCLEAR, true, false},
    {"<sip:1@h;qtype=sti-xx>", "sip:1@h;qtype=sti-xx", ASKED_UNCLEAR, true, false},
    {"<sip:1@h;qtype>", "sip:1@h;qtype", ASKED_UNCLEAR, true, false},
    {"<sip:1@h;qtype=sti-as,sti-vs>", "", ASKED_UNCLEAR, true, true},
    {"\"sti-vs\" <sip:1@h;qtype=sti-as>", "sip:1@h;qtype=sti-as", ASKED_UNCLEAR, true, true},
    {"\"s\\ti-vs\" <sip:1@h>", "sip:1@h", ASKED_UNCLEAR, true, true},
    {"<sip:1@h;x=STI-VS>", "sip:1@h;x=STI-VS", ASKED_UNCLEAR, true, true},
    {"<sip:1@h@x;qtype=sti-as>", "sip:1@h@x;qtype=sti-as", ASKED_UNCLEAR, true, false},
    {"<sip:1@h;qtype=sti-v", "", ASKED_UNCLEAR, true, false},
};

static void what_keeps_a_token_away(void **state)
{
    static const enum trunk_service services[] = {SERVICE_SIGN, SERVICE_AUTO, SERVICE_VERIFY_SIGN};
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        for (unsigned k = 0; k < 3; k++) {
            struct trunk trunk = {.service = services[k],
                                  .in_dialect = dialect_find(STR("sansay"))};
            struct call call = {.trunk = &trunk};
            qtype_add(&call.qtype, str_of(lines[i].line), str_of(lines[i].uri));
            if (qtype_asks(&call) != lines[i].asked || qtype_forbids(&call) != lines[i].forbids)
                fail_msg("%s: %d", lines[i].line, (int)qtype_asks(&call));
            trunk.in_dialect = dialect_find(STR("generic"));
            if (qtype_asks(&call) != ASKED_NOTHING ||
                qtype_forbids(&call) != lines[i].forbids_plain)
                fail_msg("%s, of another dialect", lines[i].line);
            trunk.in_dialect = NULL; /* a proxy's */
            assert_false(qtype_forbids(&call));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_whole),          cmocka_unit_test(who_goes_on),
        cmocka_unit_test(words_are_told_apart),    cmocka_unit_test(what_from_asks_for),
        cmocka_unit_test(what_keeps_a_token_away), cmocka_unit_test(doubt_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
