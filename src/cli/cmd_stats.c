/* stirctl stats: the counters of the running stird. */
#include "session.h"

#include <stdio.h>
#include <string.h>

/* For lists by name: what stands in front of their numbers. */
static const struct {
    const char *key, *head;
} lists[] = {{"attestations", "attestation"}, {"reasons", "reason"}, {"causes", "cause"}};

static const char *head_of(const char *key)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcmp(lists[i].key, key) == 0)
            return lists[i].head;
    return key;
}

/* KIND and NAME, a trunk's or an upstream's, in front of each line; NULL: neither. */
static void print_line(const char *kind, const char *name, const char *head, const char *key,
                       const json_t *value)
{
    if (kind)
        printf("%s ", kind);
    print_shown(name);
    printf("%s%s%s%s %" JSON_INTEGER_FORMAT "\n", kind ? " " : "", head ? head : "",
           head ? " " : "", key, json_integer_value(value));
}

static void print_numbers(const char *kind, const char *name, const char *head,
                          const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (json_is_integer(value))
            print_line(kind, name, head, key, value);
    }
}

/* Its own numbers first, then those of its lists and histograms. */
static void print_counters(const char *kind, const char *name, const json_t *counters)
{
    const char *key;
    json_t *value;
    print_numbers(kind, name, NULL, counters);
    json_object_foreach((json_t *)counters, key, value)
    {
        if (kind || (strcmp(key, "trunks") != 0 && strcmp(key, "upstreams") != 0))
            print_numbers(kind, name, head_of(key), value);
    }
}

static void print_each(const char *kind, const json_t *by_name)
{
    const char *name;
    json_t *counters;
    json_object_foreach((json_t *)by_name, name, counters)
    {
        print_counters(kind, name, counters);
    }
}

static void print_stats(const json_t *stats)
{
    print_counters(NULL, NULL, stats);
    print_each("trunk", json_object_get(stats, "trunks"));
    print_each("upstream", json_object_get(stats, "upstreams"));
}

static int run(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_STATS, false, STR(""), SESSION_TIMEOUT_MS, print_stats);
}

const struct command command_stats = {
    .name = "stats", .usage = "", .summary = "all counters of the running stird", .run = run};
