#include "past_calls.h"

#include "columns.h"
#include "json_text.h"
#include "record_files.h"
#include "record_print.h"
#include "record_search.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/core/cause.h>
#include <string.h>

#define KEPT_MAX   20 /* as many as somebody reads; records find has them all */
#define NAME_WIDTH 20

/* A token goes with every copy of a call: with an SBC's second attempt, or with a replay. */
struct past_calls {
    struct record_search search;
    json_t *kept[KEPT_MAX]; /* the last ones, a ring */
    size_t found;
};

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

static int print_name(const char *name)
{
    return print_said("%-*s ", NAME_WIDTH, name);
}

static void print_sentence(const char *name, struct str sentence)
{
    int at = print_name(name);
    columns_wrap(sentence.p, at, at);
}

/* Shows each next hop, and then the reason and the cause in a sentence each; older records have no
   cause. */
static void print_why(const json_t *record)
{
    enum cause cause;
    record_print_tried(record, 0, NAME_WIDTH);
    print_sentence("because", reason_text(reason_by_name(str_of(text_of(record, "reason")))));
    if (cause_by_name(str_of(text_of(record, "cause")), &cause))
        print_sentence("in the end", cause_text(cause));
}

/* Texts and numbers that say something; of what was verified, what was found of its token. */
static void print_members(const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const bool is_text = json_is_string(value);
        if (json_is_object(value))
            print_members(value);
        if (!is_text && !json_is_integer(value) && !json_is_true(value))
            continue;
        int at = print_name(key);
        if (is_text)
            columns_wrap(json_string_value(value), at, at);
        else if (json_is_integer(value))
            printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
        else
            puts("yes");
    }
}

static void look_at(void *user, struct str line)
{
    struct past_calls *p = user;
    json_t *record = record_search_match(&p->search, line);
    if (!record)
        return;
    json_t **place = &p->kept[p->found++ % KEPT_MAX];
    json_decref(*place);
    *place = record;
}

/* False: not all of them can be read, which is told. */
static bool look_for(struct past_calls *p, const struct cli *cli)
{
    struct record_file_names names;
    bool read = record_files_of(&names, cli, 0, NULL);
    record_files_warn(&names);
    for (size_t i = 0; i < names.n; i++)
        read = record_lines_of_file(names.path[i], look_at, p) && read;
    record_files_free(&names);
    return read;
}

/* To standard error where standard output is for a script. */
static void tell_how_many(const struct cli *cli, const struct past_calls *p, size_t shown)
{
    FILE *to = cli->json ? stderr : stdout;
    if (p->found < 2)
        return;
    fprintf(to, "%s%zu calls have this origid%s\n", cli->json ? "stirctl: " : "", p->found,
            p->search.wanted[FIND_CALL_ID] ? " and this Call-ID: ts says when each came"
                                           : ": --call-id ID shows those of one Call-ID alone");
    if (p->found > shown)
        fprintf(to, "%sthese are the last %zu; stirctl records find --origid UUID shows all\n",
                cli->json ? "stirctl: " : "", shown);
}

static void tell(const struct cli *cli, const struct past_calls *p)
{
    const size_t shown = p->found < KEPT_MAX ? p->found : KEPT_MAX;
    tell_how_many(cli, p, shown);
    for (size_t i = p->found - shown; i < p->found; i++) {
        const json_t *record = p->kept[i % KEPT_MAX];
        if (cli->json) {
            json_print(json_incref((json_t *)(uintptr_t)record));
            continue;
        }
        if (p->found > 1)
            printf("\ncall %zu of %zu\n", i + 1, p->found);
        print_members(record);
        print_why(record);
    }
}

int past_calls_tell(const struct cli *cli, const char *origid, const char *call_id)
{
    struct past_calls p = {
        .search = {.wanted = {[FIND_ORIGID] = origid, [FIND_CALL_ID] = call_id}}};
    const bool read = look_for(&p, cli);
    if (p.found == 0 && read)
        warn_said("stirctl: no record of a call has the origid %s%s%s\n", origid,
                  call_id ? " and the Call-ID " : "", call_id ? call_id : "");
    tell(cli, &p);
    for (size_t i = 0; i < KEPT_MAX; i++)
        json_decref(p.kept[i]);
    return read && p.found > 0 && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
