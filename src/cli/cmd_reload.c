/* stirctl reload: the running stird reads its files anew, and says how that went. */
#include "session.h"

#include <stdio.h>

static void print_reload(const json_t *reply)
{
    json_int_t rows = json_integer_value(json_object_get(reply, "number_rows"));
    if (json_is_true(json_object_get(reply, "accepted"))) {
        puts("the reload has begun: --wait tells how it ends");
    } else if (json_is_true(json_object_get(reply, "shadow"))) {
        print_reload_warnings(reply);
        puts("calls are decided by these files too, and nothing is signed by them: stirctl shadow");
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
    {"shadow", 'd', NULL,
     "only to have live calls decided by them too: stirctl shadow tells what would change", 0},
    {0}};

static int run(const struct cli *cli, const struct words *words)
{
    const bool force = words_have(words, 'f'), shadow = words_have(words, 'd'),
               wait = words_have(words, 'w') || shadow;
    const struct str text = shadow ? (force ? STR("force shadow") : STR("shadow"))
                                   : (force ? STR("force") : STR(""));
    return session_show(cli, ADMIN_RELOAD, wait, text,
                        wait ? SESSION_LONG_TIMEOUT_MS : SESSION_TIMEOUT_MS, print_reload);
}

const struct command command_reload = {"reload",
                                       "[--wait] [--force] [--shadow]",
                                       "read configuration, numbers and certificates anew",
                                       run,
                                       options,
                                       NULL};
