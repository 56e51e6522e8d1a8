/* Counters and gauges as Prometheus reads them. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/exposition.h"
#include "web/metrics.h"

static struct proxy_counters calls;
static struct service_counters service;
static struct trunk_counters trunks[2];
static struct upstream_counters upstreams[1];
static struct buf text;

static const char status[] =
    "{\"version\":\"1.2\",\"node\":\"a\\\"b\\\\c\\nd\",\"up_s\":7,\"alarms\":[{\"name\":\"hops_lost\"}],"
    "\"configuration\":{\"generation\":3,\"read_at\":99,\"last_failure\":null},"
    "\"numbers\":{\"rows\":7,\"segments\":6,\"urgent_changes\":0},"
    "\"certificates\":[{\"id\":\"818H\",\"unit\":\"x\",\"spc\":\"709J\",\"url\":\"served\",\"not_before\":10,"
    "\"not_after\":20,\"checked_at\":15,\"signs\":true}],"
    "\"monitors\":[{\"name\":\"east\",\"trunk\":\"pbx\",\"upstream\":null,\"state\":\"well\",\"result\":\"signed\","
    "\"number_changed\":false,\"delay_ms\":21,\"at_s\":40}],"
    "\"tls_certificates\":[{\"use\":\"web\",\"not_after\":30}],"
    "\"workers\":[{\"state\":\"serving\",\"deaths\":1,\"hangs\":0},{\"state\":\"none\",\"deaths\":2,\"hangs\":1}],"
    "\"signer\":{\"state\":\"serving\",\"deaths\":0,\"hangs\":0}}";
static const char hops[] =
    "{\"next_hops\":[{\"upstream\":\"u\",\"address\":\"192.0.2.1:5060\",\"transport\":\"udp\",\"usable\":false},"
    "{\"upstream\":\"u\",\"address\":\"192.0.2.2:5060\",\"transport\":\"udp\",\"usable\":true}],"
    "\"not_shown\":2}";
static const char trust[] =
    "{\"generation\":4,\"trust\":[{\"name\":\"us\",\"state\":\"in force\",\"authorities\":5,\"revoked\":6,"
    "\"sequence\":8,\"expires\":1000,\"sources\":[{\"source\":\"l\",\"until\":1000},{\"source\":\"c\",\"until\":2000}]},"
    "{\"name\":\"fr\",\"state\":\"unavailable\",\"authorities\":0,\"revoked\":0,"
    "\"sources\":[{\"source\":\"d\",\"used\":false}]}]}";

static struct web_view view_of_all(void)
{
    return (struct web_view){
        .all = (const uint64_t *)(const void *)&calls,
        .service = (const uint64_t *)(const void *)&service,
        .trunks = {{"pbx\0guest\0", 10}, (const uint64_t *)(const void *)trunks, 2, 0},
        .upstreams = {{"carrier\0", 8}, (const uint64_t *)(const void *)upstreams, 1, 3},
        .status = str_of(status),
        .trust = str_of(trust),
        .hops = str_of(hops)};
}

static int set_up(void **state)
{
    (void)state;
    const struct web_view view = view_of_all();
    calls = (struct proxy_counters){.requests = 11, .signed_calls = 5, .rejected_calls = 2};
    calls.signing_us = (struct histogram){.sum = 1500020,
                                          .bucket = {[0] = 1, [HISTOGRAM_BORDERS] = 2}};
    calls.by_reason[REASON_SIGNED_OWNED] = 5;
    service = (struct service_counters){.web_answered = 3, .web_refused = 4};
    trunks[0] = (struct trunk_counters){.calls = 1, .signed_calls = 5, .by_level = {4, 0, 1}};
    trunks[1] = (struct trunk_counters){.passed_calls = 6};
    upstreams[0] = (struct upstream_counters){.offered = 9, .by_class = {[2] = 1}};
    text = BUF_INIT;
    metrics_add(&text, &view);
    buf_add_char(&text, '\0');
    return buf_failed(&text) ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&text);
    return 0;
}

static bool has(const char *line)
{
    struct buf whole = BUF_INIT;
    buf_addf(&whole, "\n%s\n", line);
    buf_add_char(&whole, '\0');
    const bool found = strstr(text.p, whole.p) != NULL;
    buf_fini(&whole);
    return found;
}

static void assert_lines(const char *const *lines)
{
    for (; *lines; lines++)
        if (!has(*lines))
            fail_msg("no line: %s\n%s", *lines, text.p);
}

static void test_counters(void **state)
{
    (void)state;
    assert_lines((const char *const[]){
        "# TYPE stird_sip_requests_total counter", "stird_sip_requests_total 11",
        "stird_decided_calls_total{decision=\"signed\"} 5",
        "stird_decided_calls_total{decision=\"passed\"} 0",
        "stird_decided_calls_total{decision=\"rejected\"} 2",
        "stird_reasons_total{reason=\"signed_owned\"} 5",
        "stird_attested_calls_total{level=\"A\"} 0",
        "stird_web_requests_total{result=\"answered\"} 3",
        "stird_web_requests_total{result=\"refused\"} 4", "# TYPE stird_calls gauge",
        "stird_calls 0", "stird_reloads_total 0", NULL});
}

static void test_parts(void **state)
{
    (void)state;
    assert_lines((const char *const[]){
        "stird_trunk_calls{trunk=\"pbx\"} 1", "stird_trunk_calls{trunk=\"guest\"} 0",
        "stird_invites_total{trunk=\"pbx\",decision=\"signed\"} 5",
        "stird_invites_total{trunk=\"guest\",decision=\"passed\"} 6",
        "stird_attestations_total{trunk=\"pbx\",level=\"A\"} 4",
        "stird_upstream_offered_total{upstream=\"carrier\"} 9",
        "stird_upstream_responses_total{upstream=\"carrier\",code_class=\"4xx\"} 1",
        "stird_metrics_left_out{kind=\"upstreams\"} 3", NULL});
    assert_false(has("stird_attestations_total{trunk=\"pbx\",level=\"B\"} 0")); /* 0 is left out */
}

