/* Who sends to stird and is not heard, or not let through. */
#include "columns.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

#define FURTHER 4 /* in */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text && text[0] ? text : "-";
}

/* Each line fits a terminal of 80 columns, even with the longest address. */
static void print_source(const json_t *source)
{
    struct buf more = BUF_INIT;
    buf_addf(&more, "%s at %s, %" JSON_INTEGER_FORMAT " time%s, %.19sZ to %.19sZ",
             text_of(source, "method"), text_of(source, "listener"),
             json_integer_value(json_object_get(source, "count")),
             PLURAL(json_integer_value(json_object_get(source, "count"))), text_of(source, "first"),
             text_of(source, "last"));
    buf_add_char(&more, '\0');
    print_said("%-24s %-4s %s\n", text_of(source, "source"), text_of(source, "transport"),
               text_of(source, "why"));
    if (!buf_failed(&more))
        columns_wrap(more.p, FURTHER, 0);
    buf_fini(&more);
}

static void explain(const char *why, const char *text)
{
    columns_wrap(text, FURTHER, printf("%s:", why));
}

static bool was_explained(const json_t *sources, size_t i)
{
    const char *why = text_of(json_array_get(sources, i), "why");
    while (i > 0)
        if (strcmp(text_of(json_array_get(sources, --i), "why"), why) == 0)
            return true;
    return false;
}

static void print_sources(const json_t *reply)
{
    const json_t *sources = json_object_get(reply, "sources"), *source, *times;
    const char *why;
    size_t i;
    if (json_array_size(sources) == 0)
        puts("nobody was refused since stird started");
    json_array_foreach(sources, i, source) print_source(source);
    json_array_foreach(sources, i, source) if (!was_explained(sources, i))
        explain(text_of(source, "why"), text_of(source, "text"));
    json_object_foreach((json_t *)json_object_get(reply, "not_listed"), why, times)
    {
        printf("%s: %" JSON_INTEGER_FORMAT " times more, of too many sources to list\n", why,
               json_integer_value(times));
    }
}

static int run(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_SOURCES, false, STR(""), SESSION_TIMEOUT_MS, print_sources);
}

const struct command command_sources = {
    .name = "sources",
    .usage = "",
    .summary = "who sends to the running stird and is not heard, or not let through",
    .run = run};
