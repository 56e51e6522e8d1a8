/* Reads a table of customers: who they are, what is known about them, which level they may have at
   most. */
#include "numbers_build.h"

#include <stdlib.h>
#include <stird/base/suggest.h>

#define CUSTOMER_MAX_BYTES 128

/* Columns with a meaning; the values that they may have. */
static const struct {
    struct str name;
    const char *values[6]; /* none: any text */
} meant_ones[] = {
    {STR("kyc"), {"verified", "pending", "failed", "none"}},
    {STR("cap"), {"A", "B", "C", "unsigned", "refuse"}},
    {STR("sign_percent"), {NULL}},
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
    for (size_t i = 0; i < sizeof(meant_ones) / sizeof(meant_ones[0]); i++)
        if (str_eq_nocase(name, meant_ones[i].name))
            return true;
    return false;
}

bool customer_column_mistaken(const struct str *field, unsigned n, struct str name,
                              const char **meant, struct buf *why)
{
    *meant = NULL;
    if (is_meant_one(name) || str_eq_nocase(name, column_name(COLUMN_CUSTOMER)))
        return false;
    *meant = lookalike_customer_column(field, n, name);
    if (*meant)
        lookalike_say(name, *meant, why);
    else if (lookalike_row_column(name))
        buf_addf(why,
                 "column \"%s\": a customer has no dates and no state, its rows in number "
                 "tables have (not_before, not_after, state); a column of your own begins with "
                 "x_",
                 build_quote(name).text);
    return *meant || lookalike_row_column(name);
}

/* Rows are checked under the name that is meant. */
static void use_as_meant(struct columns *columns, const struct str *field, unsigned i,
                         const char *meant)
{
    if (meant && columns->field[COLUMN_CUSTOMER] < 0 &&
        str_eq_nocase(str_of(meant), column_name(COLUMN_CUSTOMER)) &&
        !has_column(field, columns->n, COLUMN_CUSTOMER))
        columns->field[COLUMN_CUSTOMER] = (int)i;
}

/* True with a problem. */
static bool is_lookalike(struct build *b, struct columns *columns, const struct str *field,
                         unsigned i, uint32_t line)
{
    const char *meant;
    struct buf why = BUF_INIT;
    bool mistaken = customer_column_mistaken(field, columns->n, field[i], &meant, &why);
    if (mistaken)
        build_problem(b, line, "%.*s", STR_ARG(buf_str(&why)));
    use_as_meant(columns, field, i, meant);
    buf_fini(&why);
    return mistaken;
}

static bool customer_column_read(struct build *b, struct columns *columns, const struct str *field,
                                 unsigned i, uint32_t line)
{
    if (is_lookalike(b, columns, field, i, line) ||
        !column_name_check(b, field, i, "customer,kyc,cap", line))
        return false;
    if (!str_eq_nocase(field[i], column_name(COLUMN_CUSTOMER)))
        return columns_attribute_add(b, columns, field[i], i, line);
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

static void say_values(struct str column, struct str value, const char *const *values,
                       struct buf *why)
{
    unsigned distance = SUGGEST_FAR;
    const char *nearest = NULL;
    buf_addf(why, "%s \"%s\" is none of ", build_quote(column).text, build_quote(value).text);
    for (const char *const *v = values; *v; v++) {
        buf_addf(why, "%s%s", v > values ? ", " : "", *v);
        if (suggest_is_nearer(value, str_of(*v), &distance))
            nearest = *v;
    }
    if (nearest && nearest[1] != '\0')
        buf_addf(why, " (did you mean \"%s\"?)", nearest);
}

static bool is_no_percentage(struct str column, struct str value)
{
    uint64_t percent;
    return str_eq(column, STR("sign_percent")) && value.n > 0 && !str_to_u64(value, 100, &percent);
}

bool customer_value_check(struct str column, struct str value, struct buf *why)
{
    if (is_no_percentage(column, value)) {
        buf_addf(why, "%s \"%s\" is no number from 0 to 100", build_quote(column).text,
                 build_quote(value).text);
        return false;
    }
    for (size_t m = 0; m < sizeof(meant_ones) / sizeof(meant_ones[0]); m++) {
        if (!str_eq(column, meant_ones[m].name) || value.n == 0 || !meant_ones[m].values[0] ||
            is_one_of(value, meant_ones[m].values))
            continue;
        say_values(column, value, meant_ones[m].values, why);
        return false;
    }
    return true;
}

static bool values_check(struct build *b, const struct columns *columns, const struct str *field,
                         uint32_t line)
{
    bool good = true;
    for (unsigned i = 0; i < columns->n_attributes; i++) {
        struct buf why = BUF_INIT;
        struct str column = interner_get(&b->columns, columns->attribute[i].column);
        if (!customer_value_check(column, field[columns->attribute[i].field], &why)) {
            build_problem(b, line, "%.*s", STR_ARG(buf_str(&why)));
            good = false;
        }
        buf_fini(&why);
    }
    return good;
}

static bool name_check(struct build *b, struct str name, uint32_t line)
{
    if (name.n > 0 && name.n <= CUSTOMER_MAX_BYTES)
        return true;
    build_problem(b, line,
                  name.n == 0 ? "the customer is missing: name the customer as its trunk does"
                              : "the customer's name has more than 128 bytes");
    return false;
}

/* The certificate that it names is looked at all the same. False: no memory. */
static bool refuse(struct build *b, const struct columns *columns, const struct str *field,
                   struct str name, uint32_t line)
{
    struct build_refused row = {.line = line, .declares = true};
    struct str certificate = STR("");
    for (unsigned i = 0; i < columns->n_attributes; i++)
        if (str_eq(interner_get(&b->columns, columns->attribute[i].column),
                   column_name(COLUMN_CERT)))
            certificate = field[columns->attribute[i].field];
    return refused_add(b, &row, name, certificate);
}

bool customer_row_read(struct build *b, const struct columns *columns, const struct str *field,
                       unsigned n, uint32_t line)
{
    struct build_customer row = {.line = line};
    bool good = columns_count_check(b, columns, field, n, line);
    if (!good && !columns_are_in_place(columns, field, n))
        return true;
    good &= columns_hash_check(b, columns, field, n, line);
    struct str name = field[columns->field[COLUMN_CUSTOMER]];
    good &= name_check(b, name, line);
    good &= values_check(b, columns, field, line);
    if (!good)
        return refuse(b, columns, field, name, line);
    row.customer = interner_add(&b->customers, name.p, name.n);
    if (row.customer == INTERN_FAILED ||
        !columns_attributes_read(b, columns, field, &row.attributes))
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
