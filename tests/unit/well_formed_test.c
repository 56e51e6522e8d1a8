/* What may leave, and what may not: a fault of ours might glue two lines together, cut one or
   forget one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stird/core/well_formed.h>

#define VIA  "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
#define REST "From: <sip:1@h>;tag=1\r\nTo: <sip:2@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
#define LINE "INVITE sip:2@h SIP/2.0\r\n"

static const struct {
    const char *name, *text, *why; /* NULL: well formed */
} cases[] = {
    {"a request", LINE VIA REST "\r\n", NULL},
    {"a response", "SIP/2.0 200\r\n" VIA REST "l: 2\r\n\r\nab", NULL},
    {"compact", "SIP/2.0 200 OK\r\nv: x\r\nf: x\r\nt: x\r\ni: x\r\nCSeq: x\r\nl: 0\r\n\r\n", NULL},
    {"a line that is no header", LINE VIA "X-Broken\r\n" REST "\r\n", NULL},
    {"folded", LINE VIA "X: a\r\n b\r\n" REST "\r\n", NULL},
    {"line ends in the body", LINE VIA REST "\r\na\rb\n", NULL},
    {"nothing", "", "no empty line ends the header"},
    {"no empty line", LINE VIA REST, "no empty line ends the header"},
    {"cut", LINE VIA REST "Ident", "no empty line ends the header"},
    {"LF alone", LINE VIA "X: y\n" REST "\r\n", "CR or LF stands alone"},
    {"CR alone", LINE VIA "X: y\rZ: z\r\n" REST "\r\n", "CR or LF stands alone"},
    {"a line end too many before it", "\r\n" LINE VIA REST "\r\n", "no start line"},
    {"no version", "INVITE sip:2@h\r\n" VIA REST "\r\n", "no start line"},
    {"no status", "SIP/2.0 OK\r\n" VIA REST "\r\n", "no start line"},
    {"continued", LINE " " VIA REST "\r\n", "the start line is continued"},
    {"without Via", LINE REST "\r\n", "a mandatory header is missing"},
    {"glued", LINE VIA "X: y" REST "\r\n", "a mandatory header is missing"},
    {"shorter than told", LINE VIA REST "l: 3\r\n\r\nab", "Content-Length does not fit"},
    {"longer than told", LINE VIA REST "l: 1\r\n\r\nab", "Content-Length does not fit"},
    {"told twice", LINE VIA REST "l: 2\r\nl: 2\r\n\r\nab", "Content-Length does not fit"},
};

static void each_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *why = "unset";
        bool good = well_formed_message(str_of(cases[i].text), &why);
        if (good != !cases[i].why || (why && !str_eq(str_of(why), str_of(cases[i].why))))
            fail_msg("%s: %s", cases[i].name, why ? why : "well formed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_case)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
