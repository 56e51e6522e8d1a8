/* When an alarm begins, what it counts, and when it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stird/base/log.h>

#include "daemon/alarms.h"

#define SECOND 1000
#define NOW_S  1893456000

struct scene {
    struct alarms alarms;
    uint64_t values[ALARMS];
    int64_t now_ms;
};

static void look(struct scene *s, int64_t later_ms)
{
    s->now_ms += later_ms;
    alarms_look(&s->alarms, s->values, s->now_ms, NOW_S + s->now_ms / SECOND);
}

static struct alarm *row(struct scene *s, enum alarm_name name)
{
    return &s->alarms.rows[name];
}

static void at_first_nothing(void **state)
{
    struct scene s = {0};
    (void)state;
    look(&s, SECOND);
    assert_int_equal(alarms_on(&s.alarms), 0);
}

static void while_it_is(void **state)
{
    struct scene s = {0};
    (void)state;
    s.values[ALARM_no_signer] = 1;
    look(&s, SECOND);
    look(&s, 3600 * SECOND);
    assert_true(row(&s, ALARM_no_signer)->on);
    assert_int_equal(row(&s, ALARM_no_signer)->since_s, NOW_S + 1);
    assert_int_equal(row(&s, ALARM_no_signer)->last_s, NOW_S + 3601);
    assert_int_equal(row(&s, ALARM_no_signer)->count, 1);
    s.values[ALARM_no_signer] = 0;
    look(&s, SECOND);
    assert_int_equal(alarms_on(&s.alarms), 0);
}

static void until_it_is_quiet(void **state)
{
    struct scene s = {0};
    (void)state;
    s.values[ALARM_records_lost] = 7;
    look(&s, SECOND);
    look(&s, ALARM_QUIET_MS - 1);
    assert_true(row(&s, ALARM_records_lost)->on);
    s.values[ALARM_records_lost] = 10;
    look(&s, 0);
    assert_int_equal(row(&s, ALARM_records_lost)->count, 10);
    assert_int_equal(row(&s, ALARM_records_lost)->since_s, NOW_S + 1);
    look(&s, ALARM_QUIET_MS - 1);
    assert_true(row(&s, ALARM_records_lost)->on);
    look(&s, 1);
    assert_int_equal(alarms_on(&s.alarms), 0);
    /* the next one counts anew */
    s.values[ALARM_records_lost] = 11;
    look(&s, SECOND);
    assert_int_equal(row(&s, ALARM_records_lost)->count, 1);
}

/* A sum that comes from another process may be late: less is no news. */
static void a_sum_that_shrinks_is_no_news(void **state)
{
    struct scene s = {0};
    (void)state;
    s.values[ALARM_slow_readers] = 5;
    look(&s, SECOND);
    s.values[ALARM_slow_readers] = 3;
    look(&s, SECOND);
    assert_int_equal(row(&s, ALARM_slow_readers)->count, 5);
    s.values[ALARM_slow_readers] = 4;
    look(&s, SECOND);
    assert_int_equal(row(&s, ALARM_slow_readers)->count, 6);
}

static void each_is_told(void **state)
{
    struct scene s = {0};
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    (void)state;
    for (unsigned i = 0; i < ALARMS; i++)
        s.values[i] = i + 1;
    look(&s, SECOND);
    assert_int_equal(alarms_on(&s.alarms), ALARMS);
    alarms_put(&s.alarms, &j);
    buf_add_char(&out, '\0');
#define ALARM(name, rule, text)                                                                    \
    assert_non_null(strstr(out.p, "{\"name\":\"" #name "\",\"text\":\"" text "\",\"since\":"));
#include "daemon/alarms.def"
#undef ALARM
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_first_nothing),  cmocka_unit_test(while_it_is),
        cmocka_unit_test(until_it_is_quiet), cmocka_unit_test(a_sum_that_shrinks_is_no_news),
        cmocka_unit_test(each_is_told),
    };
    log_open("test", open("/dev/null", O_WRONLY), false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
