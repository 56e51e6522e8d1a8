#include <stird/core/signers.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/buf.h>
#include <stird/core/numbers.h>
#include <stird/core/numbers_csv.h>
#include <string.h>

#define PROBLEMS_TOLD 1000

enum column { CODE, ACTION, UNTIL, NOTE, COLUMNS };

static const struct str columns[COLUMNS] = {STR("code"), STR("action"), STR("until"), STR("note")};

struct table {
    struct str file;
    struct arena *arena;
    struct problems *problems;
    struct buf rows; /* struct signer */
    int place[COLUMNS];
    unsigned n_columns, n_problems;
    bool has_header, no_memory;
};

static void complain(struct table *t, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void complain(struct table *t, unsigned line, const char *format, ...)
{
    char text[400];
    va_list arguments;
    if (t->n_problems++ >= PROBLEMS_TOLD)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    problems_add(t->problems, t->file, line, "%s", text);
}

/* Text of the table for a message: printable and cut. */
struct shown {
    char text[100];
};

static struct shown shown_of(struct str text)
{
    struct shown shown = {""};
    struct buf out = BUF_INIT;
    buf_add_shown(&out, str_slice(text, 0, 60));
    const struct str s = buf_failed(&out) ? STR("?") : str_slice(buf_str(&out), 0, 99);
    if (s.n > 0)
        memcpy(shown.text, s.p, s.n);
    buf_fini(&out);
    return shown;
}

struct str signer_action_name(enum signer_action action)
{
    static const struct str names[SIGNER_ACTIONS] = {
        [SIGNER_ALLOW] = STR("allow"), [SIGNER_NOTHING] = STR("nothing"),
        [SIGNER_CAP_B] = STR("cap B"), [SIGNER_CAP_C] = STR("cap C"),
        [SIGNER_DENY] = STR("deny"),
    };
    return names[action];
}

bool signer_code_is_good(struct str code)
{
    for (size_t i = 0; i < code.n; i++)
        if (!ascii_is_digit(code.p[i]) && !(code.p[i] >= 'A' && code.p[i] <= 'Z'))
            return false;
    return code.n > 0 && code.n <= SIGNER_CODE_MAX;
}

/* ---- reading ---- */

static bool is_own_column(struct str name)
{
    return str_starts_nocase(name, STR("x_"));
}

static void read_column(struct table *t, const struct csv *csv, unsigned i)
{
    for (int c = 0; c < COLUMNS; c++) {
        if (!str_eq_nocase(csv->field[i], columns[c]))
            continue;
        if (t->place[c] >= 0)
            complain(t, csv->line, "column \"%.*s\" is there twice", STR_ARG(columns[c]));
        t->place[c] = (int)i;
        return;
    }
    if (!is_own_column(csv->field[i]))
        complain(t, csv->line,
                 "column \"%s\" is none of code, action, until, note; one of your own begins with "
                 "x_",
                 shown_of(csv->field[i]).text);
}

/* False: no row below can be judged. */
static bool read_header(struct table *t, const struct csv *csv)
{
    const unsigned before = t->n_problems;
    t->has_header = true;
    t->n_columns = csv->n_fields;
    for (unsigned i = 0; i < csv->n_fields; i++)
        read_column(t, csv, i);
    for (int c = CODE; c <= ACTION; c++)
        if (t->place[c] < 0)
            complain(t, csv->line,
                     "there is no column \"%.*s\": the first row names the columns, as in "
                     "code,action,until,note",
                     STR_ARG(columns[c]));
    return t->n_problems == before;
}

static struct str field_of(const struct table *t, const struct csv *csv, enum column c)
{
    return t->place[c] >= 0 ? csv->field[t->place[c]] : STR("");
}

static bool read_action(struct str text, enum signer_action *action)
{
    for (unsigned a = 0; a < SIGNER_ACTIONS; a++) {
        *action = (enum signer_action)a;
        if (a != SIGNER_NOTHING && str_eq_nocase(text, signer_action_name(*action)))
            return true;
    }
    return false;
}

static void keep_row(struct table *t, const struct signer *read)
{
    struct signer row = *read;
    row.code = arena_copy(t->arena, read->code);
    row.note = arena_copy(t->arena, read->note);
    t->no_memory = t->no_memory || !row.code.p || !row.note.p;
    buf_add(&t->rows, &row, sizeof(row));
}

static void read_row(struct table *t, const struct csv *csv)
{
    const unsigned before = t->n_problems;
    struct signer row = {.until = INT32_MAX, .line = csv->line};
    if (csv->n_fields != t->n_columns) {
        complain(t, csv->line, "the row has %u fields, the header has %u", csv->n_fields,
                 t->n_columns);
        return;
    }
    row.code = field_of(t, csv, CODE);
    row.note = field_of(t, csv, NOTE);
    const struct str action = field_of(t, csv, ACTION), until = field_of(t, csv, UNTIL);
    if (!signer_code_is_good(row.code))
        complain(t, csv->line,
                 "code \"%s\" is no service provider code: upper-case letters and digits, at most "
                 "%d",
                 shown_of(row.code).text, SIGNER_CODE_MAX);
    if (!read_action(action, &row.action))
        complain(t, csv->line, "action \"%s\" is none of allow, cap B, cap C, deny",
                 shown_of(action).text);
    if (until.n > 0 && !numbers_date_parse(until, &row.until))
        complain(t, csv->line, "until \"%s\" is no date: write it as 2026-12-31",
                 shown_of(until).text);
    if (t->n_problems == before)
        keep_row(t, &row);
}

static void read_rows(struct table *t, struct csv *csv)
{
    const char *why;
    enum csv_result result;
    bool goes_on = true;
    while (goes_on && (result = csv_next(csv, &why)) != CSV_END) {
        if (result == CSV_OUT_OF_MEMORY)
            t->no_memory = true;
        if (result == CSV_FAULT)
            complain(t, csv->line, "the row %s", why);
        if (result == CSV_ROW && t->has_header)
            read_row(t, csv);
        else if (result != CSV_OUT_OF_MEMORY)
            goes_on = t->has_header || (result == CSV_ROW && read_header(t, csv));
        goes_on = goes_on && !t->no_memory && t->rows.n / sizeof(struct signer) <= SIGNERS_MAX;
    }
    if (!t->has_header && t->n_problems == 0)
        complain(t, 1, "the table is empty: it needs at least the header row code,action");
    if (t->rows.n / sizeof(struct signer) > SIGNERS_MAX)
        complain(t, csv->line, "the table has more than %d rows", SIGNERS_MAX);
}

/* By code, then by line. */
static int by_code(const void *a, const void *b)
{
    const struct signer *one = a, *other = b;
    const int order = str_compare(one->code, other->code);
    return order ? order : (one->line > other->line) - (one->line < other->line);
}

static void find_twice(struct table *t, const struct signer *list, unsigned n)
{
    for (unsigned i = 1; i < n; i++)
        if (str_eq(list[i].code, list[i - 1].code))
            complain(t, list[i].line, "code %.*s stands in line %u already", STR_ARG(list[i].code),
                     list[i - 1].line);
}

bool signers_read(struct str file, struct str text, struct arena *arena, const struct signer **list,
                  unsigned *n, struct problems *problems)
{
    struct table t = {.file = file,
                      .arena = arena,
                      .problems = problems,
                      .rows = BUF_INIT,
                      .place = {-1, -1, -1, -1}};
    struct csv csv = csv_init(text);
    *list = NULL;
    *n = 0;
    read_rows(&t, &csv);
    csv_fini(&csv);
    const size_t count = t.rows.n / sizeof(struct signer);
    struct signer *sorted = arena_array(arena, count + 1, sizeof(*sorted));
    t.no_memory = t.no_memory || buf_failed(&t.rows) || !sorted;
    if (!t.no_memory && count > 0) {
        memcpy(sorted, t.rows.p, count * sizeof(*sorted));
        qsort(sorted, count, sizeof(*sorted), by_code);
        find_twice(&t, sorted, (unsigned)count);
    }
    buf_fini(&t.rows);
    if (t.n_problems > PROBLEMS_TOLD)
        problems_add(problems, file, 0, "there are %u more mistakes in it",
                     t.n_problems - PROBLEMS_TOLD);
    problems->out_of_memory = problems->out_of_memory || t.no_memory;
    if (t.n_problems > 0 || t.no_memory)
        return false;
    *list = sorted;
    *n = (unsigned)count;
    return true;
}

/* ---- asking ---- */

/* Over or not; NULL: there is none. */
static const struct signer *find(const struct signer *list, unsigned n, struct str code)
{
    unsigned first = 0, end = n;
    while (first < end) {
        const unsigned middle = first + (end - first) / 2;
        if (str_compare(list[middle].code, code) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    return first < n && str_eq(list[first].code, code) ? &list[first] : NULL;
}

enum signer_action signers_judge(const struct signer *list, unsigned n, struct str codes,
                                 int32_t today, const struct signer **row)
{
    enum signer_action worst = SIGNER_ALLOW;
    *row = NULL;
    if (n == 0 || codes.n == 0)
        return SIGNER_NOTHING;
    while (codes.n > 0) {
        const struct signer *found = find(list, n, str_cut(&codes, ','));
        const bool counts = found && today <= found->until;
        const enum signer_action says = counts ? found->action : SIGNER_NOTHING;
        if (says < worst || (says == worst && *row))
            continue;
        worst = says;
        *row = counts ? found : NULL;
    }
    return worst;
}
