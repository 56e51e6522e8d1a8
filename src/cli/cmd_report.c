/*
 * What was made of calls, by their records, for an auditor: for each month (or day), provider,
 * customer and trunk how many calls had which level, why calls were refused or left unsigned, and
 * which certificates signed. Beside it, whether the records are all there and unchanged.
 */
#include "columns.h"
#include "command.h"
#include "json_text.h"
#include "record_check.h"
#include "record_files.h"
#include "record_search.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX         10000 /* that are told apart */
#define CERTIFICATES_MAX 64    /* of a row */
#define MONTH            7     /* octets of a time: "2026-11" */
#define DAY              10
#define COUNT_MAX        UINT32_MAX /* of a record: one that says more stird has not written */
#define INDENT           4

struct report {
    struct record_search search;
    size_t period; /* MONTH or DAY */
    json_t *rows;  /* by period, provider, customer and trunk */
    json_int_t beyond;
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

static bool count(json_t *counts, const char *key, json_int_t n)
{
    return json_object_set_new(counts, key, json_integer(number_of(counts, key) + n)) == 0;
}

static json_t *copy_of(const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_incref(value) : json_null();
}

static json_t *row_new(const json_t *record, struct str period)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:i, s:i, s:{s:i, s:i, s:i}, s:i, s:{}, s:i, s:{}, s:i, "
                     "s:i, s:{s:i, s:i, s:i, s:i}, s:{}, s:i}",
                     "period", json_of(period), "provider", copy_of(record, "provider"), "customer",
                     copy_of(record, "customer"), "trunk", copy_of(record, "trunk"), "calls", 0,
                     "signed", 0, "levels", "A", 0, "B", 0, "C", 0, "unsigned", 0,
                     "unsigned_reasons", "refused", 0, "refused_reasons", "answered", 0,
                     "emergency", 0, "verified", "passed", 0, "failed", 0, "nothing", 0, "open", 0,
                     "certificates", "certificates_beyond", 0);
}

/* The row of KEY in ROWS; NULL: it is beyond the ceiling, or there is no memory. */
static json_t *row_of(struct report *r, const json_t *record, struct str period)
{
    static const char *const keys[] = {"provider", "customer", "trunk"};
    struct buf key = BUF_INIT;
    json_t *row = NULL;
    buf_add_str(&key, period);
    for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        buf_add_char(&key, '\n');
        buf_add_text(&key, text_of(record, keys[i]));
    }
    buf_add_char(&key, '\0');
    r->no_memory = buf_failed(&key) || r->no_memory;
    if (!buf_failed(&key))
        row = json_object_get(r->rows, key.p);
    if (!row && !buf_failed(&key) && json_object_size(r->rows) < ROWS_MAX) {
        row = row_new(record, period);
        if (json_object_set_new(r->rows, key.p, row) != 0)
            row = NULL, r->no_memory = true;
    }
    buf_fini(&key);
    return row;
}

/* Records of another version may have others: their names are nobody's. */
static const char *reason_in(const json_t *record)
{
    const char *text = text_of(record, "reason");
    return str_eq(reason_name(reason_by_name(str_of(text))), str_of(text)) ? text : "other";
}

/* Files need not be given in the order of time. */
static void see(json_t *certificate, json_t *ts)
{
    const char *text = json_string_value(ts), *first = text_of(certificate, "first");
    if (text && (!*first || strcmp(text, first) < 0))
        json_object_set(certificate, "first", ts);
    if (text && strcmp(text, text_of(certificate, "last")) > 0)
        json_object_set(certificate, "last", ts);
}

