/* stirctl stats: the counters of the running stird. */
#include "session.h"

#include <stdio.h>

static void print_counters(const json_t *object, const char *prefix)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (json_is_integer(value))
            printf("%s%s %" JSON_INTEGER_FORMAT "\n", prefix, key, json_integer_value(value));
    }
}

static void print_stats(const json_t *stats)
{
    print_counters(stats, "");
    print_counters(json_object_get(stats, "attestations"), "attestation ");
    print_counters(json_object_get(stats, "reasons"), "reason ");
    print_counters(json_object_get(stats, "causes"), "cause ");
}

static int run(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_STATS, false, STR(""), SESSION_TIMEOUT_MS, print_stats);
}

const struct command command_stats = {
    .name = "stats", .usage = "", .summary = "all counters of the running stird", .run = run};
