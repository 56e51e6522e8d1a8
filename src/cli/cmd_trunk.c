/* stirctl trunk list, disable, enable. */
#include "columns.h"
#include "session.h"
#include "switching.h"
#include "trunk_service.h"

#include <stdio.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && text[0] ? text : "-";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *state_of(const json_t *trunk)
{
    if (json_is_true(json_object_get(trunk, "disabled")))
        return "DISABLED";
    if (json_is_true(json_object_get(trunk, "signing_off")))
        return "NOT SIGNING";
    return json_is_true(json_object_get(trunk, "verification_off")) ? "NOT VERIFYING" : "serves";
}

static void print_trunks(const json_t *status)
{
    static const char *const heads[] = {"NAME", "SERVICE", "CUSTOMER", "CALLS", "USABLE", "STATE"};
    struct columns table = columns_new(heads, 6);
    size_t i;
    json_t *t;
    json_array_foreach(json_object_get(status, "trunks"), i, t)
    {
        char usable[TRUNK_USABLE_MAX], calls[32], service[TRUNK_SERVICE_MAX];
        snprintf(calls, sizeof(calls), "%" JSON_INTEGER_FORMAT, number_of(t, "calls"));
        columns_add(&table, (const char *[]){text_of(t, "name"), trunk_service(t, service),
                                             text_of(t, "customer"), calls, trunk_usable(t, usable),
                                             state_of(t)});
    }
    columns_print(&table, "trunks");
    if (number_of(status, "trunks_not_shown") > 0)
        printf("%-14s and %" JSON_INTEGER_FORMAT " more\n", "",
               number_of(status, "trunks_not_shown"));
    switching_print(json_object_get(status, "switches"), NULL);
}

static int run_list(const struct cli *cli, const struct words *words)
{
    (void)words;
    return switching_list(cli, "trunks", print_trunks);
}

static const struct cli_option disable_options[] = {SWITCHING_OPTIONS(SWITCHING_OF_CALLS), {0}};

static int run_disable(const struct cli *cli, const struct words *words)
{
    return switching_on(cli, &command_trunk_disable, words, SWITCH_TRUNK, words->word[0], NULL);
}

static int run_enable(const struct cli *cli, const struct words *words)
{
    return switching_back(cli, &command_trunk_enable, words, SWITCH_TRUNK, words->word[0]);
}

const struct command command_trunk_list = {.name = "trunk list",
                                           .usage = "",
                                           .summary = "the trunks: calls, next hops, what is "
                                                      "switched off",
                                           .run = run_list};
const struct command command_trunk_disable = {
    "trunk disable", "TRUNK " SWITCHING_USAGE, "refuse new calls of a trunk but emergency calls",
    run_disable,     disable_options,          "TRUNK"};
const struct command command_trunk_enable = {"trunk enable", "TRUNK", "take its calls again",
                                             run_enable,     NULL,    "TRUNK"};
