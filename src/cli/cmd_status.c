#include "session.h"

#include <inttypes.h>
#include <stdio.h>
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
    printf("%-14s %s", name, text_of(child, "state"));
    if (json_object_get(child, "pid")) {
        printf(", pid %" JSON_INTEGER_FORMAT ", up ", number_of(child, "pid"));
        print_duration(number_of(child, "up_s"));
    }
    printf(", replaced %" JSON_INTEGER_FORMAT " times", number_of(child, "deaths"));
    if (number_of(child, "hangs") > 0)
        printf(", %" JSON_INTEGER_FORMAT " of them since it hung", number_of(child, "hangs"));
    putchar('\n');
}

static void print_children(const json_t *status)
{
    size_t i;
    json_t *worker;
    json_array_foreach(json_object_get(status, "workers"), i, worker)
    {
        char name[32];
        snprintf(name, sizeof(name), "worker %zu", i + 1);
        print_child(name, worker);
    }
    print_child("signer", json_object_get(status, "signer"));
    print_child("recorder", json_object_get(status, "recorder"));
}

static void print_time(const json_t *object, const char *key)
{
    char text[32] = "-";
    time_t t = (time_t)number_of(object, key);
    struct tm tm;
    if (gmtime_r(&t, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    printf("%s", text);
}

/* What is on now; docs/troubleshooting.md has what to do. */
static void print_alarms(const json_t *status)
{
    const json_t *alarms = json_object_get(status, "alarms");
    size_t i;
    json_t *a;
    if (json_array_size(alarms) == 0)
        printf("alarms         none\n");
    json_array_foreach(alarms, i, a)
    {
        printf("ALARM          %s: %s, %" JSON_INTEGER_FORMAT " since ", text_of(a, "name"),
               text_of(a, "text"), number_of(a, "count"));
        print_time(a, "since");
        printf(", last ");
        print_time(a, "last");
        putchar('\n');
    }
}

static void print_certificates(const json_t *status)
{
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(status, "certificates"), i, c)
        printf("certificate    %s: %s, %" JSON_INTEGER_FORMAT " days left, %s\n", text_of(c, "id"),
               text_of(c, "state"), number_of(c, "days_left"), text_of(c, "x5u"));
}

static void print_status(const json_t *status)
{
    const json_t *configuration = json_object_get(status, "configuration");
    const json_t *numbers = json_object_get(status, "numbers");
    printf("stird          %s, version %s, node %s, pid %" JSON_INTEGER_FORMAT ", up ",
           text_of(status, "state"), text_of(status, "version"), text_of(status, "node"),
           number_of(status, "pid"));
    print_duration(number_of(status, "up_s"));
    putchar('\n');
    print_alarms(status);
    printf("configuration  %s, generation %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
           " reload%s, %" JSON_INTEGER_FORMAT " failed%s\n",
           text_of(configuration, "file"), number_of(configuration, "generation"),
           number_of(configuration, "reloads"), PLURAL(number_of(configuration, "reloads")),
           number_of(configuration, "failed_reloads"),
           json_is_true(json_object_get(configuration, "reloading")) ? ", reloading now" : "");
    if (json_is_string(json_object_get(configuration, "last_failure")))
        printf("               the last reload failed: %s\n",
               text_of(configuration, "last_failure"));
    printf("numbers        %" JSON_INTEGER_FORMAT " row%s, %" JSON_INTEGER_FORMAT
           " customer%s, %" JSON_INTEGER_FORMAT " urgent change%s\n",
           number_of(numbers, "rows"), PLURAL(number_of(numbers, "rows")),
           number_of(numbers, "customers"), PLURAL(number_of(numbers, "customers")),
           number_of(numbers, "urgent_changes"), PLURAL(number_of(numbers, "urgent_changes")));
    print_certificates(status);
    print_children(status);
}

static int run(const struct cli *cli, int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return command_usage(&command_status);
    return session_show(cli, ADMIN_STATUS, false, STR(""), SESSION_TIMEOUT_MS, print_status);
}

const struct command command_status = {"status", "", "how the running stird is", run, NULL};
