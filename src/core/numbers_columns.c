#include "numbers_build.h"

static const struct {
    struct str name;
    bool required;
} known_columns[COLUMNS] = {
    [COLUMN_NUMBER] = {STR("number"), true},
    [COLUMN_CUSTOMER] = {STR("customer"), true},
    [COLUMN_STATE] = {STR("state"), true},
    [COLUMN_NOT_BEFORE] = {STR("not_before"), false},
    [COLUMN_NOT_AFTER] = {STR("not_after"), false},
    [COLUMN_CERT] = {STR("cert"), false},
    [COLUMN_NOTE] = {STR("note"), false},
};

bool attribute_column_add(struct build *b, struct columns *columns, struct str name, unsigned field,
                          uint32_t line)
{
    char lower[64];
    for (size_t i = 0; i < name.n; i++)
        lower[i] = ascii_lower(name.p[i]);
    uint32_t column = interner_add(&b->columns, lower, name.n);
    if (column == INTERN_FAILED)
        return false;
    if (column >= ATTRIBUTE_COLUMNS_MAX) {
        build_problem(b, line,
                      "column \"%s\": there are more than %d columns of your own over all "
                      "tables: take out those that no rule asks for",
                      build_quote(name).text, ATTRIBUTE_COLUMNS_MAX);
        return false;
    }
    columns->attribute[columns->n_attributes].field = field;
    columns->attribute[columns->n_attributes++].column = column;
    return true;
}

bool attributes_read(struct build *b, const struct columns *columns, const struct str *field,
                     uint32_t *set)
{
    struct image_attribute list[ATTRIBUTE_COLUMNS_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < columns->n_attributes; i++) {
        struct str value = field[columns->attribute[i].field];
        if (value.n == 0)
            continue;
        list[n].column = columns->attribute[i].column;
        list[n].value = interner_add(&b->values, value.p, value.n);
        if (list[n++].value == INTERN_FAILED)
            return false;
    }
    *set = n == 0 ? NO_ATTRIBUTES : interner_add(&b->attribute_sets, list, n * sizeof(list[0]));
    return *set != INTERN_FAILED;
}

static bool is_attribute_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && name.p[i] != '_' &&
            (i == 0 || !ascii_is_digit(name.p[i])))
            return false;
    return name.n > 0 && name.n <= 64;
}

/* Letters of NAME, lower case, without what people write between words. */
static size_t squeeze(char out[16], struct str name)
{
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < 16; i++)
        if (ascii_is_alpha(name.p[i]) || ascii_is_digit(name.p[i]))
            out[n++] = ascii_lower(name.p[i]);
    return n;
}

static unsigned minimum(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance of two short names. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
    unsigned row[17];
    for (size_t j = 0; j <= nb; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned changed = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = minimum(changed, minimum(row[j], row[j - 1]) + 1);
        }
    }
    return row[nb];
}

/* A misspelt date column would be taken as an attribute, and expired rows would give an A. */
static int looks_like(struct str name)
{
    char a[16], b[16];
    size_t n = squeeze(a, name);
    for (int c = COLUMN_NOT_BEFORE; c <= COLUMN_NOT_AFTER; c++)
        if (distance(a, n, b, squeeze(b, known_columns[c].name)) <= 2)
            return c;
    return -1;
}

static int known_column(struct str name)
{
    for (int c = 0; c < COLUMNS; c++)
        if (str_eq_nocase(name, known_columns[c].name))
            return c;
    return -1;
}

static bool column_read(struct build *b, struct columns *columns, const struct str *field,
                        unsigned i, uint32_t line)
{
    int c = known_column(field[i]), like = looks_like(field[i]);
    for (unsigned j = 0; j < i; j++) {
        if (str_eq_nocase(field[j], field[i])) {
            build_problem(b, line, "column \"%s\" is there twice", build_quote(field[i]).text);
            return false;
        }
    }
    if (c >= 0) {
        columns->field[c] = (int)i;
        return true;
    }
    if (like >= 0) {
        build_problem(b, line, "column \"%s\" is unknown: did you mean \"%.*s\"?",
                      build_quote(field[i]).text, STR_ARG(known_columns[like].name));
        return false;
    }
    if (!is_attribute_name(field[i])) {
        build_problem(b, line,
                      "\"%s\" is no name of a column: letters, digits and _ only; the first row "
                      "must name the columns, as in number,customer,state",
                      build_quote(field[i]).text);
        return false;
    }
    return attribute_column_add(b, columns, field[i], i, line);
}

bool columns_read(struct build *b, struct columns *columns, const struct str *field, unsigned n,
                  uint32_t line)
{
    bool good = true;
    for (int c = 0; c < COLUMNS; c++)
        columns->field[c] = -1;
    columns->n = n;
    columns->n_attributes = 0;
    for (unsigned i = 0; i < n && good; i++)
        good = column_read(b, columns, field, i, line);
    for (int c = 0; c < COLUMNS && good; c++) {
        if (known_columns[c].required && columns->field[c] < 0) {
            build_problem(b, line,
                          "there is no column \"%.*s\": number, customer and state are "
                          "required",
                          STR_ARG(known_columns[c].name));
            good = false;
        }
    }
    return good;
}

struct str column_name(enum column c)
{
    return known_columns[c].name;
}
