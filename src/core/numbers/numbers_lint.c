#include <stird/core/number_plan.h>
#include <stird/core/numbers_lint.h>

#include "numbers_build.h"

#include <string.h>

struct linter {
    struct build *build;
    const struct numbers_lint *lint;
};

static const char *length_fault(const struct country *c, const struct tn *tn)
{
    unsigned least = c->national_length;
    unsigned most = c->national_length_max > 0 ? c->national_length_max : least;
    if (c->code.n == 0 || !str_starts(tn_str(tn), c->code))
        return NULL;
    unsigned national = tn->n - (unsigned)c->code.n;
    return national < least || national > most ? "its length is not that of its country's numbers"
                                               : NULL;
}

static void check_number(struct linter *l, uint64_t key, uint32_t line)
{
    struct tn tn;
    image_number(key, &tn);
    enum tn_fault plan = number_plan_check(&tn);
    const char *fault = plan == TN_OK ? NULL : tn_fault_text(plan).p;
    for (unsigned i = 0; !fault && i < l->lint->n_countries; i++)
        fault = length_fault(&l->lint->countries[i], &tn);
    if (fault)
        build_problem(l->build, line, "+%.*s: %s", (int)tn.n, tn.digits, fault);
}

static void check_prefix_digits(struct linter *l, struct str digits, uint32_t line)
{
    enum tn_fault plan = number_plan_check_prefix(digits);
    if (plan != TN_OK)
        build_problem(l->build, line, "+%.*s*: %.*s", STR_ARG(digits),
                      STR_ARG(tn_fault_text(plan)));
}

/*
 * A prefix stands in the rows once for each length; ROW is the one of the longest. To block what
 * nobody can have is no mistake.
 */
static void check_prefix(struct linter *l, const struct build_row *row)
{
    struct tn first, last;
    image_number(row_first(row), &first);
    image_number(row_last(l->build, row), &last);
    struct str digits = tn_str(&first);
    while (digits.n > 0 && memcmp(first.digits, last.digits, digits.n) != 0)
        digits.n--;
    if (row_record(l->build, row)->state != NUMBER_BLOCKED)
        check_prefix_digits(l, digits, row->line);
}

/* Of a number both are the same. */
static void check_numbers(struct linter *l, uint64_t first, uint64_t last, uint32_t line)
{
    check_number(l, first, line);
    if (last != first)
        check_number(l, last, line);
}

static bool is_known(const struct linter *l, uint32_t customer)
{
    const struct build *b = l->build;
    const struct build_customer *list = (const struct build_customer *)(const void *)b->declared.p;
    struct str name = interner_get(&b->customers, customer);
    for (size_t i = 0; i < b->declared.n / sizeof(*list); i++)
        if (list[i].customer == customer)
            return true;
    size_t n;
    const struct build_refused *refused = refused_rows(b, &n);
    for (size_t i = 0; i < n; i++)
        if (refused[i].declares && str_eq(refused_customer(b, &refused[i]), name))
            return true;
    for (unsigned i = 0; i < l->lint->n_known; i++)
        if (str_eq(l->lint->known[i], name))
            return true;
    return false;
}

static void check_expired(struct linter *l, const struct numbers_record *r, uint32_t line)
{
    if (r->not_after < l->lint->today)
        build_problem(l->build, line, "the row has expired: take it out");
}

static void check_entitled(struct linter *l, const struct numbers_record *r, uint32_t line)
{
    bool entitled = r->state == NUMBER_OWNED || r->state == NUMBER_DELEGATED;
    if (r->prefix && entitled)
        build_problem(l->build, line,
                      "a prefix row gives at most B, though it says %.*s: write a range for an A",
                      STR_ARG(number_state_name((enum number_state)r->state)));
}

static void check_certificate(struct linter *l, const struct numbers_record *r, uint32_t line)
{
    const struct numbers_judge *judge = l->lint->judge;
    const struct build *b = l->build;
    struct buf why = BUF_INIT;
    if (judge && r->certificate != RECORD_NO_CERTIFICATE &&
        !judge->takes_certificate(judge->user, interner_get(&b->customers, r->customer),
                                  interner_get(&b->certificates, r->certificate), &why))
        build_problem(l->build, line, "cert: %.*s", STR_ARG(buf_str(&why)));
    buf_fini(&why);
}

/* A prefix has a row for each length: only the longest is looked at. */
static bool is_told(const struct build_row *row, const struct numbers_record *r)
{
    return r->prefix && row_first(row) >> KEY_VALUE_BITS != TN_MAX_DIGITS;
}

