/*
 * A slip must not give an A for a country, whether one row says it or many do. What gives none may
 * be as wide as it likes.
 *
 * The rows come in the order of their first numbers. So one step a row tells how far each
 * customer's reach, and no number counts twice that several rows of a customer name.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <stird/core/number_plan.h>

#include "numbers_build.h"

#define AREA_NUMBERS    UINT64_C(10000000) /* +1 NXX and seven digits */
#define AREAS_NUMBERS   (100 * AREA_NUMBERS)
#define CODE_MAX_DIGITS 3 /* as spare ones are counted */

/* The keys of one length and country code. */
struct country_keys {
    uint64_t first, last;
    struct tn begin;
    size_t code_digits;
};

static struct country_keys country_of(uint64_t key)
{
    struct country_keys c;
    uint64_t of_country = 1;
    image_number(key, &c.begin);
    size_t code = number_plan_code_digits(tn_str(&c.begin));
    c.code_digits = code > 0 ? code : CODE_MAX_DIGITS;
    for (size_t i = c.code_digits; i < c.begin.n; i++)
        of_country *= 10;
    const uint64_t value = key & ((UINT64_C(1) << KEY_VALUE_BITS) - 1);
    c.first = key - value % of_country;
    c.last = c.first + of_country - 1;
    return c;
}

static bool is_most_of(const struct country_keys *c, uint64_t count)
{
    return count > (c->last - c->first + 1) / 2;
}

static const char *interval_is_wide(const struct interval *interval)
{
    const struct country_keys c = country_of(interval->first);
    uint64_t count = interval->last - interval->first + 1;
    if (count == 1)
        return NULL;
    if (interval->last > c.last)
        return "of more than one country code";
    if (count > AREA_NUMBERS)
        return "more than 10 million";
    return is_most_of(&c, count) ? "more than half of its country's" : NULL;
}

static bool gives_an_a(const struct numbers_record *record)
{
    return record->state <= NUMBER_DELEGATED && !record->prefix;
}

bool width_check(struct build *b, const struct interval *interval,
                 const struct numbers_record *record, struct str number, uint32_t line)
{
    const char *why = gives_an_a(record) ? interval_is_wide(interval) : NULL;
    if (why)
        build_problem(b, line,
                      "number \"%s\" is a range of %" PRIu64 " numbers, %s: if that is meant, say "
                      "yes for this row in a column named wide",
                      build_quote(number).text, interval->last - interval->first + 1, why);
    return !why;
}

/* ---- rows together ---- */

/* Numbers, and the rows that name them. */
struct width {
    uint64_t numbers;
    uint32_t rows, line; /* the lowest of these rows */
};

/* What one customer has of a country. */
struct share {
    uint64_t country; /* its first key; 0: none yet */
    uint64_t reached; /* the last key so far */
    struct width all;
    struct width adjoining; /* of ranges; single numbers may fill the gaps between them */
    bool listed;
};

struct widths {
    struct build *build;
    struct country_keys country;
    struct share *share;   /* by customer */
    struct share everyone; /* what all customers have together */
    struct buf wide;       /* u32: customers to tell of when the country ends */
};

static void width_add(struct width *w, uint64_t numbers, uint32_t line)
{
    w->line = w->rows == 0 || line < w->line ? line : w->line;
    w->numbers += numbers;
    w->rows++;
}

/* Of the customer's in this country. */
static const char *is_wide(const struct widths *w, const struct share *share)
{
    if (is_most_of(&w->country, share->all.numbers))
        return "more than half of those of that length";
    return share->all.numbers > AREAS_NUMBERS ? "more than 1000 million" : NULL;
}

/* WHO in words: "customer "x" has". */
static void report(const struct widths *w, const char *who, const struct width *width,
                   const char *how, const char *why)
{
    const struct country_keys *c = &w->country;
    build_problem(w->build, width->line,
                  "%s %" PRIu64 " numbers of +%.*s in %" PRIu32 " %s, of which this is the first, "
                  "%s: if that is meant, say yes for each of these rows in a column named wide",
                  who, width->numbers, (int)c->code_digits, c->begin.digits, width->rows, how, why);
}