static void test_histograms(void **state)
{
    (void)state;
    assert_lines((const char *const[]){"# TYPE stird_sign_duration_seconds histogram",
                                       "stird_sign_duration_seconds_bucket{le=\"0.00002\"} 1",
                                       "stird_sign_duration_seconds_bucket{le=\"0.00005\"} 1",
                                       "stird_sign_duration_seconds_bucket{le=\"10\"} 1",
                                       "stird_sign_duration_seconds_bucket{le=\"+Inf\"} 3",
                                       "stird_sign_duration_seconds_sum 1.50002",
                                       "stird_sign_duration_seconds_count 3", NULL});
}

static void test_gauges(void **state)
{
    (void)state;
    assert_lines((const char *const[]){
        "stird_build_info{version=\"1.2\",node=\"a\\\"b\\\\c\\nd\"} 1",
        "stird_uptime_seconds 7",
        "stird_alarm{alarm=\"hops_lost\"} 1",
        "stird_config_last_reload_success 1",
        "stird_certificate_not_after_timestamp_seconds{cert_id=\"818H\",unit=\"x\",spc=\"709J\"} 20",
        "stird_certificate_signs{cert_id=\"818H\",unit=\"x\"} 1",
        "stird_x5u_probe_success{cert_id=\"818H\",unit=\"x\"} 1",
        "stird_next_hop_up{upstream=\"u\",target=\"192.0.2.1:5060\",transport=\"udp\"} 0",
        "stird_next_hop_up{upstream=\"u\",target=\"192.0.2.2:5060\",transport=\"udp\"} 1",
        "stird_next_hops_not_shown 2",
        "stird_trust_generation 4",
        "stird_trust_in_force{domain=\"us\"} 1",
        "stird_trust_in_force{domain=\"fr\"} 0",
        "stird_trust_list_sequence{domain=\"us\"} 8",
        "stird_trust_list_expiry_timestamp_seconds{domain=\"us\"} 1000",
        "stird_crl_next_update_timestamp_seconds{domain=\"us\",source=\"c\"} 2000",
        "stird_crl_entries{domain=\"fr\"} 0",
        "stird_processes_serving{role=\"workers\"} 1",
        "stird_process_deaths_total{role=\"workers\"} 3",
        "stird_process_hangs_total{role=\"workers\"} 1",
        "stird_ready{what=\"certificate\"} 1",
        NULL});
    assert_null(strstr(text.p, "trust_list_sequence{domain=\"fr\"}")); /* it has no list */
}

/* No family begins twice, and none has samples behind another's. */
static void test_families_are_whole(void **state)
{
    (void)state;
    static char seen[400][METRIC_NAME_MAX];
    unsigned n = 0;
    struct str left = buf_str(&text);
    left.n--; /* the NUL */
    while (left.n > 0) {
        const struct str line = str_cut(&left, '\n');
        if (str_starts(line, STR("# HELP "))) {
            const struct str rest = str_slice(line, 7, line.n);
            const struct str name = str_slice(rest, 0, str_find(rest, ' ', 0));
            assert_true(n < 400 && name.n < METRIC_NAME_MAX && name.n > strlen("stird_"));
            snprintf(seen[n], sizeof(seen[n]), "%.*s", STR_ARG(name));
            for (unsigned i = 0; i < n; i++)
                if (strcmp(seen[i], seen[n]) == 0)
                    fail_msg("twice: %s", seen[n]);
            n++;
        } else if (!str_starts(line, STR("#")) && !str_starts(line, str_of(seen[n - 1])))
            fail_msg("%.*s behind %s", STR_ARG(line), seen[n - 1]);
    }
    assert_true(n > 100);
}

