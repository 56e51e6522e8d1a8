/* Every row that speaks of a number, the one that counts first. */
#include "columns.h"
#include "decision.h"
#include "json_text.h"

#include <stdio.h>
#include <stird/base/clock.h>
#include <stird/base/json.h>
#include <string.h>
#include <time.h>

struct listing {
    struct json *json; /* NULL: for people */
    int32_t today;
};

/* Empty where the day is open. */
#define FURTHER 4 /* in */

static const char *date_text(int32_t day, char text[16])
{
    time_t seconds = (time_t)day * 86400;
    struct tm tm;
    text[0] = '\0';
    if (day != INT32_MIN && day != INT32_MAX && gmtime_r(&seconds, &tm))
        strftime(text, 16, "%Y-%m-%d", &tm);
    return text;
}

static void put(struct json *j, const char *key, struct str value)
{
    json_put_key(j, str_of(key));
    json_put_string(j, value);
}

static void put_row(const struct listing *l, const struct numbers_row *row)
{
    char from[16], to[16];
    json_begin_object(l->json);
    put(l->json, "customer", row->customer);
    put(l->json, "state", number_state_name(row->state));
    put(l->json, "not_before", str_of(date_text(row->not_before, from)));
    put(l->json, "not_after", str_of(date_text(row->not_after, to)));
    put(l->json, "cert", row->certificate);
    json_put_key(l->json, STR("prefix"));
    json_put_bool(l->json, row->prefix);
    json_put_key(l->json, STR("urgent"));
    json_put_bool(l->json, row->urgent);
    json_put_key(l->json, STR("counts"));
    json_put_bool(l->json, numbers_row_counts(row, l->today));
    put(l->json, "file", row->file);
    json_put_key(l->json, STR("line"));
    json_put_integer(l->json, row->line);
    json_end_object(l->json);
}

/* Why a row decides nothing today; empty when it may decide. */
static const char *why_not(const struct listing *l, const struct numbers_row *row)
{
    if (l->today > row->not_after)
        return ", is over";
    if (l->today < row->not_before)
        return ", is not in force yet";
    return row->replaced ? ", replaced by a row above" : "";
}

static void print_row(const struct listing *l, const struct numbers_row *row)
{
    char from[16], to[16];
    struct buf customer = BUF_INIT;
    buf_add_escaped(&customer, row->customer);
    date_text(row->not_before, from);
    date_text(row->not_after, to);
    int at = print_said("%-10s %-20.*s %-10s .. %-10s", number_state_name(row->state).p,
                        STR_ARG(buf_str(&customer)), from, to);
    columns_say(FURTHER, at, "%.*s:%u%s%s%s%.*s%s", STR_ARG(row->file), row->line,
                row->prefix ? ", a prefix" : "", row->urgent ? ", urgent" : "",
                row->certificate.n > 0 ? ", signed with " : "", STR_ARG(row->certificate),
                why_not(l, row));
    buf_fini(&customer);
}

static void visit(void *user, const struct numbers_row *row)
{
    const struct listing *l = user;
    if (l->json)
        put_row(l, row);
    else
        print_row(l, row);
}

static size_t list_rows(const struct decision_basis *basis, const struct tn *tn, struct json *j)
{
    const struct time_zone *zone = &basis->settings->zones[basis->settings->numbers_zone];
    struct listing l = {j, time_zone_local(zone, clock_real_s()).day};
    return numbers_rows_urgent(basis->overlay.table, basis->numbers.table, tn, l.today, visit, &l);
}

static int show(const struct cli *cli, const struct decision_basis *basis, const struct tn *tn)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_array(&j);
    size_t n = list_rows(basis, tn, cli->json ? &j : NULL);
    json_end_array(&j);
    if (cli->json)
        json_print_text(buf_str(&out));
    else if (n == 0)
        print_said("no row speaks of +%.*s\n", STR_ARG(tn_str(tn)));
    buf_fini(&out);
    return n > 0 && !fflush(stdout) ? 0 : 1;
}

static const struct cli_option options[] = {
    {"offline", 'o', NULL, "ask the files of the configuration, not the stird that runs", 0}, {0}};

static int number_fault(const char *number, const char *why)
{
    struct buf text = BUF_INIT;
    buf_add_char(&text, '"');
    buf_add_shown(&text, str_of(number));
    buf_addf(&text, "\": %s", why);
    buf_add(&text, "", 1);
    int status = command_fault(&command_numbers_show, buf_failed(&text) ? why : text.p);
    buf_fini(&text);
    return status;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct decision_basis basis;
    struct tn tn;
    const char *why;
    if (!numbers_number(str_of(words->word[0]), &tn, &why))
        return number_fault(words->word[0], why);
    if (!decision_basis_get(&basis, cli, words_have(words, 'o') ? SOURCE_FILES : SOURCE_ANY,
                            NEED_ROWS))
        return 1;
    int status = show(cli, &basis, &tn);
    decision_basis_fini(&basis);
    return status;
}

const struct command command_numbers_show = {
    "numbers show", "NUMBER [--offline]", "the rows that speak of a number", run, options,
    "NUMBER"};
