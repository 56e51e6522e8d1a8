/* stirctl reload: the running stird reads its files anew, and says how that went. */
#include "session.h"

#include <stdio.h>

static void print_reload(const json_t *reply)
{
    json_int_t rows = json_integer_value(json_object_get(reply, "number_rows"));
    if (json_is_true(json_object_get(reply, "accepted"))) {
        puts("the reload has begun: --wait tells how it ends");
    } else if (json_is_true(json_object_get(reply, "reloaded"))) {
        print_reload_warnings(reply);
        printf("reloaded: generation %" JSON_INTEGER_FORMAT ", %" JSON_INTEGER_FORMAT
               " number row%s\n",
               json_integer_value(json_object_get(reply, "generation")), rows, PLURAL(rows));
    } else {
        print_reload_failure(reply);
        warn_said("stirctl: reload failed, the old configuration stays in force: %s\n",
                  json_string_value(json_object_get(reply, "why")));
    }
}

static const struct cli_option options[] = {
    {"wait", 'w', NULL, "until the new ones are in force; print every mistake that keeps them out",
     OPTION_SHORT},
    {"force", 'f', NULL, "also when the number table would shrink by more than max_shrink_percent",
     0},
    {0}};

static int run(const struct cli *cli, const struct words *words)
{
    bool wait = words_have(words, 'w'), force = words_have(words, 'f');
    return session_show(cli, ADMIN_RELOAD, wait, force ? STR("force") : STR(""),
                        wait ? SESSION_LONG_TIMEOUT_MS : SESSION_TIMEOUT_MS, print_reload);
}

const struct command command_reload = {"reload",
                                       "[--wait] [--force]",
                                       "read configuration, numbers and certificates anew",
                                       run,
                                       options,
                                       NULL};