static void check_twice(struct linter *l, const struct build_row *row,
                        const struct build_row *before)
{
    uint32_t line;
    const struct build *b = l->build;
    if (row_first(row) != row_first(before) || row_last(b, row) != row_last(b, before) ||
        row_record(b, row) != row_record(b, before))
        return;
    struct str file = build_place(l->build, before->line, &line);
    build_problem(l->build, row->line, "the row stands in %s:%u already", build_quote(file).text,
                  line);
}

static void check_rows(struct linter *l)
{
    size_t n;
    struct build_row *rows = build_rows(l->build, &n);
    for (size_t i = 0; i < n; i++) {
        const struct numbers_record *r = row_record(l->build, &rows[i]);
        if (is_told(&rows[i], r))
            continue;
        check_expired(l, r, rows[i].line);
        check_entitled(l, r, rows[i].line);
        check_certificate(l, r, rows[i].line);
        if (r->prefix)
            check_prefix(l, &rows[i]);
        else
            check_numbers(l, row_first(&rows[i]), row_last(l->build, &rows[i]), rows[i].line);
        if (i > 0)
            check_twice(l, &rows[i], &rows[i - 1]);
    }
}

static void check_customer(struct linter *l, uint32_t customer, uint32_t line)
{
    if (!is_known(l, customer))
        build_problem(l->build, line,
                      "customer \"%s\" has no trunk and is declared nowhere: is it spelt as there?",
                      build_quote(interner_get(&l->build->customers, customer)).text);
}

/* Looks at each customer once, at the first row that gives it a number; a row that blocks gives
   nobody one. */
static bool check_customers(struct linter *l)
{
    size_t n;
    struct build_row *rows = build_rows(l->build, &n);
    struct buf seen = BUF_INIT;
    char *flags = buf_room(&seen, l->build->customers.n + 1u);
    if (!flags)
        return false;
    memset(flags, 0, l->build->customers.n + 1u);
    for (size_t i = 0; i < n; i++) {
        const struct numbers_record *r = row_record(l->build, &rows[i]);
        uint32_t customer = r->customer;
        if (flags[customer] || r->state == NUMBER_BLOCKED)
            continue;
        flags[customer] = 1;
        check_customer(l, customer, rows[i].line);
    }
    buf_fini(&seen);
    return true;
}

/* ---- rows that are refused: what has been read of them ---- */

static void check_refused_number(struct linter *l, const struct build_refused *row)
{
    const struct interval *i = &row->interval;
    struct tn prefix;
    if (!i->prefix) {
        check_numbers(l, i->first, i->last, row->line);
        return;
    }
    image_number((uint64_t)i->digits << KEY_VALUE_BITS | i->first, &prefix);
    check_prefix_digits(l, tn_str(&prefix), row->line);
}

/* A blocked number belongs to nobody. False when there is no memory. */
static bool check_refused_row(struct linter *l, const struct build_refused *row)
{
    const struct numbers_record *r = &row->record;
    bool blocked = row->has_state && r->state == NUMBER_BLOCKED;
    if (row->has_dates)
        check_expired(l, r, row->line);
    if (row->has_number && row->has_state)
        check_entitled(l, r, row->line);
    if (row->has_number && !(blocked && row->interval.prefix))
        check_refused_number(l, row);
    struct str name = refused_customer(l->build, row);
    if (!l->lint->all_are_known || blocked || row->declares || name.n == 0)
        return true;
    uint32_t customer = interner_add(&l->build->customers, name.p, name.n);
    if (customer != INTERN_FAILED)
        check_customer(l, customer, row->line);
    return customer != INTERN_FAILED;
}

static bool check_refused_rows(struct linter *l)
{
    size_t n;
    bool good = true;
    const struct build_refused *row = refused_rows(l->build, &n);
    for (size_t i = 0; i < n && good; i++)
        good = check_refused_row(l, &row[i]);
    return good;
}

bool numbers_lint(const struct numbers_source *sources, size_t n_sources,
                  const struct numbers_lint *lint, struct problems *findings)
{
    struct build b = {.sources = sources,
                      .n_sources = n_sources,
                      .problems = findings,
                      .two_owners = NUMBERS_TWO_OWNERS_REFUSE};
    struct linter l = {&b, lint};
    bool good = interner_add(&b.attribute_sets, "", 0) != INTERN_FAILED && build_read(&b) &&
                build_sort(&b);
    good = good && !b.unreadable;
    if (good) {
        lint_columns(&b);
        check_rows(&l);
        customers_check(&b);
        refused_check(&b, lint->judge);
        good = check_refused_rows(&l) && build_check_widths(&b) && build_flatten(&b) &&
               (!lint->all_are_known || check_customers(&l));
    }
    build_report_rest(&b);
    build_fini(&b);
    return good;
}
