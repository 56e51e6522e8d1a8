#include "switching.h"

#include "columns.h"
#include "json_text.h"
#include "session.h"
#include "span.h"

#include <inttypes.h>
#include <stdio.h>
#include <stird/base/clock.h>
#include <string.h>
#include <time.h>

#define FURTHER           4 /* in */
#define LABEL_WIDTH       15
#define CHANGE_TIMEOUT_MS 30000 /* before it is over a worker that hangs is replaced */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- how long ---- */

/* In UTC where it ends in Z, else in the zone of who asks. */
static bool read_time(const char *text, int64_t *second)
{
    struct tm tm = {.tm_isdst = -1};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!end) {
        tm = (struct tm){.tm_isdst = -1};
        end = strptime(text, "%Y-%m-%dT%H:%M", &tm);
    }
    if (!end || (strcmp(end, "Z") != 0 && *end))
        return false;
    return span_second_of(tm, *end == 'Z', second);
}

/* NULL, or what is wrong. */
static const char *read_end(const struct words *words, char for_s[32], char until_s[32])
{
    const char *span = words_value(words, 'F'), *until = words_value(words, 'U');
    uint64_t n = span ? span_seconds(span, SWITCH_LONGEST_S) : 0;
    int64_t second;
    for_s[0] = until_s[0] = '\0';
    if (span && until)
        return "--for and --until are two ends: name one";
    if (span && n == 0)
        return "--for is a time such as 30s, 10m, 2h or 7d, a year at most";
    if (span)
        snprintf(for_s, 32, "%" PRIu64, n);
    if (until && !read_time(until, &second))
        return "--until: there is no such time: write it as 2026-11-29T18:00:00Z";
    if (until)
        snprintf(until_s, 32, "%" PRId64, second);
    return NULL;
}

/* ---- what is on ---- */

static void print_one(const json_t *one, const char *label)
{
    const char *of = text_of(one, "of"), *value = text_of(one, "value");
    const char *until = text_of(one, "until"), *note = text_of(one, "note");
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s%s%s%s%s: %s since %s, until %s, by user %" JSON_INTEGER_FORMAT "%s%s%s",
             text_of(one, "switch"), of[0] ? " " : "", of, value[0] ? " " : "", value,
             text_of(one, "does"), text_of(one, "since"), until[0] ? until : "it is taken back",
             json_integer_value(json_object_get(one, "user")), note[0] ? ": " : "", note,
             json_is_false(json_object_get(one, "is_there"))
                 ? "; the configuration does not have it: it does nothing"
                 : "");
    if (label)
        columns_say(LABEL_WIDTH, printf("%-*s", LABEL_WIDTH, label), "%.*s",
                    STR_ARG(buf_str(&text)));
    else
        columns_hang(FURTHER, "%.*s", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

void switching_print(const json_t *all, const char *label)
{
    size_t i;
    const json_t *one;
    json_array_foreach((json_t *)(uintptr_t)all, i, one) print_one(one, label);
}

static void print_reply(const json_t *reply)
{
    const json_t *all = json_object_get(reply, "switches"), *name;
    const json_int_t more = json_integer_value(json_object_get(reply, "not_shown"));
    size_t i;
    switching_print(all, NULL);
    if (more > 0)
        printf("and %" JSON_INTEGER_FORMAT " more\n", more);
    if (json_array_size(all) == 0)
        puts("nothing is switched: all is as the configuration says");
    json_array_foreach(json_object_get(reply, "trunks_without_upstream"), i, name) warn_said(
        "stirctl: trunk \"%s\" has no upstream left: its calls get 503\n", json_string_value(name));
    if (json_is_string(json_object_get(reply, "unwritten")))
        warn_said("stirctl: it is in force, but cannot be written (%s): stird tries again, and a "
                  "restart before that forgets it\n",
                  text_of(reply, "unwritten"));
}

/* NULL: no memory. */
static json_t *list_alone(const json_t *status, const char *key)
{
    static const char *const parts[] = {"", "_in_all", "_not_shown"};
    json_t *list = json_object();
    bool good = list != NULL;
    for (size_t i = 0; good && i < sizeof(parts) / sizeof(parts[0]); i++) {
        char name[64];
        snprintf(name, sizeof(name), "%s%s", key, parts[i]);
        good = json_object_set(list, name, json_object_get(status, name)) == 0;
    }
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

int switching_list(const struct cli *cli, const char *key, void (*print)(const json_t *status))
{
    json_t *status = session_json(cli, ADMIN_STATUS, false, STR(""), SESSION_TIMEOUT_MS);
    json_t *list = status && cli->json ? list_alone(status, key) : NULL;
    bool good = status && (list || !cli->json);
    if (list)
        json_print(list);
    else if (good)
        print(status);
    else if (status)
        fputs("stirctl: out of memory\n", stderr);
    json_decref(status);
    return good && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- asking ---- */

static void add(struct buf *text, const char *field)
{
    buf_add_text(text, field ? field : "");
    buf_add_char(text, '\0');
}

static int ask(const struct cli *cli, enum admin_type type, struct buf *text)
{
    int status = EXIT_FAILURE;
    if (buf_failed(text))
        fputs("stirctl: out of memory\n", stderr);
    else
        status = session_show(cli, type, false, str_slice(buf_str(text), 0, text->n - 1),
                              CHANGE_TIMEOUT_MS, print_reply);
    buf_fini(text);
    return status;
}

int switching_on(const struct cli *cli, const struct command *command, const struct words *words,
                 enum switch_kind kind, const char *name, const char *value)
{
    struct buf text = BUF_INIT;
    char for_s[32], until_s[32];
    const char *fault = read_end(words, for_s, until_s);
    if (fault)
        return command_fault(command, fault);
    const char *fields[] = {switches_word(kind).p,  name, value, for_s, until_s,
                            words_value(words, 'n')};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        add(&text, fields[i]);
    return ask(cli, ADMIN_SWITCH, &text);
}

int switching_back(const struct cli *cli, const struct command *command, const struct words *words,
                   enum switch_kind kind, const char *name)
{
    struct buf text = BUF_INIT;
    if (words_have(words, 'F') || words_have(words, 'U') || words_have(words, 'n'))
        return command_fault(command, "it is taken back at once, and for good: without --for, "
                                      "--until and --note");
    add(&text, switches_word(kind).p);
    add(&text, name);
    return ask(cli, ADMIN_SWITCH_BACK, &text);
}

int switching_show(const struct cli *cli)
{
    return session_show(cli, ADMIN_SWITCHES, false, STR(""), SESSION_TIMEOUT_MS, print_reply);
}
