/* One row of a number table: its fields, and what is wrong with them. */
#include "numbers_build.h"

#define CUSTOMER_MAX_BYTES 128

static struct str field_of(const struct columns *columns, const struct str *field, enum column c)
{
    return columns->field[c] < 0 ? (struct str){NULL, 0} : field[columns->field[c]];
}

static bool date_read(struct build *b, struct str text, enum column c, int32_t *day, uint32_t line)
{
    if (text.n == 0 || numbers_date_parse(text, day))
        return true;
    build_problem(b, line, "%.*s \"%s\" is no date: write it as 2026-11-21",
                  STR_ARG(column_name(c)), build_quote(text).text);
    return false;
}

static bool state_read(struct build *b, struct str text, uint32_t *state, uint32_t line)
{
    for (uint32_t s = NUMBER_OWNED; s <= NUMBER_BLOCKED; s++) {
        if (str_eq(text, number_state_name((enum number_state)s)) ||
            str_eq_nocase(text, number_state_name((enum number_state)s))) {
            *state = s;
            return true;
        }
    }
    build_problem(b, line, "state \"%s\" is none of owned, delegated, unverified, blocked",
                  build_quote(text).text);
    return false;
}

static bool customer_check(struct build *b, struct str customer, uint32_t line)
{
    if (customer.n > 0 && customer.n <= CUSTOMER_MAX_BYTES)
        return true;
    if (customer.n == 0)
        build_problem(b, line, "the customer is missing: name the customer as its trunk does");
    else
        build_problem(b, line, "customer \"%s\" has more than %d bytes", build_quote(customer).text,
                      CUSTOMER_MAX_BYTES);
    return false;
}

static bool dates_read(struct build *b, const struct columns *columns, const struct str *field,
                       struct numbers_record *record, uint32_t line)
{
    struct str before = field_of(columns, field, COLUMN_NOT_BEFORE);
    struct str after = field_of(columns, field, COLUMN_NOT_AFTER);
    record->not_before = INT32_MIN;
    record->not_after = INT32_MAX;
    bool good = date_read(b, before, COLUMN_NOT_BEFORE, &record->not_before, line);
    good &= date_read(b, after, COLUMN_NOT_AFTER, &record->not_after, line);
    if (good && record->not_before > record->not_after) {
        build_problem(b, line,
                      "not_before %s is later than not_after %s: the row is never in "
                      "force",
                      build_quote(before).text, build_quote(after).text);
        good = false;
    }
    return good;
}

static bool wide_read(struct build *b, struct str text, bool *wide, uint32_t line)
{
    *wide = str_eq_nocase(text, STR("yes"));
    if (text.n == 0 || *wide || str_eq_nocase(text, STR("no")))
        return true;
    build_problem(b, line, "wide \"%s\" is neither yes nor no", build_quote(text).text);
    return false;
}

/* KEY is the first key, with ROW_MEANT when the row says that so many are intended. */
static bool row_add(struct build *b, uint64_t key, uint64_t last, uint32_t record, uint32_t line)
{
    struct build_row row = {key, record, line};
    if (last != (key & ROW_KEY)) {
        struct build_wide wide = {last, record};
        row.key |= ROW_WIDE;
        row.what = (uint32_t)(b->wide.n / sizeof(wide));
        buf_add(&b->wide, &wide, sizeof(wide));
    }
    buf_add(&b->rows, &row, sizeof(row));
    return !buf_failed(&b->rows) && !buf_failed(&b->wide);
}

/*
 * A prefix is an interval for each length. Shorter numbers than TN_MIN_DIGITS are short codes, and
 * the short code 911 is no number of +91.
 */
static bool prefix_add(struct build *b, const struct interval *interval, uint32_t record,
                       uint32_t line)
{
    bool added = true;
    uint64_t width = 1; /* how many numbers of the present length the prefix has */
    for (unsigned length = interval->digits; length <= TN_MAX_DIGITS && added; length++) {
        uint64_t first = (uint64_t)length << KEY_VALUE_BITS | interval->first * width;
        if (length >= TN_MIN_DIGITS)
            added = row_add(b, first, first + width - 1, record, line);
        width *= 10;
    }
    return added;
}

