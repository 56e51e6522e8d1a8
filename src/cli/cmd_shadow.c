/*
 * stirctl shadow: what the configuration that `stirctl reload --shadow` has read would change of
 * live calls.
 */
#include "columns.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "-";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* A line for each part of the decision that would be another one. */
static void print_change(const json_t *change)
{
    static const char *const keys[] = {"trunk", "certificate", "upstreams", "reason"};
    const char *from = text_of(json_object_get(change, "from"), "becomes");
    const char *to = text_of(json_object_get(change, "to"), "becomes");
    print_said("%8" JSON_INTEGER_FORMAT "  %s -> %s\n", number_of(change, "calls"), from, to);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *one = text_of(json_object_get(change, "from"), keys[i]);
        const char *other = text_of(json_object_get(change, "to"), keys[i]);
        const bool same = strcmp(one, other) == 0;
        if (i == 0 || !same)
            print_said("          %-12s %s%s%s\n", keys[i], one, same ? "" : " -> ",
                       same ? "" : other);
    }
    print_said("          %-12s %s to %s, %s\n", "last call", text_of(change, "orig_tn"),
               text_of(change, "dest_tn"), text_of(change, "last_ts"));
}

static void print_workers(const json_t *reply)
{
    const json_int_t all = number_of(reply, "workers"), unable = number_of(reply, "workers_unable");
    if (unable > 0)
        columns_say(0, 0, "%d of %d workers cannot decide by it: the log says why", (int)unable,
                    (int)all);
    else if (number_of(reply, "workers_deciding") < all)
        columns_say(0, 0, "%d of %d workers decide by it so far",
                    (int)number_of(reply, "workers_deciding"), (int)all);
}

static void print_shadow(const json_t *reply)
{
    const json_t *changes = json_object_get(reply, "changes"), *change;
    size_t i;
    if (!json_is_true(json_object_get(reply, "shadow"))) {
        puts("calls are decided by what is in force alone: stirctl reload --shadow");
        return;
    }
    print_said("second configuration, read at %s, %" JSON_INTEGER_FORMAT " number rows\n",
               text_of(reply, "read_at"), number_of(reply, "number_rows"));
    print_workers(reply);
    if (number_of(reply, "calls_compared") == 0)
        puts("no call was decided by it yet: nothing is known");
    else if (json_array_size(changes) == 0)
        printf("no call would have fared otherwise, of %" JSON_INTEGER_FORMAT
               " that it decided too\n",
               number_of(reply, "calls_compared"));
    else
        printf("%" JSON_INTEGER_FORMAT " calls it decided too; these would have fared otherwise\n",
               number_of(reply, "calls_compared"));
    if (json_array_size(changes) > 0)
        puts("   CALLS  IN FORCE -> BY THE SECOND ONE");
    json_array_foreach(changes, i, change) print_change(change);
    if (number_of(reply, "calls_of_other_changes") > 0)
        print_said("%8" JSON_INTEGER_FORMAT "  of further kinds, for which there is no room\n",
                   number_of(reply, "calls_of_other_changes"));
}

static void print_end(const json_t *reply)
{
    (void)reply;
    puts("ended: calls are decided by what is in force alone");
}

static const struct cli_option options[] = {{"end", 'e', NULL, "drop the second configuration", 0},
                                            {0}};

static int run(const struct cli *cli, const struct words *words)
{
    const bool ends = words_have(words, 'e');
    return session_show(cli, ends ? ADMIN_SHADOW_END : ADMIN_SHADOW, false, STR(""),
                        SESSION_TIMEOUT_MS, ends ? print_end : print_shadow);
}

const struct command command_shadow = {
    "shadow", "[--end]", "what the files of reload --shadow would change of calls",
    run,      options,   NULL};
