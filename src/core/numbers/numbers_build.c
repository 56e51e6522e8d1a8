#include "numbers_build.h"

#include <stdarg.h>
#include <string.h>

void build_fini(struct build *b)
{
    struct interner *interners[] = {&b->customers,      &b->certificates, &b->records,
                                    &b->sets,           &b->columns,      &b->values,
                                    &b->attribute_sets, &b->refused_names};
    struct buf *bufs[] = {&b->column_lines, &b->last_records, &b->last_sets, &b->declared,
                          &b->file_lines,   &b->rows,         &b->wide,      &b->segments,
                          &b->source,       &b->more_first,   &b->more,      &b->refused};
    for (size_t i = 0; i < sizeof(interners) / sizeof(interners[0]); i++)
        interner_fini(interners[i]);
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_fini(bufs[i]);
}

struct build_row *build_rows(const struct build *b, size_t *n)
{
    *n = b->rows.n / sizeof(struct build_row);
    return (struct build_row *)(void *)b->rows.p;
}

const struct numbers_record *build_record(const struct build *b, uint32_t record)
{
    return (const struct numbers_record *)(const void *)b->records.bytes.p + record;
}

struct str build_place(const struct build *b, uint32_t line, uint32_t *line_in_file)
{
    const uint32_t *before = (const uint32_t *)(const void *)b->file_lines.p;
    size_t low = 0, high = b->file_lines.n / sizeof(*before);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (before[middle] < line)
            low = middle;
        else
            high = middle;
    }
    *line_in_file = line - before[low];
    return b->sources[low].name;
}

void build_problem(struct build *b, uint32_t line, const char *format, ...)
{
    struct buf text = BUF_INIT;
    uint32_t line_in_file;
    struct str file = build_place(b, line, &line_in_file);
    if (b->n_problems++ >= PROBLEMS_REPORTED)
        return;
    va_list arguments;
    va_start(arguments, format);
    buf_vaddf(&text, format, arguments);
    va_end(arguments);
    problems_add(b->problems, file, line_in_file, "%.*s", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

struct quoted build_quote(struct str s)
{
    static const char cut[] = "...";
    struct quoted q;
    struct buf escaped = BUF_INIT;
    const size_t room = sizeof(q.text) - sizeof(cut);
    buf_add_escaped(&escaped, str_slice(s, 0, room));
    struct str all = buf_str(&escaped), fits = str_slice(all, 0, room);
    if (fits.n > 0)
        memcpy(q.text, fits.p, fits.n);
    q.text[fits.n] = '\0';
    if (fits.n < all.n || s.n > room)
        memcpy(q.text + fits.n, cut, sizeof(cut));
    buf_fini(&escaped);
    return q;
}

static bool out_of_memory(struct build *b)
{
    problems_add(b->problems, STR(""), 0,
                 "the number table needs more memory than there is: give the machine more, or "
                 "split the table");
    return false;
}

void build_report_rest(struct build *b)
{
    if (b->n_problems > PROBLEMS_REPORTED)
        problems_add(b->problems, STR(""), 0,
                     "%zu more problems in the number tables are not shown: mend the first ones",
                     b->n_problems - PROBLEMS_REPORTED);
}

static void summarize(const struct build *b, struct numbers_summary *summary)
{
    if (summary)
        *summary = (struct numbers_summary){
            .rows = b->n_table_rows,
            .segments = b->segments.n / sizeof(struct image_segment),
            .customers = b->customers.n,
            .columns_open = b->columns_open,
        };
}

bool numbers_compile_into(const struct numbers_source *sources, size_t n_sources,
                          enum numbers_two_owners two_owners, const struct numbers_judge *judge,
                          const struct numbers_output *out, struct numbers_summary *summary,
                          struct problems *problems)
{
    bool compiled = false;
    struct build b = {
        .sources = sources, .n_sources = n_sources, .problems = problems, .two_owners = two_owners};
    /* The rows are put in order even when some are bad, so that all mistakes are told at once. */
    /* NO_ATTRIBUTES is the first set. */
    if (interner_add(&b.attribute_sets, "", 0) == INTERN_FAILED || !build_read(&b) ||
        !build_sort(&b) || !build_check_widths(&b) || !build_flatten(&b)) {
        out_of_memory(&b);
        goto out;
    }
    customers_check(&b);
    refused_check(&b, judge);
    summarize(&b, summary);
    bool good = b.n_problems == 0 && !b.unreadable;
    if (!good && !out->also_mistaken)
        goto out;
    if (!build_write(&b, out)) {
        if (!problems_any(problems))
            out_of_memory(&b);
        goto out;
    }
    compiled = good;
out:
    build_report_rest(&b);
    build_fini(&b);
    return compiled;
}

static bool write_buf(void *user, const void *bytes, size_t n)
{
    struct buf *image = user;
    buf_add(image, bytes, n);
    return !buf_failed(image);
}

bool numbers_compile(const struct numbers_source *sources, size_t n_sources, struct buf *image,
                     struct numbers_summary *summary, struct problems *problems)
{
    const struct numbers_output out = {write_buf, image, false};
    size_t before = image->n;
    bool compiled = numbers_compile_into(sources, n_sources, NUMBERS_TWO_OWNERS_WARN, NULL, &out,
                                         summary, problems);
    if (!compiled)
        image->n = before;
    return compiled;
}