static bool row_store(struct build *b, const struct interval *interval,
                      struct numbers_record *record, struct str customer, struct str certificate,
                      uint32_t line)
{
    record->customer = interner_add(&b->customers, customer.p, customer.n);
    record->certificate = RECORD_NO_CERTIFICATE;
    if (certificate.n > 0) {
        record->certificate = interner_add(&b->certificates, certificate.p, certificate.n);
        if (record->certificate == INTERN_FAILED)
            return false;
    }
    if (record->customer == INTERN_FAILED)
        return false;
    uint32_t id = interner_add_of(&b->records, &b->last_records, record->customer, record,
                                  sizeof(*record));
    if (id == INTERN_FAILED)
        return false;
    b->n_table_rows++;
    if (interval->prefix)
        return prefix_add(b, interval, id, line);
    return row_add(b, interval->first | (interval->meant ? ROW_MEANT : 0), interval->last, id,
                   line);
}

static bool number_read(struct build *b, struct str number, struct interval *interval,
                        uint32_t line)
{
    const char *why;
    if (interval_parse(interval, number, &why))
        return true;
    if (number.n == 0)
        build_problem(b, line, "the number is missing");
    else
        build_problem(b, line, "number \"%s\" %s", build_quote(number).text, why);
    return false;
}

/* The later check of all rows together does not repeat what was told of this row. */
static bool wide_check(struct build *b, struct build_refused *row, struct str number)
{
    struct interval *interval = &row->interval;
    if (interval->meant || !row->has_number || !row->has_state)
        return true;
    interval->meant = !width_check(b, interval, &row->record, number, row->line);
    return !interval->meant;
}

bool row_read(struct build *b, const struct columns *columns, const struct str *field, unsigned n,
              uint32_t line)
{
    struct build_refused row = {.line = line};
    bool good = columns_count_check(b, columns, field, n, line);
    if (!good && !columns_are_in_place(columns, field, n))
        return true;
    good &= columns_hash_check(b, columns, field, n, line);
    struct str number = field_of(columns, field, COLUMN_NUMBER);
    struct str customer = field_of(columns, field, COLUMN_CUSTOMER);
    struct str certificate = field_of(columns, field, COLUMN_CERT);
    bool meant;
    row.has_number = number_read(b, number, &row.interval, line);
    good &= row.has_number;
    good &= customer_check(b, customer, line);
    row.has_state = state_read(b, field_of(columns, field, COLUMN_STATE), &row.record.state, line);
    row.has_dates = dates_read(b, columns, field, &row.record, line);
    good &= row.has_state && row.has_dates;
    bool wide = wide_read(b, field_of(columns, field, COLUMN_WIDE), &meant, line);
    row.interval.meant = meant;
    row.record.prefix = row.interval.prefix;
    /* This does not make the row one of those that are refused, yet the problem ends the compile
       all the same. */
    if (wide)
        wide_check(b, &row, number);
    if (!good || !wide)
        return refused_add(b, &row, customer, certificate);
    if (!columns_attributes_read(b, columns, field, &row.record.attributes))
        return false;
    return row_store(b, &row.interval, &row.record, customer, certificate, line);
}

void numbers_row_check(const struct str *column, const struct str *field, unsigned n,
                       struct problems *problems)
{
    const struct numbers_source nowhere = {.name = STR(""), .kind = NUMBERS_TABLE};
    const uint32_t before = 0;
    struct build b = {.sources = &nowhere, .n_sources = 1, .problems = problems};
    struct columns columns;
    buf_add(&b.file_lines, &before, sizeof(before));
    if (buf_failed(&b.file_lines) || interner_add(&b.attribute_sets, "", 0) == INTERN_FAILED ||
        !columns_read(&b, &columns, column, n, 0) || !row_read(&b, &columns, field, n, 0))
        problems->out_of_memory = true;
    build_fini(&b);
}
