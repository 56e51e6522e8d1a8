/* stirctl status: the state of the running stird, for people or as JSON. */
#include "columns.h"
#include "session.h"
#include "switching.h"
#include "trunk_service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stird/base/clock.h>
#include <string.h>
#include <time.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "-";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_duration(json_int_t seconds)
{
    if (seconds >= 86400)
        printf("%" JSON_INTEGER_FORMAT " d ", seconds / 86400);
    printf("%02d:%02d:%02d", (int)(seconds / 3600 % 24), (int)(seconds / 60 % 60),
           (int)(seconds % 60));
}

static void print_child(const char *name, const json_t *child)
{
    print_said("%-14s %s", name, text_of(child, "state"));
    if (json_object_get(child, "pid")) {
        printf(", pid %" JSON_INTEGER_FORMAT ", up ", number_of(child, "pid"));
        print_duration(number_of(child, "up_s"));
    }
    printf(", replaced %" JSON_INTEGER_FORMAT " time%s", number_of(child, "deaths"),
           number_of(child, "deaths") == 1 ? "" : "s");
    if (number_of(child, "hangs") > 0)
        printf(", %" JSON_INTEGER_FORMAT " of them since it hung", number_of(child, "hangs"));
    putchar('\n');
}

static bool is_child(const json_t *value)
{
    return json_object_get(value, "state") && json_object_get(value, "deaths");
}

/* KEY is the name of them all, such as "workers". */
static void print_numbered(const char *key, const json_t *children)
{
    size_t i, n = strlen(key);
    json_t *child;
    n -= n > 0 && key[n - 1] == 's';
    json_array_foreach(children, i, child)
    {
        char name[32];
        snprintf(name, sizeof(name), "%.*s %zu", (int)n, key, i + 1);
        if (is_child(child))
            print_child(name, child);
    }
}

/* Under whatever names stird gives them. */
static void print_children(const json_t *status)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)status, key, value)
    {
        if (is_child(value))
            print_child(key, value);
        else
            print_numbered(key, value);
    }
}

#define VALUES_AT 15 /* the column */

