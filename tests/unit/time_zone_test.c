/* Local times of Debian's zone files, against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <stird/core/time_zone.h>

static struct str slurp(const char *name)
{
    static char room[1 << 16];
    char path[128];
    snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rbe");
    assert_non_null(f);
    size_t n = fread(room, 1, sizeof(room), f);
    fclose(f);
    return (struct str){room, n};
}

static void as_the_c_library_says(void **state)
{
    (void)state;
    static const char *const names[] = {"America/New_York", "America/Los_Angeles", "Europe/Berlin",
                                        "Asia/Kolkata",     "Australia/Lord_Howe", "UTC",
                                        "Pacific/Apia",     "America/St_Johns"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct arena *arena = arena_new(4096);
        struct time_zone zone;
        const char *why;
        assert_true(
            time_zone_read(&zone, str_of(names[i]), slurp(names[i]), 1893456000, arena, &why));
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t t = 0; t < 2000000000; t += 86400 * 3 + 12347) {
            struct tm tm;
            time_t at = (time_t)t;
            struct local_time local = time_zone_local(&zone, t);
            localtime_r(&at, &tm);
            assert_int_equal(local.weekday, tm.tm_wday);
            assert_int_equal(local.minute, tm.tm_hour * 60 + tm.tm_min);
            tm.tm_sec = tm.tm_min = tm.tm_hour = 0;
            tm.tm_isdst = 0;
            assert_int_equal(local.day, timegm(&tm) / 86400);
        }
        arena_free(arena);
    }
}

static void what_is_no_zone_is_refused(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    struct time_zone zone;
    const char *why;
    struct str good = slurp("America/New_York");
    for (size_t n = 0; n + 60 < good.n; n += 7)
        assert_false(time_zone_read(&zone, STR("x"), str_slice(good, 0, n), 0, arena, &why));
    assert_false(time_zone_read(&zone, STR("x"), STR("TZif2"), 0, arena, &why));
    /* A list that ends in 2037 does not tell 2050, where New York will go on changing. */
    assert_false(time_zone_read(&zone, STR("x"), good, 2524608000, arena, &why));
    assert_non_null(strstr(why, "tzdata"));
    /* India will not. */
    assert_true(time_zone_read(&zone, STR("x"), slurp("Asia/Kolkata"), 2524608000, arena, &why));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_c_library_says),
        cmocka_unit_test(what_is_no_zone_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
