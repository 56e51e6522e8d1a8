/* When a child that does not serve yet raises an alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/supervisor/loop.h"
#include <stird/conf/settings_file.h>

/* A supervisor that is ready, with a worker and a recorder in these states. */
static uint64_t missing(enum child_state worker, uint64_t worker_deaths, enum child_state recorder,
                        uint64_t recorder_deaths)
{
    struct problems problems = PROBLEMS_INIT;
    struct files *files = files_new();
    struct settings *settings = settings_read(files, STR("stird.conf"), 1893456000, &problems);
    struct supervisor *s = supervisor_make(roles, ROLES, supervisor_parts);
    assert_non_null(settings);
    assert_non_null(s);
    s->ready = true;
    s->current.settings = s->started_with = settings;
    struct child *w = supervisor_places(s, ROLE_WORKER), *r = supervisor_places(s, ROLE_RECORDER);
    w->kept = r->kept = true;
    w->state = worker;
    w->deaths = worker_deaths;
    r->state = recorder;
    r->deaths = recorder_deaths;
    uint64_t values[ALARMS] = {0};
    part_roster.count(s, values);
    supervisor_unmake(s); /* with the settings */
    files_free(files);
    return values[ALARM_child_missing];
}

/* The recorder may come up behind the workers, whom READY waits for. */
static void a_first_start_goes_on(void **state)
{
    (void)state;
    assert_int_equal(missing(CHILD_SERVING, 0, CHILD_SERVING, 0), 0);
    assert_int_equal(missing(CHILD_SERVING, 0, CHILD_STARTING, 0), 0);
}

static void what_died_is_missed(void **state)
{
    (void)state;
    assert_int_equal(missing(CHILD_SERVING, 0, CHILD_STARTING, 1), 1);
    assert_int_equal(missing(CHILD_SERVING, 0, CHILD_NONE, 1), 1);
    assert_int_equal(missing(CHILD_STARTING, 3, CHILD_NONE, 1), 2);
    assert_int_equal(missing(CHILD_NONE, 0, CHILD_SERVING, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_start_goes_on),
        cmocka_unit_test(what_died_is_missed),
    };
    if (chdir(TESTS_DIR "/conf/good-minimal"))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
