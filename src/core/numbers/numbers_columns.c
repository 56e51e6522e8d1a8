/* The head of a table: which column is which, and what is wrong with one. */
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
    [COLUMN_WIDE] = {STR("wide"), false},
    [COLUMN_NOTE] = {STR("note"), false},
};

bool columns_attribute_add(struct build *b, struct columns *columns, struct str name,
                           unsigned field, uint32_t line)
{
    char lower[64];
    for (size_t i = 0; i < name.n; i++)
        lower[i] = ascii_lower(name.p[i]);
    uint32_t column = interner_add(&b->columns, lower, name.n);
    if (column == INTERN_FAILED) {
        build_problem(b, line, "there is no memory for its columns");
        return false;
    }
    if (column == b->column_lines.n / sizeof(line))
        buf_add(&b->column_lines, &line, sizeof(line));
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

bool columns_attributes_read(struct build *b, const struct columns *columns,
                             const struct str *field, uint32_t *set)
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

static int known_column(struct str name)
{
    for (int c = 0; c < COLUMNS; c++)
        if (str_eq_nocase(name, known_columns[c].name))
            return c;
    return -1;
}

static bool name_fault(struct build *b, struct str name, uint32_t line)
{
    static const struct {
        char separator;
        const char *name;
    } separators[] = {{';', "semicolons"}, {'\t', "tabs"}, {'|', "bars"}};
    for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
        if (str_find(name, separators[i].separator, 0) == name.n)
            continue;
        build_problem(b, line,
                      "the fields of this table are separated by %s: save it with commas, as in "
                      "number,customer,state",
                      separators[i].name);
        return true;
    }
    if (name.n > 0)
        return false;
    build_problem(b, line,
                  "a column has no name: name it, or take out the comma that is too many in this "
                  "row and those below");
    return true;
}

bool column_name_check(struct build *b, const struct str *field, unsigned i, const char *example,
                       uint32_t line)
{
    for (unsigned j = 0; j < i; j++) {
        if (!str_eq_nocase(field[j], field[i]) || field[i].n == 0)
            continue;
        build_problem(b, line, "column \"%s\" is there twice", build_quote(field[i]).text);
        return false;
    }
    if (name_fault(b, field[i], line))
        return false;
    if (is_attribute_name(field[i]))
        return true;
    build_problem(b, line,
                  "\"%s\" is no name of a column: letters, digits and _ only; the first row must "
                  "name the columns, as in %s",
                  build_quote(field[i]).text, example);
    return false;
}

/* Rows are checked under the name that is meant, where no other column has it. */
static void use_as_meant(struct columns *columns, const struct str *field, unsigned i, int c)
{
    if (!known_columns[c].required || columns->field[c] >= 0)
        return;
    for (unsigned j = i + 1; j < columns->n; j++)
        if (known_column(field[j]) == c)
            return;
    columns->field[c] = (int)i;
}

static bool is_there(const struct str *field, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        if (str_eq_nocase(field[i], str_of(name)))
            return true;
    return false;
}

/* "last" beside "number" is no misspelt "number". */
static void say_beside_number(struct str name, struct buf *why)
{
    buf_addf(why,
             "column \"%s\" beside \"number\": ranges (+12155550100-+12155550199) and prefixes "
             "(+1215555*) are written in \"number\"; a column of your own begins with x_",
             build_quote(name).text);
}

/* A name is a mistake when it seems to mean a column of number tables, or cap or kyc, which
   customers have and rows do not. */
bool column_mistaken(const struct str *field, unsigned n, struct str name, const char **meant,
                     struct buf *why)
{
    *meant = known_column(name) < 0 ? column_meant(field, n, name) : NULL;
    if (*meant && str_eq(str_of(*meant), STR("number")) && is_there(field, n, *meant))
        say_beside_number(name, why);
    else if (*meant && known_column(str_of(*meant)) >= 0)
        lookalike_say(name, *meant, why);
    else if (*meant)
        buf_addf(why,
                 "column \"%s\": a row has no level of its own, its state has (unverified: B at "
                 "most), and its customer has cap and kyc in a table of customers; a column of "
                 "your own begins with x_",
                 build_quote(name).text);
    return *meant;
}

/* True with a problem. */
static bool is_lookalike(struct build *b, struct columns *columns, const struct str *field,
                         unsigned i, uint32_t line)
{
    const char *meant;
    struct buf why = BUF_INIT;
    if (column_mistaken(field, columns->n, field[i], &meant, &why)) {
        build_problem(b, line, "%.*s", STR_ARG(buf_str(&why)));
        if (known_column(str_of(meant)) >= 0)
            use_as_meant(columns, field, i, known_column(str_of(meant)));
    }
    buf_fini(&why);
    return meant;
}

