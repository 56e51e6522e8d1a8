/* Urgent changes to the number table of the running stird: in force at once, and after a restart.
 */
#include "columns.h"
#include "session.h"

#include <stdio.h>
#include <stird/io/overlay.h>
#include <string.h>

#define FURTHER           4     /* in */
#define CHANGE_TIMEOUT_MS 30000 /* before it is over a worker that hangs is replaced */

/* Fields travel with a NUL between them. */
static bool join(struct buf *text, const char *const field[OVERLAY_FIELDS])
{
    for (int i = 0; i < OVERLAY_FIELDS; i++) {
        if (i > 0)
            buf_add_char(text, '\0');
        buf_add_text(text, field[i] ? field[i] : "");
    }
    return !buf_failed(text);
}

static const char *text_of(const json_t *entry, const char *key)
{
    const char *text = json_string_value(json_object_get(entry, key));
    return text ? text : "";
}

static void print_standing(const char *number, const json_t *now)
{
    struct buf customer = BUF_INIT;
    buf_add_escaped(&customer, str_of(text_of(now, "customer")));
    bool blocked = strcmp(text_of(now, "state"), "blocked") == 0;
    int at = print_said("+%s:", number);
    columns_say(FURTHER, at, "%s%s%.*s (%s:%" JSON_INTEGER_FORMAT ")%s", text_of(now, "state"),
                blocked ? "" : " for ", blocked ? 0 : (int)customer.n,
                customer.n > 0 ? customer.p : "", text_of(now, "file"),
                json_integer_value(json_object_get(now, "line")),
                json_is_true(json_object_get(now, "urgent")) ? ", urgent" : "");
    buf_fini(&customer);
}

/* Prints what stird says is in force now. */
static void print_change(const json_t *reply)
{
    size_t i;
    json_t *entry;
    const json_t *now = json_object_get(reply, "now");
    json_array_foreach(now, i, entry) print_standing(text_of(reply, "number"), entry);
    if (json_array_size(now) == 0)
        print_said("+%s: unknown, no row speaks of it\n", text_of(reply, "number"));
    if (json_object_get(reply, "note"))
        print_said("%s\n", text_of(reply, "note"));
    json_int_t in_force = json_integer_value(json_object_get(reply, "in_force"));
    print_said("in force: %" JSON_INTEGER_FORMAT " urgent change%s\n", in_force, PLURAL(in_force));
}

/* A text that is not a number is wrong usage, as for numbers show; for everything else stird says
   what is wrong. */
static int change(const struct cli *cli, enum admin_type type,
                  const char *const field[OVERLAY_FIELDS])
{
    struct buf text = BUF_INIT;
    struct tn number;
    const char *why;
    int status = 1;
    if (join(&text, field))
        status = session_show(cli, type, false, buf_str(&text), CHANGE_TIMEOUT_MS, print_change);
    buf_fini(&text);
    return numbers_number(str_of(field[OVERLAY_NUMBER]), &number, &why) ? status : EXIT_USAGE;
}

#define NOTE                                                                                       \
    {                                                                                              \
        "note", 'n', "TEXT", "why; shown by numbers show", 0                                       \
    }

static const struct cli_option set_options[] = {
    {"not-before", 'b', "DATE", "from this day on, as 2026-11-26", 0},
    {"not-after", 'a', "DATE", "up to this day", 0},
    {"cert", 'c', "ID", "which certificate signs", 0},
    NOTE,
    {0},
};
static const struct cli_option block_options[] = {NOTE, {0}};

static void take_options(const char *field[OVERLAY_FIELDS], const struct words *words)
{
    field[OVERLAY_NOT_BEFORE] = words_value(words, 'b');
    field[OVERLAY_NOT_AFTER] = words_value(words, 'a');
    field[OVERLAY_CERT] = words_value(words, 'c');
    field[OVERLAY_NOTE] = words_value(words, 'n');
}

static int run_set(const struct cli *cli, const struct words *words)
{
    const char *field[OVERLAY_FIELDS] = {NULL};
    take_options(field, words);
    field[OVERLAY_NUMBER] = words->word[0];
    field[OVERLAY_CUSTOMER] = words->word[1];
    field[OVERLAY_STATE] = words->word[2];
    return change(cli, ADMIN_NUMBERS_SET, field);
}

static int run_block(const struct cli *cli, const struct words *words)
{
    const char *field[OVERLAY_FIELDS] = {[OVERLAY_CUSTOMER] = "-", [OVERLAY_STATE] = "blocked"};
    take_options(field, words);
    field[OVERLAY_NUMBER] = words->word[0];
    return change(cli, ADMIN_NUMBERS_SET, field);
}

static int run_unset(const struct cli *cli, const struct words *words)
{
    const char *field[OVERLAY_FIELDS] = {NULL};
    field[OVERLAY_NUMBER] = words->word[0];
    field[OVERLAY_CUSTOMER] = words->n == 2 ? words->word[1] : NULL;
    return change(cli, ADMIN_NUMBERS_UNSET, field);
}

static void print_list(const json_t *reply)
{
    static const struct {
        const char *key, *before;
    } further[] = {
        {"not_before", "from "}, {"not_after", "until "}, {"cert", "signed with "}, {"note", ""}};
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(reply, "entries"), i, entry)
    {
        struct buf rest = BUF_INIT;
        int at = print_said("%-17s %-16s %-10s", text_of(entry, "number"),
                            text_of(entry, "customer"), text_of(entry, "state"));
        buf_addf(&rest, "%s", text_of(entry, "changed"));
        for (size_t k = 0; k < sizeof(further) / sizeof(further[0]); k++)
            if (text_of(entry, further[k].key)[0])
                buf_addf(&rest, ", %s%s", further[k].before, text_of(entry, further[k].key));
        if (text_of(entry, "fault")[0])
            buf_addf(&rest, ", cannot be signed: %s", text_of(entry, "fault"));
        if (text_of(entry, "unknown")[0])
            buf_addf(&rest, ", of nobody: %s", text_of(entry, "unknown"));
        columns_say(FURTHER, at, "%.*s", STR_ARG(buf_str(&rest)));
        buf_fini(&rest);
    }
    json_int_t in_force = json_integer_value(json_object_get(reply, "in_force"));
    print_said("%" JSON_INTEGER_FORMAT " urgent change%s in force, journal %s\n", in_force,
               PLURAL(in_force), text_of(reply, "journal"));
}

static int run_list(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_NUMBERS_LIST, false, STR(""), SESSION_TIMEOUT_MS, print_list);
}

const struct command command_numbers_set = {
    "numbers set",
    "NUMBER CUSTOMER owned|delegated|unverified|blocked "
    "[--not-before DATE] [--not-after DATE] [--cert ID] [--note TEXT]",
    "change a number at once, ahead of the tables",
    run_set,
    set_options,
    "NUMBER CUSTOMER STATE"};
const struct command command_numbers_block = {
    "numbers block", "NUMBER [--note TEXT]", "refuse calls from a number at once",
    run_block,       block_options,          "NUMBER"};
const struct command command_numbers_unset = {
    "numbers unset",    "NUMBER [CUSTOMER]", "take urgent changes back", run_unset, NULL,
    "NUMBER [CUSTOMER]"};
const struct command command_numbers_list = {
    .name = "numbers list", .usage = "", .summary = "the urgent changes in force", .run = run_list};