/* The unit that signed: certificate, serial number and URL. */
static bool count_certificate(json_t *row, const json_t *record, json_int_t n)
{
    json_t *all = json_object_get(row, "certificates");
    struct buf key = BUF_INIT;
    buf_add_text(&key, text_of(record, "cert_id"));
    buf_add_char(&key, '\n');
    buf_add_text(&key, text_of(record, "cert_serial"));
    buf_add_char(&key, '\n');
    buf_add_text(&key, text_of(record, "x5u"));
    buf_add_char(&key, '\0');
    json_t *certificate = buf_failed(&key) ? NULL : json_object_get(all, key.p);
    bool good = !buf_failed(&key);
    if (good && !certificate && json_object_size(all) >= CERTIFICATES_MAX) {
        buf_fini(&key);
        return count(row, "certificates_beyond", n);
    }
    if (good && !certificate) {
        certificate = json_pack("{s:o, s:o, s:o, s:o, s:i, s:n, s:n}", "id",
                                copy_of(record, "cert_id"), "spc", copy_of(record, "cert_spc"),
                                "serial", copy_of(record, "cert_serial"), "x5u",
                                copy_of(record, "x5u"), "calls", 0, "first", "last");
        good = json_object_set_new(all, key.p, certificate) == 0;
    }
    buf_fini(&key);
    if (good)
        see(certificate, json_object_get(record, "ts"));
    return good && count(certificate, "calls", n);
}

static bool count_signed(json_t *row, const json_t *record, json_int_t n)
{
    const char *level = text_of(record, "attest");
    return count(row, "signed", n) &&
           (!*level || !strchr("ABC", *level) || level[1] ||
            count(json_object_get(row, "levels"), level, n)) &&
           count_certificate(row, record, n);
}

static bool count_verified(json_t *row, const json_t *record, json_int_t n)
{
    const char *class = text_of(json_object_get(record, "verification"), "class");
    json_t *verified = json_object_get(row, "verified");
    return !json_object_get(verified, class) || count(verified, class, n);
}

/* A record of a flood is of many. */
static json_int_t calls_of(const json_t *record)
{
    const json_int_t told = number_of(record, "count");
    return told > 1 && told <= COUNT_MAX ? told : 1;
}

static bool count_call(json_t *row, const json_t *record)
{
    const json_int_t n = calls_of(record);
    const char *decision = text_of(record, "decision");
    bool good = count(row, "calls", n) && count_verified(row, record, n);
    if (good && json_is_true(json_object_get(record, "emergency")))
        good = count(row, "emergency", n);
    if (good && strcmp(text_of(record, "result"), "answered") == 0)
        good = count(row, "answered", n);
    if (good && strcmp(decision, "signed") == 0)
        return count_signed(row, record, n);
    const bool refused = strcmp(decision, "rejected") == 0;
    return good && count(row, refused ? "refused" : "unsigned", n) &&
           count(json_object_get(row, refused ? "refused_reasons" : "unsigned_reasons"),
                 reason_in(record), n);
}

static void look_at(void *user, struct str line)
{
    struct report *r = user;
    json_t *record = record_search_match(&r->search, line);
    if (record) {
        json_t *row = row_of(r, record, str_slice(str_of(text_of(record, "ts")), 0, r->period));
        r->beyond += row ? 0 : calls_of(record);
        r->no_memory = (row && !count_call(row, record)) || r->no_memory;
    }
    json_decref(record);
}

/* ---- the result ---- */

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Its members in the order of their names. NULL: no memory. */
static json_t *sorted(json_t *object)
{
    const size_t n = json_object_size(object);
    const char **keys = calloc(n + 1, sizeof(*keys)), *key;
    json_t *list = json_array(), *value;
    size_t i = 0;
    bool good = keys && list;
    json_object_foreach(object, key, value) if (good) keys[i++] = key;
    if (good)
        qsort(keys, n, sizeof(*keys), by_key);
    for (i = 0; good && i < n; i++)
        good = json_array_append(list, json_object_get(object, keys[i])) == 0;
    free(keys);
    if (good)
        return list;
    json_decref(list);
    return NULL;
}

/* What share of the signed calls had an A, in tenths of a percent: 100 % is all of them, and 0 % is
   none, whatever rounding says. -1: none was signed. */
static json_int_t share_of_a(const json_t *row)
{
    const json_int_t all = number_of(row, "signed");
    const json_int_t a = number_of(json_object_get(row, "levels"), "A");
    const json_int_t share = all > 0 ? (json_int_t)(1000.0 * (double)a / (double)all + 0.5) : -1;
    if (share == 1000 && a < all)
        return 999;
    return share == 0 && a > 0 ? 1 : share;
}

