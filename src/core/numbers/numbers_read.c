/* The files of a build, read row by row. */
#include "numbers_build.h"

#include <stird/core/numbers_csv.h>

/* Lines over all files must fit beside SOURCE_STEPS. */
#define LINES_MAX (SOURCE_STEPS - 1)

struct reader {
    struct build *build;
    struct csv csv;
    struct columns columns;
    bool has_header;
    uint32_t lines_before;
    const struct table_kind *kind;
};

/* What is in a table, by enum numbers_source_kind. */
static const struct table_kind {
    const char *columns;
    bool (*columns_read)(struct build *b, struct columns *columns, const struct str *field,
                         unsigned n, uint32_t line);
    bool (*row_read)(struct build *b, const struct columns *columns, const struct str *field,
                     unsigned n, uint32_t line);
} kinds[] = {
    [NUMBERS_TABLE] = {"number,customer,state", columns_read, row_read},
    [NUMBERS_CUSTOMERS] = {"customer", customer_columns_read, customer_row_read},
};

/* Without columns no row can be judged. */
static void give_up_file(struct reader *r, uint32_t line)
{
    if (str_trim(r->csv.rest).n > 0 || r->csv.more)
        build_problem(r->build, line, "the rows below were not checked: mend this one first");
    r->csv.rest = (struct str){NULL, 0};
    r->csv.more = NULL;
}

/* False: no memory. */
static bool read_row(struct reader *r, uint32_t line)
{
    const struct str *field = r->csv.field;
    r->build->row_hashes = r->csv.hashes;
    if (r->has_header)
        return r->kind->row_read(r->build, &r->columns, field, r->csv.n_fields, line);
    r->has_header = true;
    size_t before = r->build->n_problems;
    if (!r->kind->columns_read(r->build, &r->columns, field, r->csv.n_fields, line))
        give_up_file(r, line);
    r->build->columns_open |= r->build->n_problems > before;
    return true;
}

static void skip_row(struct reader *r, uint32_t line, const char *why)
{
    build_problem(r->build, line, "the row %s", why);
    if (!r->has_header) {
        r->build->columns_open = true;
        give_up_file(r, line);
    }
    r->has_header = true;
}

static bool read_rows(struct reader *r)
{
    const char *why;
    for (;;) {
        enum csv_result result = csv_next(&r->csv, &why);
        uint32_t line = r->lines_before + r->csv.line;
        if (result == CSV_END)
            return true;
        if (result == CSV_OUT_OF_MEMORY)
            return false;
        if (r->csv.line >= LINES_MAX - r->lines_before) {
            build_problem(r->build, line, "the tables have more than 2147483646 lines in all");
            return true;
        }
        if (result == CSV_FAULT)
            skip_row(r, line, why);
        else if (!read_row(r, line))
            return false;
    }
}

static bool read_source(struct build *b, size_t i, uint32_t *lines)
{
    struct reader r = {.build = b,
                       .csv = csv_init(b->sources[i].text),
                       .lines_before = *lines,
                       .kind = &kinds[b->sources[i].kind]};
    r.csv.more = b->sources[i].more;
    r.csv.user = b->sources[i].user;
    buf_add(&b->file_lines, lines, sizeof(*lines));
    bool read = !buf_failed(&b->file_lines) && read_rows(&r);
    b->unreadable = b->unreadable || r.csv.failed;
    b->columns_open = b->columns_open || !r.has_header;
    if (read && !r.has_header && !r.csv.failed)
        build_problem(b, *lines + 1, "the table is empty: it needs at least the header row %s",
                      r.kind->columns);
    /* One more at least, so that rows of two files never look like neighbours. */
    *lines += r.csv.line + 1;
    csv_fini(&r.csv);
    return read;
}

/* Room for the usual row, so that the list does not grow by copying again and again; no more than
   what tables have, for a file that is a hole may say any size. */
static void reserve_rows(struct build *b)
{
    const size_t usual_row_bytes = 32, rows_max = 16000000;
    size_t bytes = 0;
    for (size_t i = 0; i < b->n_sources; i++)
        bytes += b->sources[i].text.n + b->sources[i].bytes;
    size_t rows = bytes / usual_row_bytes < rows_max ? bytes / usual_row_bytes : rows_max;
    if (!buf_room(&b->rows, rows * sizeof(struct build_row)))
        buf_reset(&b->rows); /* a guess that does not fit is no fault */
}

bool build_read(struct build *b)
{
    uint32_t lines = 0;
    reserve_rows(b);
    for (size_t i = 0; i < b->n_sources; i++)
        if (lines < LINES_MAX && !read_source(b, i, &lines))
            return false;
    buf_add(&b->file_lines, &lines, sizeof(lines));
    return !buf_failed(&b->file_lines);
}