static void add_time(struct buf *out, const json_t *object, const char *key)
{
    char text[32] = "-";
    time_t t = (time_t)number_of(object, key);
    struct tm tm;
    if (gmtime_r(&t, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_add_text(out, text);
}

/* The alarms that are on now; docs/troubleshooting.md says what to do. */
static void print_alarms(const json_t *status)
{
    const json_t *alarms = json_object_get(status, "alarms");
    size_t i;
    json_t *a;
    if (json_array_size(alarms) == 0)
        printf("alarms         none\n");
    json_array_foreach(alarms, i, a)
    {
        struct buf text = BUF_INIT;
        buf_addf(&text, "%s: %s, %" JSON_INTEGER_FORMAT " since ", text_of(a, "name"),
                 text_of(a, "text"), number_of(a, "count"));
        add_time(&text, a, "since");
        buf_add_text(&text, ", last ");
        add_time(&text, a, "last");
        buf_add_char(&text, '\0');
        printf("%-*s", VALUES_AT, "ALARM");
        columns_wrap(buf_failed(&text) ? "" : text.p, VALUES_AT, VALUES_AT);
        buf_fini(&text);
    }
}

#define SHORT_MAX 32

/* "17 s", "3 min", "5 h", "12 d" before now; "-" when it never was. */
static const char *age(const json_t *object, const char *key, char room[SHORT_MAX])
{
    static const struct {
        int64_t s;
        const char *unit;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    const char *text = json_string_value(json_object_get(object, key));
    struct tm tm = {0};
    size_t i = 0;
    if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
        return "-";
    int64_t s = clock_real_s() - (int64_t)timegm(&tm);
    s = s > 0 ? s : 0;
    while (i < 3 && s < 2 * units[i].s)
        i++;
    snprintf(room, SHORT_MAX, "%" PRId64 " %s", s / units[i].s, units[i].unit);
    return room;
}

static void print_left_out(const json_t *status, const char *key)
{
    if (number_of(status, key) > 0)
        printf("%-14s and %" JSON_INTEGER_FORMAT " more\n", "", number_of(status, key));
}

static void print_certificates(const json_t *status)
{
    static const char *const heads[] = {"NAME", "UNIT", "STATE", "DAYS", "URL", "SIGNS"};
    struct columns table = columns_new(heads, 6);
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(status, "certificates"), i, c)
    {
        char days[SHORT_MAX];
        snprintf(days, sizeof(days), "%" JSON_INTEGER_FORMAT, number_of(c, "days_left"));
        columns_add(&table,
                    (const char *[]){text_of(c, "id"), text_of(c, "unit"), text_of(c, "state"),
                                     days, text_of(c, "url"),
                                     json_is_true(json_object_get(c, "signs")) ? "yes" : "no"});
    }
    columns_print(&table, "certificates");
}

static const char *hop_state(const json_t *status, const json_t *hop, char room[SHORT_MAX])
{
    json_int_t out = number_of(hop, "out_in_workers");
    size_t workers = json_array_size(json_object_get(status, "workers"));
    if (out == 0 || workers < 2)
        return out > 0 ? "OUT" : "usable";
    snprintf(room, SHORT_MAX, "OUT %" JSON_INTEGER_FORMAT "/%zu", out, workers);
    return room;
}

static void print_hops(const json_t *status)
{
    static const char *const heads[] = {"UPSTREAM", "ADDRESS", "VIA", "STATE", "SINCE", "ANSWERED"};
    struct columns table = columns_new(heads, 6);
    size_t i;
    json_t *h;
    json_array_foreach(json_object_get(status, "next_hops"), i, h)
    {
        char state[SHORT_MAX], since[SHORT_MAX], answered[SHORT_MAX];
        columns_add(&table,
                    (const char *[]){text_of(h, "upstream"), text_of(h, "address"),
                                     text_of(h, "transport"), hop_state(status, h, state),
                                     age(h, "since", since), age(h, "last_answer", answered)});
    }
    columns_print(&table, "next hops");
    print_left_out(status, "next_hops_not_shown");
    json_array_foreach(json_object_get(status, "unknown_names"), i, h)
    {
        printf("%-14s ", "");
        print_shown(json_string_value(h));
        puts(": of its name nothing is known, or a part");
    }
}

static void print_trunks(const json_t *status)
{
    static const char *const heads[] = {"NAME",  "SERVICE", "CUSTOMER", "IDENTITY",
                                        "CALLS", "HEALTH",  "USABLE"};
    struct columns table = columns_new(heads, 7);
    size_t i;
    json_t *t;
    json_array_foreach(json_object_get(status, "trunks"), i, t)
    {
        char usable[TRUNK_USABLE_MAX], calls[SHORT_MAX], service[TRUNK_SERVICE_MAX];
        snprintf(calls, sizeof(calls), "%" JSON_INTEGER_FORMAT, number_of(t, "calls"));
        columns_add(&table, (const char *[]){text_of(t, "name"), trunk_service(t, service),
                                             text_of(t, "customer"), text_of(t, "identity"), calls,
                                             text_of(t, "health"), trunk_usable(t, usable)});
    }
    columns_print(&table, "trunks");
    print_left_out(status, "trunks_not_shown");
}

#define TOTALS_MAX 11

static json_int_t sum_of(const json_t *totals, const char *list)
{
    const char *name;
    json_t *n;
    json_int_t sum = 0;
    json_object_foreach(json_object_get(totals, list), name, n) sum += json_integer_value(n);
    return sum;
}

/* A number of TOTALS, by "name" or "list.member"; "unsigned": what was neither signed nor is
   verified; "answered": by the called side, or by stird itself (cause.def). */
static json_int_t total_of(const json_t *totals, const char *name)
{
    const char *dot = strchr(name, '.');
    if (strcmp(name, "answered") == 0)
        return total_of(totals, "causes.answered") + total_of(totals, "causes.redirected");
    if (strcmp(name, "unsigned") == 0) {
        json_int_t n = number_of(totals, "passed_calls") - sum_of(totals, "verifications");
        return n > 0 ? n : 0;
    }
    if (!dot)
        return number_of(totals, name);
    char list[SHORT_MAX];
    snprintf(list, sizeof(list), "%.*s", (int)(dot - name), name);
    return number_of(json_object_get(totals, list), dot + 1);
}

static bool counted_anything(const json_t *totals)
{
    return json_object_size(totals) > 0;
}

static bool verified_calls(const json_t *totals)
{
    return sum_of(totals, "verifications") > 0;
}

/* A trunk may have had another service before. */
static bool had_others(const json_t *totals)
{
    return counted_anything(totals) &&
           (!verified_calls(totals) || sum_of(totals, "attestations") > 0 ||
            number_of(totals, "sign_failures") > 0 || total_of(totals, "unsigned") > 0);
}

/* Those of a kind that BELONG there: NAMES are the counters under HEADS, behind the column for the
   name. */
static void print_totals(const json_t *status, const char *kind,
                         bool (*belong)(const json_t *totals), const char *label,
                         const char *const *heads, const char *const *names, unsigned n)
{
    struct columns table = columns_new(heads, n);
    const char *name;
    json_t *totals;
    json_object_foreach(json_object_get(json_object_get(status, "totals"), kind), name, totals)
    {
        char room[TOTALS_MAX][SHORT_MAX];
        const char *cells[TOTALS_MAX] = {name};
        for (unsigned i = 1; i < n; i++) {
            snprintf(room[i], SHORT_MAX, "%" JSON_INTEGER_FORMAT, total_of(totals, names[i]));
            cells[i] = room[i];
        }
        if (belong(totals))
            columns_add(&table, cells);
    }
    columns_print(&table, label);
}

/* Of trunks that verify. */
static void print_verified(const json_t *status)
{
    static const char *const heads[] = {"NAME",    "A",    "B",       "C",       "FAILED",
                                        "NOTHING", "OPEN", "REFUSED", "ANSWERED"};
    static const char *const names[] = {NULL,
                                        "verified_levels.A",
                                        "verified_levels.B",
                                        "verified_levels.C",
                                        "verifications.failed",
                                        "verifications.nothing",
                                        "verifications.open",
                                        "rejected_calls",
                                        "answered"};
    print_totals(status, "trunks", verified_calls, "verified calls", heads, names, 9);
}

static void print_trunk_totals(const json_t *status)
{
    static const char *const heads[] = {"NAME",     "A",       "B",           "C",
                                        "UNSIGNED", "REFUSED", "SIGN FAILED", "ANSWERED"};
    static const char *const names[] = {
        NULL,       "attestations.A", "attestations.B", "attestations.C",
        "unsigned", "rejected_calls", "sign_failures",  "answered"};
    print_totals(status, "trunks", had_others, "calls by trunk", heads, names, 8);
    print_verified(status);
    print_left_out(json_object_get(status, "totals"), "trunks_not_shown");
}

static void print_upstream_totals(const json_t *status)
{
    static const char *const heads[] = {"NAME", "NOW", "OFFERED", "2XX",       "3XX",    "4XX",
                                        "5XX",  "6XX", "TIMEOUT", "UNREACHED", "WENT ON"};
    static const char *const names[] = {NULL,
                                        "calls",
                                        "offered",
                                        "responses.2xx",
                                        "responses.3xx",
                                        "responses.4xx",
                                        "responses.5xx",
                                        "responses.6xx",
                                        "timeouts",
                                        "unreachable",
                                        "failovers"};
    print_totals(status, "upstreams", counted_anything, "by upstream", heads, names, TOTALS_MAX);
    print_left_out(json_object_get(status, "totals"), "upstreams_not_shown");
}

#define FAILED_SHOWN 10

/* Why stird refused the call, if it did; else what became of the call. */
static void print_failed(const json_t *status)
{
    static const char *const heads[] = {"AGO", "STATUS", "WHY", "TRUNK", "TIMES", "CALL-ID"};
    struct columns table = columns_new(heads, 6);
    const json_t *failed = json_object_get(status, "failed_calls");
    for (size_t i = 0; i < json_array_size(failed) && i < FAILED_SHOWN; i++) {
        const json_t *f = json_array_get(failed, i);
        char ago[SHORT_MAX], code[SHORT_MAX], times[SHORT_MAX];
        bool rejected = strcmp(text_of(f, "result"), "rejected") == 0;
        snprintf(code, sizeof(code), "%" JSON_INTEGER_FORMAT, number_of(f, "sip_status"));
        snprintf(times, sizeof(times), "%" JSON_INTEGER_FORMAT, number_of(f, "count"));
        columns_add(&table, (const char *[]){age(f, "ts", ago), code,
                                             text_of(f, rejected ? "reason" : "cause"),
                                             text_of(f, "trunk"), times, text_of(f, "call_id")});
    }
    columns_print(&table, "failed calls");
}

static void print_traces(const json_t *status)
{
    json_t *t;
    size_t i, running = 0;
    json_array_foreach(json_object_get(status, "traces"), i, t)
        running += strcmp(text_of(t, "state"), "running") == 0;
    if (running > 0)
        printf("traces         %zu of calls run: stirctl trace list\n", running);
}

static void print_status(const json_t *status)
{
    const json_t *configuration = json_object_get(status, "configuration");
    const json_t *numbers = json_object_get(status, "numbers");
    print_said("stird          %s, version %s, node %s, pid %" JSON_INTEGER_FORMAT ", up ",
               text_of(status, "state"), text_of(status, "version"), text_of(status, "node"),
               number_of(status, "pid"));
    print_duration(number_of(status, "up_s"));
    putchar('\n');
    print_alarms(status);
    switching_print(json_object_get(status, "switches"), "SWITCHED");
    print_said("configuration  %s, generation %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
               " reload%s, %" JSON_INTEGER_FORMAT " failed%s\n",
               text_of(configuration, "file"), number_of(configuration, "generation"),
               number_of(configuration, "reloads"), PLURAL(number_of(configuration, "reloads")),
               number_of(configuration, "failed_reloads"),
               json_is_true(json_object_get(configuration, "reloading")) ? ", reloading now" : "");
    if (json_is_string(json_object_get(configuration, "last_failure")))
        print_said("               the last reload failed: %s\n",
                   text_of(configuration, "last_failure"));
    print_said("numbers        %" JSON_INTEGER_FORMAT " row%s, %" JSON_INTEGER_FORMAT
               " customer%s, %" JSON_INTEGER_FORMAT " urgent change%s\n",
               number_of(numbers, "rows"), PLURAL(number_of(numbers, "rows")),
               number_of(numbers, "customers"), PLURAL(number_of(numbers, "customers")),
               number_of(numbers, "urgent_changes"), PLURAL(number_of(numbers, "urgent_changes")));
    print_traces(status);
    print_certificates(status);
    print_children(status);
    print_hops(status);
    if (json_is_true(json_object_get(status, "shadow")))
        puts("shadow         calls are decided by a second configuration too: stirctl shadow");
    print_trunks(status);
    print_trunk_totals(status);
    print_upstream_totals(status);
    print_failed(status);
}

static int run(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_STATUS, false, STR(""), SESSION_TIMEOUT_MS, print_status);
}

const struct command command_status = {
    .name = "status", .usage = "", .summary = "how the running stird is", .run = run};
