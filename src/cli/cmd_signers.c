/*
 * Who signed the calls that were verified, by their records: how many, at which level, what failed.
 * A record names whose certificate it was; that of a call that failed anybody may have sent.
 */
#include "columns.h"
#include "json_text.h"
#include "record_files.h"
#include "record_search.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNERS_MAX 4000 /* that are told apart; whoever calls decides how many there are */
#define INDENT      4
#define SPC_WIDTH   10
#define TIME_WIDTH  16 /* to the minute */

struct tally {
    struct record_search search;
    json_t *signers;   /* by their code and subject */
    json_int_t beyond; /* calls of signers that are not told apart any more */
    bool no_memory;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* ---- counting ---- */

static bool count(json_t *counts, const char *key)
{
    return json_object_set_new(counts, key, json_integer(number_of(counts, key) + 1)) == 0;
}

static json_t *copy_of(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_incref(value) : json_null();
}

/* Of a certificate, or NULL and NULL where none was at hand. */
static json_t *signer_new(const json_t *verification)
{
    return json_pack("{s:o,s:o,s:i,s:{s:i,s:i,s:i},s:i,s:i,s:i,s:i,s:{},s:n,s:n}", "spc",
                     copy_of(verification, "spc"), "subject", copy_of(verification, "subject"),
                     "calls", 0, "levels", "A", 0, "B", 0, "C", 0, "passed", 0, "failed", 0,
                     "nothing", 0, "open", 0, "reasons", "first_seen", "last_seen");
}

/* NULL: it is beyond the ceiling, or there is no memory. */
static json_t *signer_of(struct tally *t, const json_t *verification)
{
    struct buf key = BUF_INIT;
    json_t *signer = NULL;
    buf_add_text(&key, text_of(verification, "spc"));
    buf_add_text(&key, "\n"); /* a code has none */
    buf_add_text(&key, text_of(verification, "subject"));
    buf_add(&key, "", 1);
    t->no_memory = buf_failed(&key) || t->no_memory;
    if (!buf_failed(&key))
        signer = json_object_get(t->signers, key.p);
    if (!signer && !buf_failed(&key) && json_object_size(t->signers) < SIGNERS_MAX) {
        signer = signer_new(verification);
        if (json_object_set_new(t->signers, key.p, signer) != 0)
            signer = NULL, t->no_memory = true;
    }
    buf_fini(&key);
    return signer;
}

/* Times are texts of one form. Files need not be given in the order of time. */
static void see(json_t *signer, json_t *ts)
{
    const char *text = json_string_value(ts), *first = text_of(signer, "first_seen");
    if (text && (!*first || strcmp(text, first) < 0))
        json_object_set(signer, "first_seen", ts);
    if (text && strcmp(text, text_of(signer, "last_seen")) > 0)
        json_object_set(signer, "last_seen", ts);
}

/* Records of another version may have others, which are not told apart: their names are nobody's.
 */
static const char *reason_in(const json_t *record)
{
    const char *text = text_of(record, "reason");
    return str_eq(reason_name(reason_by_name(str_of(text))), str_of(text)) ? text : "other";
}

/* As records have them; of none of these nothing is known. */
static const char *const classes[] = {"passed", "failed", "nothing", "open", NULL};

static bool count_call(json_t *signer, const json_t *record, const json_t *verification)
{
    const char *class = text_of(verification, "class"), *level = text_of(verification, "level");
    const char *const *known = classes;
    while (*known && strcmp(class, *known) != 0)
        known++;
    const bool passed = known == classes;
    see(signer, json_object_get(record, "ts"));
    return count(signer, "calls") && count(signer, *known ? *known : "open") &&
           (!passed || !strchr("ABC", *level) || !*level ||
            count(json_object_get(signer, "levels"), level)) &&
           (passed || count(json_object_get(signer, "reasons"), reason_in(record)));
}

/* Calls without any Identity, or with none that is looked at, have no signer. */
static bool has_signer(const json_t *verification)
{
    return json_is_object(verification) &&
           (strcmp(text_of(verification, "class"), "nothing") != 0 ||
            json_is_integer(json_object_get(verification, "header")));
}

static void look_at(void *user, struct str line)
{
    static const char has_one[] = "\"verification\":{";
    struct tally *t = user;
    json_t *record = memmem(line.p, line.n, has_one, sizeof(has_one) - 1)
                         ? record_search_match(&t->search, line)
                         : NULL;
    const json_t *verification = json_object_get(record, "verification");
    if (has_signer(verification)) {
        json_t *signer = signer_of(t, verification);
        t->beyond += !signer;
        t->no_memory = (signer && !count_call(signer, record, verification)) || t->no_memory;
    }
    json_decref(record);
}

/* ---- printing ---- */

/* Whoever called most first; else by code. */
static int by_calls(const void *a, const void *b)
{
    const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
    json_int_t more = number_of(other, "calls") - number_of(one, "calls");
    int order = strcmp(text_of(one, "spc"), text_of(other, "spc"));
    if (more != 0)
        return more > 0 ? 1 : -1;
    return order ? order : strcmp(text_of(one, "subject"), text_of(other, "subject"));
}

static json_t *sorted(json_t *signers)
{
    json_t *list = json_array(), *signer, **all;
    const char *key;
    size_t n = 0;
    all = calloc(json_object_size(signers) + 1, sizeof(json_t *));
    json_object_foreach(signers, key, signer) if (all) all[n++] = signer;
    if (all)
        qsort(all, n, sizeof(json_t *), by_calls);
    for (size_t i = 0; i < n; i++)
        json_array_append(list, all[i]);
    if (!all || json_array_size(list) != json_object_size(signers)) {
        json_decref(list);
        list = NULL;
    }
    free(all);
    return list;
}

static void print_code(const char *text)
{
    struct buf shown = BUF_INIT;
    buf_add_shown(&shown, str_of(*text ? text : "-"));
    printf("%-*.*s", SPC_WIDTH, (int)shown.n, shown.n > 0 ? shown.p : "?");
    if (shown.n > SPC_WIDTH)
        printf("\n%*s", SPC_WIDTH, "");
    buf_fini(&shown);
}

static void print_reasons(const json_t *signer)
{
    struct buf text = BUF_INIT;
    const json_t *times;
    const char *name;
    json_object_foreach(json_object_get(signer, "reasons"), name, times)
    {
        buf_addf(&text, "%s%s %" JSON_INTEGER_FORMAT, text.n > 0 ? ", " : "did not pass: ", name,
                 json_integer_value(times));
    }
    buf_add(&text, "", 1);
    if (text.n > 1 && !buf_failed(&text)) {
        printf("%*s", INDENT, "");
        columns_wrap(text.p, INDENT, INDENT);
    }
    buf_fini(&text);
}

static void print_signer(const json_t *signer)
{
    const json_t *levels = json_object_get(signer, "levels");
    const json_int_t counts[] = {number_of(signer, "calls"),  number_of(levels, "A"),
                                 number_of(levels, "B"),      number_of(levels, "C"),
                                 number_of(signer, "failed"), number_of(signer, "nothing"),
                                 number_of(signer, "open")};
    static const int widths[] = {7, 6, 6, 6, 7, 7, 6};
    const char *subject = text_of(signer, "subject");
    print_code(text_of(signer, "spc"));
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        printf(" %*" JSON_INTEGER_FORMAT, widths[i], counts[i]);
    print_said(" %.*s\n%*s", TIME_WIDTH, text_of(signer, "last_seen"), INDENT, "");
    columns_wrap(*subject ? subject : "no certificate was at hand", INDENT, INDENT);
    print_said("%*sfirst seen %.*s\n", INDENT, "", TIME_WIDTH, text_of(signer, "first_seen"));
    print_reasons(signer);
}

static void print_all(const json_t *signers, json_int_t beyond)
{
    const json_t *signer;
    size_t i;
    if (json_array_size(signers) == 0)
        puts("none");
    else
        printf("%-*s %7s %6s %6s %6s %7s %7s %6s last seen\n", SPC_WIDTH, "spc", "calls", "A", "B",
               "C", "failed", "nothing", "open");
    json_array_foreach(signers, i, signer) print_signer(signer);
    if (beyond > 0)
        printf("%" JSON_INTEGER_FORMAT " calls more, of signers beyond the first %d\n", beyond,
               SIGNERS_MAX);
}

static bool print_tally(const struct cli *cli, const struct tally *t)
{
    json_t *list = t->no_memory ? NULL : sorted(t->signers);
    if (!list)
        fputs("stirctl: out of memory\n", stderr);
    else if (cli->json)
        json_print(json_pack("{s:O,s:I}", "signers", list, "calls_beyond", t->beyond));
    else
        print_all(list, t->beyond);
    json_decref(list);
    return list && !fflush(stdout);
}

/* ---- the command ---- */

static const struct cli_option options[] = {FIND_OPTIONS, {0}};

static bool read_options(struct tally *t, const struct words *words)
{
    bool good = true;
    for (size_t i = 0; good && i < words->n_given; i++)
        good = record_search_take(&t->search, words->given[i].letter, words->given[i].value);
    return good;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct tally t = {.signers = NULL};
    struct record_file_names names;
    if (!read_options(&t, words))
        return command_usage(&command_signers);
    if (!record_files_of(&names, cli, words->n, words->word))
        return EXIT_FAILURE;
    record_files_warn(&names);
    t.signers = json_object();
    t.no_memory = !t.signers;
    bool read = true;
    for (size_t i = 0; i < names.n; i++)
        read = record_lines_of_file(names.path[i], look_at, &t) && read;
    bool any = json_object_size(t.signers) > 0;
    /* Who could not read all the files cannot say that there is none. */
    bool printed = (read || any) && print_tally(cli, &t);
    json_decref(t.signers);
    record_files_free(&names);
    return read && any && printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_signers = {"signers",
                                        FIND_USAGE "[FILE ...]",
                                        "who signed the calls that were verified, by their records",
                                        run,
                                        options,
                                        "[FILE ...]"};