static bool finish_row(json_t *row)
{
    const json_int_t share = share_of_a(row);
    json_t *certificates = sorted(json_object_get(row, "certificates"));
    return certificates && json_object_set_new(row, "certificates", certificates) == 0 &&
           json_object_set_new(row, "a_percent",
                               share < 0 ? json_null() : json_real((double)share / 10)) == 0;
}

/* Rows, what there was no room for, and the check of the files. NULL: no memory. */
static json_t *result_of(const struct report *r, json_t *chain)
{
    json_t *rows = r->no_memory ? NULL : sorted(r->rows), *row;
    size_t i;
    bool good = rows && chain;
    json_array_foreach(rows, i, row) good = good && finish_row(row);
    if (good)
        return json_pack("{s:o, s:I, s:O}", "rows", rows, "calls_beyond", r->beyond, "records",
                         chain);
    json_decref(rows);
    return NULL;
}

/* ---- for people ---- */

static void add_reasons(struct buf *text, const char *what, const json_t *reasons)
{
    const char *name;
    json_t *n;
    bool first = true;
    json_object_foreach((json_t *)(uintptr_t)reasons, name, n)
    {
        buf_addf(text, "%s%s %" JSON_INTEGER_FORMAT, first ? what : ", ", name,
                 json_integer_value(n));
        first = false;
    }
}

static void print_text(struct buf *text)
{
    buf_add_char(text, '\0');
    if (text->n > 1 && !buf_failed(text)) {
        printf("%*s", INDENT, "");
        columns_wrap(text->p, INDENT, INDENT);
    }
    buf_reset(text);
}

static void add_calls(struct buf *text, const json_t *row)
{
    const json_t *levels = json_object_get(row, "levels");
    const json_int_t share = share_of_a(row);
    buf_addf(text, "%" JSON_INTEGER_FORMAT " calls: %" JSON_INTEGER_FORMAT " signed",
             number_of(row, "calls"), number_of(row, "signed"));
    if (share >= 0)
        buf_addf(text,
                 " (A %" JSON_INTEGER_FORMAT ", B %" JSON_INTEGER_FORMAT ", C %" JSON_INTEGER_FORMAT
                 "; A is %d.%d %%)",
                 number_of(levels, "A"), number_of(levels, "B"), number_of(levels, "C"),
                 (int)(share / 10), (int)(share % 10));
    buf_addf(text,
             ", %" JSON_INTEGER_FORMAT " unsigned, %" JSON_INTEGER_FORMAT
             " refused, %" JSON_INTEGER_FORMAT " answered",
             number_of(row, "unsigned"), number_of(row, "refused"), number_of(row, "answered"));
    if (number_of(row, "emergency") > 0)
        buf_addf(text, ", %" JSON_INTEGER_FORMAT " emergency", number_of(row, "emergency"));
}

static void add_verified(struct buf *text, const json_t *verified)
{
    const json_int_t n[] = {number_of(verified, "passed"), number_of(verified, "failed"),
                            number_of(verified, "nothing"), number_of(verified, "open")};
    if (n[0] + n[1] + n[2] + n[3] > 0)
        buf_addf(text,
                 "verified: %" JSON_INTEGER_FORMAT " passed, %" JSON_INTEGER_FORMAT
                 " failed, %" JSON_INTEGER_FORMAT " without a token, %" JSON_INTEGER_FORMAT " open",
                 n[0], n[1], n[2], n[3]);
}

static void print_certificates(const json_t *row, struct buf *text)
{
    const json_t *c;
    size_t i;
    json_array_foreach(json_object_get(row, "certificates"), i, c)
    {
        buf_addf(text,
                 "signed with %s, code %s, serial %s: %" JSON_INTEGER_FORMAT
                 " calls, %.19sZ to %.19sZ",
                 text_of(c, "id"), text_of(c, "spc"), text_of(c, "serial"), number_of(c, "calls"),
                 text_of(c, "first"), text_of(c, "last"));
        print_text(text);
    }
    if (number_of(row, "certificates_beyond") > 0) {
        buf_addf(text, "%" JSON_INTEGER_FORMAT " calls more with further certificates",
                 number_of(row, "certificates_beyond"));
        print_text(text);
    }
}

