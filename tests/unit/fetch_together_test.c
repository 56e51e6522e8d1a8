/* Several URLs that are fetched side by side: none waits for another one. R-V-042. */
#include "fetcher_lab.h"

#define JOBS 4

static struct fetch_job jobs[JOBS];
static struct {
    unsigned times;
    enum fetch_outcome outcome;
    long status;
    char body[64];
} ends[JOBS];

static void add(unsigned i, struct str url)
{
    jobs[i] = (struct fetch_job){.url = url, .options = lab_options().fetch};
    memset(&ends[i], 0, sizeof(ends[i]));
}

static void take(unsigned i)
{
    ends[i].times++;
    ends[i].outcome = jobs[i].reply.outcome;
    ends[i].status = jobs[i].reply.status;
    snprintf(ends[i].body, sizeof(ends[i].body), "%.*s", STR_ARG(buf_str(&jobs[i].reply.body)));
}

static void assert_end(unsigned i, unsigned times, enum fetch_outcome outcome, const char *body)
{
    assert_int_equal(ends[i].times, times);
    if (ends[i].outcome != outcome)
        fail_msg("%u: %s", i, fetch_outcome_word(ends[i].outcome));
    assert_string_equal(ends[i].body, body);
}

/* The server answers the first when all others have ended. */
static bool open_at_last(void *user, unsigned i)
{
    unsigned *left = user;
    take(i);
    if (--*left == 1)
        web_gate(web, true);
    return false;
}

static void none_waits_for_another(void **state)
{
    unsigned left = JOBS;
    (void)state;
    add(0, URL("a", "gate"));
    add(1, URL("a", "ok"));
    add(2, URL("refuses", "ok"));
    add(3, STR("http://a.lab.test/ok"));
    web_gate(web, false);
    fetch_together(jobs, JOBS, open_at_last, &left);
    assert_int_equal(left, 0);
    assert_end(0, 1, FETCH_OK, "/gate");
    assert_end(1, 1, FETCH_OK, "/ok");
    assert_end(2, 1, FETCH_CONNECT, "");
    assert_end(3, 1, FETCH_BAD_URL, "");
}

/* First what is not there, then another URL; then one that is none. */
static bool go_on(void *user, unsigned i)
{
    static const struct str next[] = {URL("a", "ok"), STR("nothing"), URL("a", "week")};
    unsigned *step = user;
    take(i);
    if (i != 0 || *step == 3)
        return false;
    jobs[0].url = next[(*step)++];
    return true;
}

static void one_after_the_other(void **state)
{
    unsigned step = 0;
    (void)state;
    add(0, URL("a", "302"));
    add(1, URL("a", "ok"));
    fetch_together(jobs, 2, go_on, &step);
    assert_int_equal(step, 3);
    assert_int_equal(ends[0].times, 4);
    assert_int_equal(ends[0].outcome, FETCH_OK);
    assert_end(1, 1, FETCH_OK, "/ok");
    fetch_together(jobs, 0, go_on, &step);
}

/* Its time is its own. */
static void one_hangs(void **state)
{
    unsigned left = JOBS;
    char url[64];
    (void)state;
    snprintf(url, sizeof(url), "https://%s:8443/ok", hanging_host);
    add(0, str_of(url));
    add(1, URL("a", "ok"));
    jobs[0].options.timeout_ms = 1;
    fetch_together(jobs, 2, open_at_last, &left);
    assert_int_equal(ends[0].times, 1);
    assert_true(ends[0].outcome == FETCH_TIMEOUT || ends[0].outcome == FETCH_NAME);
    assert_end(1, 1, FETCH_OK, "/ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(none_waits_for_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_after_the_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_hangs, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
