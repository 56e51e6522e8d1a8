/* The certificates of the running stird: which unit signs, and what its URL serves. */
#include "columns.h"
#include "json_text.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FURTHER 4 /* in */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static void print_one(const json_t *c)
{
    int at = print_said("%s%s%s ", text_of(c, "id"), text_of(c, "unit")[0] ? "/" : "",
                        text_of(c, "unit"));
    columns_say(FURTHER, at, "SPC %s  %s%s, URL %s, %" JSON_INTEGER_FORMAT " days left",
                text_of(c, "spc")[0] ? text_of(c, "spc") : "-", text_of(c, "state"),
                json_is_true(json_object_get(c, "signs")) ? ", signs" : "", text_of(c, "url"),
                json_integer_value(json_object_get(c, "days_left")));
    columns_wrap(text_of(c, "x5u"), FURTHER, 0);
    if (text_of(c, "found")[0])
        columns_wrap(text_of(c, "found"), FURTHER, 0);
}

static int list(const struct cli *cli)
{
    size_t i;
    json_t *one;
    json_t *status = session_json(cli, ADMIN_STATUS, false, STR(""), SESSION_TIMEOUT_MS);
    json_t *all = json_object_get(status, "certificates");
    if (all && cli->json)
        json_print(json_incref(all));
    else
        json_array_foreach(all, i, one) print_one(one);
    bool good = all && !fflush(stdout);
    json_decref(status);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_list(const struct cli *cli, const struct words *words)
{
    (void)words;
    return list(cli);
}

static int run_check(const struct cli *cli, const struct words *words)
{
    struct session_reply reply;
    (void)words;
    int r = session_ask(cli, ADMIN_CHECK, true, STR(""), SESSION_LONG_TIMEOUT_MS, false, &reply);
    bool good = r == 0 && session_granted(&reply);
    session_reply_fini(&reply);
    return good ? list(cli) : EXIT_FAILURE;
}

const struct command command_cert_list = {
    .name = "cert list",
    .usage = "",
    .summary = "the certificates: which unit signs, what its URL serves",
    .run = run_list};
const struct command command_cert_check = {
    .name = "cert check",
    .usage = "",
    .summary = "look at the certificates' URLs now, then list them",
    .run = run_check};
