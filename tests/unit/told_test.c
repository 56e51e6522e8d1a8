/* Which headers tell of a level, and where a verstat begins and ends. Values: policy/cases.json. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <stird/base/buf.h>
#include <stird/core/told.h>

static const struct {
    const char *name;
    enum told told;
} names[] = {
    {"Attestation-Info", TOLD_LEVEL},
    {"attestation-info", TOLD_LEVEL},
    {"P-Attestation-Info", TOLD_LEVEL},
    {"P-ATTESTATION-INDICATOR", TOLD_LEVEL},
    {"X-Attestation-Info", TOLD_LEVEL},
    {"X-Attestation-Indicator", TOLD_LEVEL},
    {"Attestation", TOLD_LEVEL},
    {"x-stir-attestation", TOLD_LEVEL},
    {"Origination-Id", TOLD_ORIGID},
    {"P-Origination-ID", TOLD_ORIGID},
    {"X-Origination-Id", TOLD_ORIGID},
    {"X_Origination_Id", TOLD_ORIGID},
    {"P-Orig_ID", TOLD_ORIGID},
    {"x_verification-status", TOLD_RESULT},
    {"X-Verstat", TOLD_RESULT},
    {"X-Plivo-Stir-Verification", TOLD_VERIFIED},
    {"x_plivo_stir_verification", TOLD_VERIFIED},
    {"X-Stird-Verification", TOLD_NOTHING}, /* a header of our own has the name that is set */
    {"P-Identity-Bypass", TOLD_RESULT},
    {"Attestations", TOLD_LEVEL},
    {"X-P-Attestation-Info", TOLD_LEVEL},
    {"X-Attestation_Info", TOLD_LEVEL},
    {"X-Attestation-Ind", TOLD_LEVEL},
    {"X-Attest-Value", TOLD_LEVEL},
    {"X-Shaken-Attestation", TOLD_LEVEL},
    {"X-STIR-SHAKEN-Attestation", TOLD_LEVEL},
    {"P-Identity-Attest", TOLD_LEVEL},
    {"XATTESTVALUE", TOLD_LEVEL},
    {"attest.level", TOLD_LEVEL},
    {"X-Great-Test", TOLD_NOTHING},
    {"X-Contest", TOLD_NOTHING},
    {"X-", TOLD_NOTHING},
    {"", TOLD_NOTHING},
    {"From", TOLD_NOTHING},
    {"Identity", TOLD_NOTHING},
};

static void who_tells_what(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (told_by(str_of(names[i].name)) != names[i].told)
            fail_msg("%s", names[i].name);
}

/* docs/sip.md lists them: each in `` of that paragraph is one that is known. */
static void what_the_manual_lists_is_known(void **state)
{
    (void)state;
    FILE *f = fopen(PROJECT_DIR "/docs/sip.md", "r");
    char text[65536];
    assert_non_null(f);
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    fclose(f);
    char *at = strstr(text, "**What tells of a level**"), *end = at ? strstr(at, "\n\n") : NULL;
    unsigned n = 0;
    assert_non_null(end);
    *end = '\0';
    while ((at = strchr(at, '`'))) {
        size_t length = strcspn(at + 1, "`");
        struct str name = {at + 1, length};
        if (name.p[length - 1] != '-' && told_by(name) == TOLD_NOTHING)
            fail_msg("%.*s", STR_ARG(name));
        n++;
        at += length + 2;
    }
    assert_true(n > 15);
}

static const struct {
    const char *value;
    char level;
} levels[] = {
    {"A", 'A'},
    {"A;x=y", 'A'},
    {"A;level=C", 'C'},
    {"A;attest=\"C\"", 'C'},
    {"<A> ; Level = b", 'B'},
    {"\"A;level=C\"", 'C'},
    {"C;level=A", 'C'},
    {"A;C", 'C'},
    {"A;x=C", 'C'},
    {"A;verified;level=<B>", 'B'},
    {"A, A;attestation=B", 'B'},
    {"A;level=gateway", '\0'},
    {"A;level=", '\0'},
    {"A;attest-level", '\0'},
    {"A C", '\0'},
    {"A/C", '\0'},
    {"level=A", '\0'},
    {"", '\0'},
};

static void the_lowest_level_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (told_level(str_of(levels[i].value)) != levels[i].level)
            fail_msg("%s", levels[i].value);
}

