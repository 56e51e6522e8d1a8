/* A table of customers: who they are, what is known of them, what they may have at most. */
#include "numbers_build.h"

#include <stdlib.h>

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

static bool is_column_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && name.p[i] != '_' &&
            (i == 0 || !ascii_is_digit(name.p[i])))
            return false;
    return name.n > 0 && name.n <= 64;
}

bool customer_columns_read(struct build *b, struct columns *columns, const struct str *field,
                           unsigned n, uint32_t line)
{
    *columns = (struct columns){.n = n};
    for (int c = 0; c < COLUMNS; c++)
        columns->field[c] = -1;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (str_eq_nocase(field[i], field[j])) {
                build_problem(b, line, "column \"%s\" is there twice", build_quote(field[i]).text);
                return false;
            }
        }
        if (str_eq_nocase(field[i], column_name(COLUMN_CUSTOMER))) {
            columns->field[COLUMN_CUSTOMER] = (int)i;
        } else if (!is_column_name(field[i])) {
            build_problem(b, line,
                          "\"%s\" is no name of a column: letters, digits and _ only; the first "
                          "row must name the columns, as in customer,kyc,cap",
                          build_quote(field[i]).text);
            return false;
        } else if (!attribute_column_add(b, columns, field[i], i, line)) {
            return false;
        }
    }
    if (columns->field[COLUMN_CUSTOMER] >= 0)
        return true;
    build_problem(b, line, "there is no column \"customer\"");
    return false;
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
    for (; *values; values++)
        buf_addf(&list, "%s%s", list.n > 0 ? ", " : "", *values);
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
    if (n != columns->n) {
        build_problem(b, line, "the row has %u fields, the header has %u", n, columns->n);
        return true;
    }
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
