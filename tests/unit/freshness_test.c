/* How long a server lets be used what it serves: by header lines, a story a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fetch/freshness.h"

#define NOW 1790000000 /* Mon, 21 Sep 2026 14:13:20 GMT */

static int64_t of(const char *headers)
{
    struct freshness f = FRESHNESS_INIT;
    struct str rest = str_of(headers);
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '|');
        size_t colon = str_find(line, ':', 0);
        freshness_take(&f, str_slice(line, 0, colon), str_trim(str_slice(line, colon + 1, line.n)));
    }
    return freshness_s(&f, NOW);
}

/* R-V-014. */
static void headers(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int64_t seconds;
    } cases[] = {
        {"", -1},
        {"Content-Type: text/plain", -1},
        {"Cache-Control:", -1},
        {"Cache-Control: max-age=300", 300},
        {"CACHE-CONTROL: public, max-age=300", 300},
        {"Cache-Control: Max-Age = 300 , must-revalidate", 300},
        {"Cache-Control: max-age=\"60\"", 60},
        {"Cache-Control: max-age=300, no-store", 0},
        {"Cache-Control: no-cache", 0},
        {"Cache-Control: no-cache, s-maxage=9", 0},
        {"Cache-Control: max-age=soon", -1},
        {"Cache-Control: max-age=", -1},
        {"Cache-Control: max-age", -1},
        {"Cache-Control: max-age=-1", -1},
        {"Cache-Control: max-age=99999999999999999999", 365 * 86400},
        {"Cache-Control: s-maxage=9, max-age=5", 9},
        {"Cache-Control: max-age=5, s-maxage=9", 9},
        {"Cache-Control: max-age=5|Cache-Control: s-maxage=9", 9},
        {"Cache-Control: max-age=5, max-age=9", 5},
        {"Cache-Control: ,,,", -1},
        {"Cache-Control: max-age=300|Age: 100", 200},
        {"Cache-Control: max-age=300|Age: 900", 0},
        {"Cache-Control: max-age=300|Age: old", 300},
        {"Age: 100", -1},
        {"Expires: Mon, 21 Sep 2026 15:13:20 GMT", 3600},
        {"Expires: Mon, 21 Sep 2026 15:13:20 GMT|Age: 600", 3000},
        {"Expires: Mon, 21 Sep 2026 15:13:20 GMT|Date: Mon, 21 Sep 2026 15:13:10 GMT", 10},
        {"Date: Mon, 21 Sep 2026 15:13:10 GMT|Expires: Mon, 21 Sep 2026 15:13:20 GMT", 10},
        {"Expires: Mon, 21 Sep 2026 15:13:20 GMT|Date: today", 3600},
        {"Expires: Mon, 21 Sep 2026 15:13:20 GMT|Cache-Control: max-age=7", 7},
        {"Expires: Mon, 21 Sep 2020 15:13:20 GMT", 0},
        {"Expires: Fri, 01 Jan 9999 00:00:00 GMT", 365 * 86400},
        {"Expires: 0", 0},
        {"Expires: -1", 0},
        {"Date: Mon, 21 Sep 2026 15:13:10 GMT", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (of(cases[i].headers) != cases[i].seconds)
            fail_msg("%s: %lld", cases[i].headers, (long long)of(cases[i].headers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