static const char *shown(const char *text)
{
    return *text ? text : "-";
}

static void print_row(const json_t *row)
{
    struct buf text = BUF_INIT;
    columns_hang(INDENT, "%s  trunk %s, customer %s, provider %s", text_of(row, "period"),
                 shown(text_of(row, "trunk")), shown(text_of(row, "customer")),
                 shown(text_of(row, "provider")));
    add_calls(&text, row);
    print_text(&text);
    add_reasons(&text, "refused: ", json_object_get(row, "refused_reasons"));
    print_text(&text);
    add_reasons(&text, "unsigned: ", json_object_get(row, "unsigned_reasons"));
    print_text(&text);
    add_verified(&text, json_object_get(row, "verified"));
    print_text(&text);
    print_certificates(row, &text);
    buf_fini(&text);
}

static void print_result(const json_t *result, const struct record_check *check)
{
    const json_t *rows = json_object_get(result, "rows"), *row;
    size_t i;
    json_array_foreach(rows, i, row) print_row(row);
    if (json_array_size(rows) == 0)
        puts("none");
    if (number_of(result, "calls_beyond") > 0)
        printf("%" JSON_INTEGER_FORMAT " calls more, beyond %d rows\n",
               number_of(result, "calls_beyond"), ROWS_MAX);
    record_check_print(check);
}

/* ---- the command ---- */

static const struct cli_option options[] = {
    FIND_OPTIONS,
    {"month", 'm', "MONTH", "of this month alone (UTC), as 2026-11", 0},
    {"by-day", 'd', NULL, "a row for each day instead of each month", 0},
    {0}};

static bool is_month(const char *text)
{
    static const char form[] = "dddd-dd";
    for (size_t i = 0; i < sizeof(form); i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return strcmp(text + 5, "01") >= 0 && strcmp(text + 5, "12") <= 0;
}

/* False: what is wrong is told, but for how it is used. */
static bool read_options(struct report *r, const struct words *words)
{
    const char *month = words_value(words, 'm');
    bool good = true;
    for (size_t i = 0; good && i < words->n_given; i++) {
        const struct given *g = &words->given[i];
        if (g->letter == 'd')
            r->period = DAY;
        else if (g->letter != 'm')
            good = record_search_take(&r->search, g->letter, g->value);
    }
    if (good && month && (!is_month(month) || r->search.from || r->search.to)) {
        fputs("stirctl: --month is a month, as 2026-11, and goes without --between\n", stderr);
        good = false;
    }
    if (month)
        r->search.from = r->search.to = month;
    return good;
}

static int run(const struct cli *cli, const struct words *words)
{
    struct report r = {.period = MONTH};
    struct record_file_names names;
    if (!read_options(&r, words))
        return command_usage(&command_report);
    if (!record_files_of(&names, cli, words->n, words->word))
        return EXIT_FAILURE;
    r.rows = json_object();
    r.no_memory = !r.rows;
    struct record_check check = {.look = look_at, .user = &r, .quiet = true};
    record_check_run(&check, cli, &names);
    json_t *result = result_of(&r, check.json);
    const bool any = json_array_size(json_object_get(result, "rows")) > 0;
    if (!result)
        fputs("stirctl: out of memory\n", stderr);
    else if (cli->json && (check.read || any)) /* else nobody can say that there are none */
        json_print(json_incref(result));
    else if (check.read || any)
        print_result(result, &check);
    const bool good = check.good && any;
    json_decref(result);
    record_check_fini(&check);
    json_decref(r.rows);
    record_files_free(&names);
    return good && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_report = {
    "report",
    FIND_USAGE "[--month MONTH] [--by-day] [FILE ...]",
    "levels, refusals and certificates by month, provider, customer and trunk",
    run,
    options,
    "[FILE ...]"};
