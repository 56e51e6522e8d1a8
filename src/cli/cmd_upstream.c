/* stirctl upstream list, disable, enable. */
#include "columns.h"
#include "session.h"
#include "switching.h"

#include <stdio.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && text[0] ? text : "-";
}

static const char *state_of(const json_t *hop)
{
    if (json_is_true(json_object_get(hop, "disabled")))
        return "DISABLED";
    return json_integer_value(json_object_get(hop, "out_in_workers")) > 0 ? "OUT" : "usable";
}

static void print_hops(const json_t *status)
{
    static const char *const heads[] = {"UPSTREAM", "ADDRESS", "VIA", "STATE", "CALLS"};
    const json_t *totals = json_object_get(json_object_get(status, "totals"), "upstreams");
    struct columns table = columns_new(heads, 5);
    size_t i;
    json_t *h;
    json_array_foreach(json_object_get(status, "next_hops"), i, h)
    {
        char calls[32];
        snprintf(calls, sizeof(calls), "%" JSON_INTEGER_FORMAT,
                 json_integer_value(
                     json_object_get(json_object_get(totals, text_of(h, "upstream")), "calls")));
        columns_add(&table, (const char *[]){text_of(h, "upstream"), text_of(h, "address"),
                                             text_of(h, "transport"), state_of(h), calls});
    }
    columns_print(&table, "upstreams");
    if (json_integer_value(json_object_get(status, "next_hops_not_shown")) > 0)
        printf("%-14s and %" JSON_INTEGER_FORMAT " more\n", "",
               json_integer_value(json_object_get(status, "next_hops_not_shown")));
    json_array_foreach(json_object_get(status, "unknown_names"), i, h)
        print_said("%s: of its name nothing is known, or a part\n", json_string_value(h));
    switching_print(json_object_get(status, "switches"), NULL);
}

static int run_list(const struct cli *cli, const struct words *words)
{
    (void)words;
    return switching_list(cli, "next_hops", print_hops);
}

static const struct cli_option disable_options[] = {SWITCHING_OPTIONS(SWITCHING_OF_CALLS), {0}};

static int run_disable(const struct cli *cli, const struct words *words)
{
    return switching_on(cli, &command_upstream_disable, words, SWITCH_UPSTREAM, words->word[0],
                        NULL);
}

static int run_enable(const struct cli *cli, const struct words *words)
{
    return switching_back(cli, &command_upstream_enable, words, SWITCH_UPSTREAM, words->word[0]);
}

const struct command command_upstream_list = {.name = "upstream list",
                                              .usage = "",
                                              .summary = "the upstreams: addresses, health, what "
                                                         "is disabled",
                                              .run = run_list};
const struct command command_upstream_disable = {"upstream disable",
                                                 "UPSTREAM " SWITCHING_USAGE,
                                                 "send no new calls to an upstream",
                                                 run_disable,
                                                 disable_options,
                                                 "UPSTREAM"};
const struct command command_upstream_enable = {
    "upstream enable", "UPSTREAM", "send calls there again", run_enable, NULL, "UPSTREAM"};