/* ---- docs/stird-metrics.7 ---- */

/* The names of the labels of the first sample of NAME, but for le. */
static void add_labels(struct buf *out, const char *all, const char *name)
{
    char begin[METRIC_NAME_MAX + 4];
    snprintf(begin, sizeof(begin), "\n%s{", name);
    const char *p = strstr(all, begin);
    const char *end = p ? strchr(p + 1, '\n') : NULL;
    bool any = false;
    for (const char *equals = p; p && (equals = strstr(equals, "=\"")) && equals < end; equals++) {
        const char *from = equals;
        while (from[-1] != '{' && from[-1] != ',')
            from--;
        buf_addf(out, "%s%.*s", any ? ", " : "; by ", (int)(equals - from), from);
        any = true;
    }
}

/* The list of all families as the manual has it. */
static void add_manual(struct buf *out, const char *all)
{
    struct str left = str_of(all);
    while (left.n > 0) {
        const struct str line = str_cut(&left, '\n');
        if (!str_starts(line, STR("# HELP ")))
            continue;
        const struct str rest = str_slice(line, 7, line.n);
        const size_t at = str_find(rest, ' ', 0);
        const struct str type = str_cut(&left, '\n');
        char name[METRIC_NAME_MAX];
        snprintf(name, sizeof(name), "%.*s", (int)at, rest.p);
        buf_addf(out, ".It Ic %s\n%.*s", name, (int)(type.n - 8 - at), type.p + 8 + at);
        add_labels(out, all, name);
        const struct str help = str_slice(rest, at + 1, rest.n);
        buf_addf(out, ".\n%c%.*s.\n", toupper((unsigned char)help.p[0]), (int)(help.n - 1),
                 help.p + 1);
    }
}

static void fill(void *numbers, size_t bytes)
{
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++)
        ((uint64_t *)numbers)[i] = 1;
}

static void fail_differs(const char *wanted)
{
    fprintf(stderr, "docs/stird-metrics.7 is to have:\n%s", wanted);
    fail();
}

/* Each family is in the manual as it is here: its name, its type, its labels, its help. */
static void test_manual(void **state)
{
    (void)state;
    struct buf all = BUF_INIT, wanted = BUF_INIT, page = BUF_INIT;
    fill(&calls, sizeof(calls));
    fill(&service, sizeof(service));
    fill(trunks, sizeof(trunks));
    fill(upstreams, sizeof(upstreams));
    const struct web_view view = view_of_all();
    metrics_add(&all, &view);
    buf_add_char(&all, '\0');
    add_manual(&wanted, all.p);
    FILE *f = fopen(PROJECT_DIR "/docs/stird-metrics.7", "r");
    assert_non_null(f);
    for (int c; (c = getc(f)) != EOF;)
        buf_add_char(&page, (char)c);
    fclose(f);
    buf_add_char(&page, '\0');
    buf_add_char(&wanted, '\0');
    if (!strstr(page.p, wanted.p))
        fail_differs(wanted.p);
    buf_fini(&all);
    buf_fini(&wanted);
    buf_fini(&page);
}

/* Each list has a label of its own; what grows says so by its name. */
static void test_names(void **state)
{
    (void)state;
    const struct counter_table *const tables[METRIC_SCOPES] = {
        [METRIC_all] = &counters_of_all,
        [METRIC_service] = &counters_of_service,
        [METRIC_trunk] = &counters_of_trunk,
        [METRIC_upstream] = &counters_of_upstream};
    for (unsigned scope = 0; scope < METRIC_SCOPES; scope++)
        for (unsigned r = 0; r < tables[scope]->n_rows; r++) {
            const struct counter *row = &tables[scope]->rows[r];
            const struct metric m = metric_of((enum metric_scope)scope, row);
            const size_t n = strlen(m.name);
            const bool total = n > 6 && strcmp(m.name + n - 6, "_total") == 0;
            const bool grows = row->kind == COUNTER_GROWS || row->kind == COUNTER_LIST;
            if (total != grows)
                fail_msg("%s", m.name);
            if (row->kind == COUNTER_LIST && (!m.label || strcmp(m.label, "name") == 0))
                fail_msg("no row of metrics.def says by which label the members of %s differ",
                         row->name);
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counters),           TEST(parts), TEST(histograms), TEST(gauges),
        TEST(families_are_whole), TEST(names), TEST(manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