static const struct {
    const char *text, *without;
} verstats[] = {
    {"P: <tel:+1;verstat=TN-Validation-Passed>\r\n", "P: <tel:+1>\r\n"},
    {"P: <sip:+1;verstat=No-TN-Validation@h;user=phone>\r\n", "P: <sip:+1@h;user=phone>\r\n"},
    {"P: <sip:+1@h>;verstat=x;y=z\r\n", "P: <sip:+1@h>;y=z\r\n"},
    {"P: <sip:+1@h;a;VerStat=x-A;b>\r\n", "P: <sip:+1@h;a;b>\r\n"},
    {"P: <tel:+1;verstat=a>, <sip:+1;verstat=b@h>\r\n", "P: <tel:+1>, <sip:+1@h>\r\n"},
    {"P: <tel:+1>;\r\n verstat = \"a;b\" ;x\r\n", "P: <tel:+1> ;x\r\n"},
    {"P: <tel:+1;verstat >\r\n", "P: <tel:+1 >\r\n"},
    {"P: <tel:+1;verstat=\"a>;verstat=b", "P: <tel:+1>"},
    {"P: <tel:+1;verstat>\r\n", "P: <tel:+1>\r\n"},
    {"P: <tel:+1;verstat=", "P: <tel:+1"},
    {"P: \";verstat=x\" <tel:+1>\r\n", NULL},
    {"P: <tel:+1;verstats=x;xverstat=y>\r\n", NULL},
    {"P: verstat=x\r\n", NULL},
    {"P: \"open;verstat=x\r\n", "P: \"open\r\n"},
    {";", NULL},
    {"", NULL},
    /* quotes in a URI or behind it hide nothing from who reads leniently */
    {"From: <sip:1;a=\"b;verstat=X;c=\"@h>", "From: <sip:1;a=\"b;c=\"@h>"},
    {"From: <sip:1@h;a=\";verstat=X;b=\">", "From: <sip:1@h;a=\";b=\">"},
    {"From: \"a;verstat=X\" <sip:1@h>", NULL},
    {"P: \"a;verstat=X\" <tel:1>, \"b;verstat=Y\" <tel:2;verstat=Z>",
     "P: \"a;verstat=X\" <tel:1>, \"b;verstat=Y\" <tel:2>"},
    /* what is left may be one again, in however many pieces */
    {"From: <sip:1;ver;verstat=\"\"stat=X@h>", "From: <sip:1@h>"},
    {"From: <sip:1;ver;ver;ver;ver;ver;ver;verstat=\"\"stat=\"\"stat=\"\"stat=\"\"stat=\"\"stat=\"\"stat=X@h>",
     "From: <sip:1;ver;------t=\"\"stat=X@h>"},
    /* escaped, and behind what a lenient reader passes over */
    {"From: <sip:1;%76ER%73tat=X@h>", "From: <sip:1@h>"},
    {"From: <sip:1;\x01 verstat=X@h>", "From: <sip:1@h>"},
    {"From: <sip:1;verstat%3DX@h>", "From: <sip:1@h>"},
    {"From: <sip:1;%56erstat%3dX%20;a@h>", "From: <sip:1;a@h>"},
    {"From: <sip:1%3Bverstat=X@h>", "From: <sip:1@h>"},
    {"From: <sip:1%3b%20verstat%3DX@h;b>", "From: <sip:1@h;b>"},
    {"From: <sip:1;verstat%20=X@h>", "From: <sip:1@h>"},
    {"From: <sip:1;ver\r\n stat=X@h>", "From: <sip:1@h>"},
    {"From: <sip:1;v%0D%0a%09erst\r\n\tat=X@h>", "From: <sip:1@h>"},
    /* a password, and header fields of a URI */
    {"From: <sip:1:verstat=X@h>", "From: <sip:1@h>"},
    {"From: <sip:1%3Averstat=X@h>", "From: <sip:1@h>"},
    {"From: sip:1:verstat=X@h;tag=2", "From: sip:1@h;tag=2"},
    {"From: <sip:1@h?verstat=X>", "From: <sip:1@h>"},
    {"From: <sip:1@h?verstat=X&a=b>", "From: <sip:1@h?a=b>"},
    {"From: <sip:1@h?a=b&verstat=X>", "From: <sip:1@h?a=b>"},
    {"From: <sip:1@h?a=b&verstat&c=d>", "From: <sip:1@h?a=b&c=d>"},
    {"From: <sip:1@h%3Fverstat=X>", "From: <sip:1@h>"},
    {"From: <sip:1@h?verstat=X&%56erstat=Y&a>", "From: <sip:1@h?a>"},
    {"From: <sip:verstat=X@h>", NULL},
    {"From: <sip:1@h:5060>", NULL},
    {"From: <sip:1%3Bverstats=X@h>", NULL},
    {"From: \"a?verstat=X&b:verstat=Y\" <sip:1@h>", NULL},
};

static void verstat_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(verstats) / sizeof(verstats[0]); i++) {
        struct str text = str_of(verstats[i].text);
        struct buf out = BUF_INIT;
        assert_int_equal(told_without_verstat(text, &out), verstats[i].without != NULL);
        if (!verstats[i].without)
            buf_add_str(&out, text);
        const char *wanted = verstats[i].without ? verstats[i].without : verstats[i].text;
        if (!str_eq(buf_str(&out), str_of(wanted)))
            fail_msg("%.*s of %s", STR_ARG(buf_str(&out)), verstats[i].text);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_tells_what),
        cmocka_unit_test(what_the_manual_lists_is_known),
        cmocka_unit_test(the_lowest_level_holds),
        cmocka_unit_test(verstat_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
