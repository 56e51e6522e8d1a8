/* A table of customers: who they are, what is known of them, what they may have at most. */
#include "numbers_build.h"

#include <stdlib.h>
#include <stird/base/suggest.h>

#define CUSTOMER_MAX_BYTES 128

/* Columns with a meaning; the values that they may have. */
static const struct {
    struct str name;
    const char *values[6]; /* none: any text */
} meant[] = {
    {STR("kyc"), {"verified", "pending", "failed", "none"}},
    {STR("cap"), {"A", "B", "C", "unsigned", "refuse"}},
    {STR("provider"), {NULL}},
    {STR("contact"), {NULL}},
};

static bool has_column(const struct str *field, unsigned n, enum column c)
{
    for (unsigned i = 0; i < n; i++)
        if (str_eq_nocase(field[i], column_name(c)))
            return true;
    return false;
}

static bool is_meant_one(struct str name)
{
    for (size_t i = 0; i < sizeof(meant) / sizeof(meant[0]); i++)
        if (str_eq_nocase(name, meant[i].name))
            return true;
    return false;
}

/* True with a problem. */
static bool is_lookalike(struct build *b, struct columns *columns, const struct str *field,
                         unsigned i, uint32_t line)
{
    if (is_meant_one(field[i]) || str_eq_nocase(field[i], column_name(COLUMN_CUSTOMER)))
        return false;
    const char *like = customer_column_meant(field, columns->n, field[i]);
    const char *of_rows = like ? NULL : row_column_meant(field[i]);
    if (like)
        complain_of_lookalike(b, field[i], like, line);
    if (like && columns->field[COLUMN_CUSTOMER] < 0 &&
        str_eq_nocase(str_of(like), column_name(COLUMN_CUSTOMER)) &&
        !has_column(field, columns->n, COLUMN_CUSTOMER))
        columns->field[COLUMN_CUSTOMER] = (int)i;
    if (of_rows)
        build_problem(
            b, line,
            "column \"%s\": a customer has no dates and no state, its rows in number "
            "tables have (not_before, not_after, state); a column of your own begins with "
            "x_",
            build_quote(field[i]).text);
    return like || of_rows;
}

static bool customer_column_read(struct build *b, struct columns *columns, const struct str *field,
                                 unsigned i, uint32_t line)
{
    if (is_lookalike(b, columns, field, i, line) ||
        !column_name_check(b, field, i, "customer,kyc,cap", line))
        return false;
    if (!str_eq_nocase(field[i], column_name(COLUMN_CUSTOMER)))
        return attribute_column_add(b, columns, field[i], i, line);
    columns->field[COLUMN_CUSTOMER] = (int)i;
    return true;
}

bool customer_columns_read(struct build *b, struct columns *columns, const struct str *field,
                           unsigned n, uint32_t line)
{
    bool good = true;
    *columns = (struct columns){.n = n};
    for (int c = 0; c < COLUMNS; c++)
        columns->field[c] = -1;
    if (has_column(field, n, COLUMN_NUMBER) && has_column(field, n, COLUMN_STATE)) {
        build_problem(b, line, "this is a table of numbers: name it in numbers.files");
        return false;
    }
    for (unsigned i = 0; i < n; i++)
        good &= customer_column_read(b, columns, field, i, line);
    if (good && columns->field[COLUMN_CUSTOMER] < 0)
        build_problem(b, line, "there is no column \"customer\"");
    return columns->field[COLUMN_CUSTOMER] >= 0;
}

static bool is_one_of(struct str value, const char *const *values)
{
    for (; *values; values++)
        if (str_eq(value, str_of(*values)))
            return true;
    return false;
}

static void complain_of_value(struct build *b, struct str column, struct str value,
                              const char *const *values, uint32_t line)
{
    struct buf list = BUF_INIT;
    unsigned distance = SUGGEST_FAR;
    const char *nearest = NULL;
    for (; *values; values++) {
        buf_addf(&list, "%s%s", list.n > 0 ? ", " : "", *values);
        if (suggest_is_nearer(value, str_of(*values), &distance))
            nearest = *values;
    }
    if (nearest && nearest[1] != '\0')
        buf_addf(&list, " (did you mean \"%s\"?)", nearest);
    build_problem(b, line, "%s \"%s\" is none of %.*s", build_quote(column).text,
                  build_quote(value).text, STR_ARG(buf_str(&list)));
    buf_fini(&list);
}

static bool values_check(struct build *b, const struct columns *columns, const struct str *field,
                         uint32_t line)
{
    bool good = true;
    for (unsigned i = 0; i < columns->n_attributes; i++) {
        struct str column = interner_get(&b->columns, columns->attribute[i].column);
        struct str value = field[columns->attribute[i].field];
        for (size_t m = 0; m < sizeof(meant) / sizeof(meant[0]); m++) {
            if (!str_eq(column, meant[m].name) || value.n == 0 || !meant[m].values[0] ||
                is_one_of(value, meant[m].values))
                continue;
            complain_of_value(b, column, value, meant[m].values, line);
            good = false;
        }
    }
    return good;
}

bool customer_row_read(struct build *b, const struct columns *columns, const struct str *field,
                       unsigned n, uint32_t line)
{
    struct build_customer row = {.line = line};
    if (!field_count_check(b, columns, field, n, line))
        return true;
    struct str name = field[columns->field[COLUMN_CUSTOMER]];
    if (name.n == 0 || name.n > CUSTOMER_MAX_BYTES) {
        build_problem(b, line,
                      name.n == 0 ? "the customer is missing: name the customer as its "
                                    "trunk does"
                                  : "the customer's name has more than 128 bytes");
        return true;
    }
    if (!values_check(b, columns, field, line))
        return true;
    row.customer = interner_add(&b->customers, name.p, name.n);
    if (row.customer == INTERN_FAILED || !attributes_read(b, columns, field, &row.attributes))
        return false;
    buf_add(&b->declared, &row, sizeof(row));
    return !buf_failed(&b->declared);
}

static int by_customer(const void *left, const void *right)
{
    const struct build_customer *a = left, *b = right;
    if (a->customer != b->customer)
        return a->customer < b->customer ? -1 : 1;
    return a->line < b->line ? -1 : 1;
}

void customers_check(struct build *b)
{
    struct build_customer *list = (struct build_customer *)(void *)b->declared.p;
    size_t n = b->declared.n / sizeof(*list);
    if (n > 1)
        qsort(list, n, sizeof(*list), by_customer);
    for (size_t i = 1; i < n; i++) {
        uint32_t line;
        if (list[i].customer != list[i - 1].customer)
            continue;
        struct str file = build_place(b, list[i - 1].line, &line);
        build_problem(b, list[i].line, "customer \"%s\" is in %s:%u already: keep one of the two",
                      build_quote(interner_get(&b->customers, list[i].customer)).text,
                      build_quote(file).text, line);
    }
}
