#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <stird/core/sip_date.h>

static void known_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } dates[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sat, 13 Nov 2010 23:29:00 GMT", 1289690940}, /* RFC 3261 section 20.17 */
        {"Thu, 29 Feb 2024 12:00:00 GMT", 1709208000},
        {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
        {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        char text[SIP_DATE_LENGTH + 1];
        int64_t seconds = -1;
        assert_true(sip_date_parse(str_of(dates[i].text), &seconds));
        assert_int_equal(seconds, dates[i].seconds);
        sip_date_write(text, seconds);
        assert_string_equal(text, dates[i].text);
    }
}

static void no_dates(void **state)
{
    static const char *const texts[] = {
        "",
        "Sat, 13 Nov 2010 23:29:00",
        "Sat, 13 Nov 2010 23:29:00 UTC",
        "Sat, 13 Nov 2010 23:29:00 gmt",
        "Sun, 13 Nov 2010 23:29:00 GMT",
        "Sat,13 Nov 2010 23:29:00 GMT",
        "Sat, 13 nov 2010 23:29:00 GMT",
        "Sat, 3 Nov 2010 23:29:00 GMT",
        "Wed, 31 Nov 2010 23:29:00 GMT",
        "Wed, 30 Feb 2010 23:29:00 GMT",
        "Tue, 29 Feb 2100 00:00:00 GMT",
        "Sat, 00 Nov 2010 23:29:00 GMT",
        "Sat, 13 Nov 2010 24:00:00 GMT",
        "Sat, 13 Nov 2010 23:60:00 GMT",
        "Sat, 13 Nov 2010 23:29:60 GMT",
        "Sat, 13 Nov +010 23:29:00 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "Sat, 13 Nov 2010 23:29:00 GMT, x",
        "1289690940",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t seconds = -7;
        bool taken = sip_date_parse(str_of(texts[i]), &seconds);
        if (taken)
            print_error("taken: %s\n", texts[i]);
        assert_false(taken);
        assert_int_equal(seconds, -7);
    }
}

/* Against the C library, over every day from 1970 to 2200. */
static void every_day(void **state)
{
    (void)state;
    for (int64_t s = 3661; s < INT64_C(7258118400); s += 86400) {
        char ours[SIP_DATE_LENGTH + 1], theirs[64];
        time_t t = (time_t)s;
        struct tm tm;
        int64_t back = -1;
        sip_date_write(ours, s);
        strftime(theirs, sizeof(theirs), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&t, &tm));
        assert_string_equal(ours, theirs);
        assert_true(sip_date_parse(str_of(ours), &back));
        assert_int_equal(back, s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_dates),
        cmocka_unit_test(no_dates),
        cmocka_unit_test(every_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