static void column_read(struct build *b, struct columns *columns, const struct str *field,
                        unsigned i, uint32_t line)
{
    int c = known_column(field[i]);
    if (is_lookalike(b, columns, field, i, line) ||
        !column_name_check(b, field, i, "number,customer,state", line))
        return;
    if (c < 0)
        columns_attribute_add(b, columns, field[i], i, line);
    else
        columns->field[c] = (int)i;
}

static bool complain_of_header(struct build *b, uint32_t line)
{
    build_problem(
        b, line,
        "the first row names none of number, customer and state: it must name the columns, "
        "as in number,customer,state");
    return false;
}

/* SAID: a mistake in the columns was told already. Where none of the columns is ours that is
   enough, because then the row is not a header. */
static bool check_required(struct build *b, const struct columns *columns, uint32_t line, bool said)
{
    bool missing[COLUMNS], any = false, all = true;
    for (int c = 0; c < COLUMNS; c++) {
        missing[c] = known_columns[c].required && columns->field[c] < 0;
        any = any || missing[c];
        all = all && columns->field[c] < 0;
    }
    if (all && !said)
        return complain_of_header(b, line);
    for (int c = 0; c < COLUMNS && !all; c++)
        if (missing[c])
            build_problem(b, line,
                          "there is no column \"%.*s\": number, customer and state are required",
                          STR_ARG(known_columns[c].name));
    return !any;
}

bool columns_read(struct build *b, struct columns *columns, const struct str *field, unsigned n,
                  uint32_t line)
{
    for (int c = 0; c < COLUMNS; c++)
        columns->field[c] = -1;
    columns->n = n;
    columns->n_attributes = 0;
    size_t before = b->n_problems;
    for (unsigned i = 0; i < n; i++)
        column_read(b, columns, field, i, line);
    return check_required(b, columns, line, b->n_problems > before);
}

static bool all_are_empty(const struct str *field, unsigned from, unsigned n)
{
    for (unsigned i = from; i < n; i++)
        if (field[i].n > 0)
            return false;
    return true;
}

bool columns_are_in_place(const struct columns *columns, const struct str *field, unsigned n)
{
    return n >= columns->n && all_are_empty(field, columns->n, n);
}

bool columns_count_check(struct build *b, const struct columns *columns, const struct str *field,
                         unsigned n, uint32_t line)
{
    const char *hint = "";
    if (n == columns->n)
        return true;
    if (n == 1 && str_find(field[0], ';', 0) < field[0].n)
        hint = ": separate them by commas, not by semicolons";
    else if (n == 1 && str_find(field[0], '\t', 0) < field[0].n)
        hint = ": separate them by commas, not by tabs";
    else if (b->row_hashes != 0)
        hint = ": a comment begins with a # at the start of a line only, and stands behind no row";
    else if (columns_are_in_place(columns, field, n))
        hint = ": take out the commas that are too many at its end";
    build_problem(b, line, "the row has %u %s, the header has %u%s", n, n == 1 ? "field" : "fields",
                  columns->n, hint);
    return false;
}

/* The name of field I; a column that has none here has a mistake of its own. */
static struct str name_of_field(const struct build *b, const struct columns *columns, unsigned i)
{
    for (int c = 0; c < COLUMNS; c++)
        if (columns->field[c] == (int)i)
            return column_name((enum column)c);
    for (unsigned a = 0; a < columns->n_attributes; a++)
        if (columns->attribute[a].field == i)
            return interner_get(&b->columns, columns->attribute[a].column);
    return (struct str){NULL, 0};
}

/* Columns for people, which decide nothing. */
static bool is_for_people(struct str name)
{
    return str_eq(name, column_name(COLUMN_NOTE)) || str_eq(name, STR("contact"));
}

bool columns_hash_check(struct build *b, const struct columns *columns, const struct str *field,
                        unsigned n, uint32_t line)
{
    bool good = true;
    for (unsigned i = 0; i < n && i < columns->n; i++) {
        struct str name = name_of_field(b, columns, i);
        if (!(b->row_hashes >> i & 1) || name.n == 0 || is_for_people(name))
            continue;
        build_problem(b, line,
                      "%.*s \"%s\" has a # at its start or behind white space: a comment begins at "
                      "the start of a line only; put quotes around the whole field that holds one",
                      STR_ARG(name), build_quote(field[i]).text);
        good = false;
    }
    return good;
}

struct str column_name(enum column c)
{
    return known_columns[c].name;
}