static void report_customer(const struct widths *w, uint32_t customer, const struct width *width,
                            const char *how, const char *why)
{
    struct buf who = BUF_INIT;
    buf_addf(&who, "customer \"%s\" has",
             build_quote(interner_get(&w->build->customers, customer)).text);
    buf_add_char(&who, '\0');
    report(w, buf_failed(&who) ? "a customer has" : who.p, width, how, why);
    buf_fini(&who);
}

static void end_adjoining(struct widths *w, struct share *share, uint32_t customer)
{
    if (share->adjoining.numbers > AREA_NUMBERS && share->adjoining.rows > 1)
        report_customer(w, customer, &share->adjoining, "ranges that adjoin",
                        "more than 10 million");
    share->adjoining = (struct width){0};
}

/* A country that is split over many customers is given away all the same. Of a small one somebody
   may well have most numbers. */
static void end_everyone(const struct widths *w)
{
    if (w->everyone.all.numbers > AREAS_NUMBERS)
        report(w, "the customers together have", &w->everyone.all, "rows",
               "more than 1000 million");
}

static void end_country(struct widths *w)
{
    bool told = false;
    const uint32_t *customer = (const uint32_t *)(const void *)w->wide.p;
    for (size_t i = 0; i < w->wide.n / sizeof(*customer); i++) {
        assert(w->share); /* or nobody was added */
        struct share *share = &w->share[customer[i]];
        const char *why = is_wide(w, share);
        told = told || why;
        if (why)
            report_customer(w, customer[i], &share->all, "rows", why);
        else
            end_adjoining(w, share, customer[i]);
    }
    if (!told)
        end_everyone(w);
    w->wide.n = 0;
}

/* The numbers of a row that no row before it had. */
static uint64_t add_numbers(struct share *share, uint64_t first, uint64_t last, uint32_t line)
{
    uint64_t from = first > share->reached ? first : share->reached + 1;
    uint64_t numbers = last >= from ? last - from + 1 : 0;
    width_add(&share->all, numbers, line);
    share->reached = last > share->reached ? last : share->reached;
    return numbers;
}

static void enter_country(const struct widths *w, struct share *share, uint64_t first)
{
    if (share->country != w->country.first)
        *share = (struct share){.country = w->country.first, .reached = first - 1};
}

static void add_row(struct widths *w, const struct build_row *row, uint32_t customer)
{
    struct share *share = &w->share[customer];
    uint64_t first = row_first(row), last = row_last(w->build, row);
    enter_country(w, share, first);
    enter_country(w, &w->everyone, first);
    if (first > share->reached + 1)
        end_adjoining(w, share, customer);
    uint64_t numbers = add_numbers(share, first, last, row->line);
    add_numbers(&w->everyone, first, last, row->line);
    if (row->key & ROW_WIDE)
        width_add(&share->adjoining, numbers, row->line);
    if (!share->listed && (share->adjoining.numbers > AREA_NUMBERS || is_wide(w, share))) {
        share->listed = true;
        buf_add(&w->wide, &customer, sizeof(customer));
    }
}

bool build_check_widths(struct build *b)
{
    size_t n;
    const struct build_row *rows = build_rows(b, &n);
    struct widths w = {.build = b, .share = calloc(b->customers.n + 1, sizeof(*w.share))};
    for (size_t i = 0; w.share && i < n; i++) {
        const struct numbers_record *record = row_record(b, &rows[i]);
        if ((rows[i].key & ROW_MEANT) || !gives_an_a(record))
            continue;
        if (row_first(&rows[i]) > w.country.last) {
            end_country(&w);
            w.country = country_of(row_first(&rows[i]));
        }
        add_row(&w, &rows[i], record->customer);
    }
    end_country(&w);
    bool checked = w.share && !buf_failed(&w.wide);
    free(w.share);
    buf_fini(&w.wide);
    return checked;
}
