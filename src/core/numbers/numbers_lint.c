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

static void check_number(struct linter *l, const struct build_row *row, uint64_t key)
{
    struct tn tn;
    image_number(key, &tn);
    enum tn_fault plan = number_plan_check(&tn);
    const char *fault = plan == TN_OK ? NULL : tn_fault_text(plan).p;
    for (unsigned i = 0; !fault && i < l->lint->n_countries; i++)
        fault = length_fault(&l->lint->countries[i], &tn);
    if (fault)
        build_problem(l->build, row->line, "+%.*s: %s", (int)tn.n, tn.digits, fault);
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
    enum tn_fault plan = number_plan_check_prefix(digits);
    if (plan != TN_OK && row_record(l->build, row)->state != NUMBER_BLOCKED)
        build_problem(l->build, row->line, "+%.*s*: %.*s", STR_ARG(digits),
                      STR_ARG(tn_fault_text(plan)));
}

static bool is_known(const struct linter *l, uint32_t customer)
{
    const struct build *b = l->build;
    const struct build_customer *list = (const struct build_customer *)(const void *)b->declared.p;
    struct str name = interner_get(&b->customers, customer);
    for (size_t i = 0; i < b->declared.n / sizeof(*list); i++)
        if (list[i].customer == customer)
            return true;
    for (unsigned i = 0; i < l->lint->n_known; i++)
        if (str_eq(l->lint->known[i], name))
            return true;
    return false;
}

static void check_record(struct linter *l, const struct build_row *row,
                         const struct numbers_record *r)
{
    bool entitled = r->state == NUMBER_OWNED || r->state == NUMBER_DELEGATED;
    if (r->not_after < l->lint->today)
        build_problem(l->build, row->line, "the row has expired: take it out");
    if (r->prefix && entitled)
        build_problem(l->build, row->line,
                      "a prefix row gives at most B, though it says %.*s: write a range for an A",
                      STR_ARG(number_state_name((enum number_state)r->state)));
}

/* A prefix is there once for each length: it is looked at once. */
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
        check_record(l, &rows[i], r);
        if (r->prefix)
            check_prefix(l, &rows[i]);
        else
            check_number(l, &rows[i], row_first(&rows[i]));
        if (!r->prefix && row_last(l->build, &rows[i]) != row_first(&rows[i]))
            check_number(l, &rows[i], row_last(l->build, &rows[i]));
        if (i > 0)
            check_twice(l, &rows[i], &rows[i - 1]);
    }
}

/* Each customer once, at the first row that gives it something: nobody has a blocked number. */
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
        if (!is_known(l, customer))
            build_problem(
                l->build, rows[i].line,
                "customer \"%s\" has no trunk and is declared nowhere: is it spelt as there?",
                build_quote(interner_get(&l->build->customers, customer)).text);
    }
    buf_fini(&seen);
    return true;
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
        good = build_check_widths(&b) && build_flatten(&b) &&
               (!lint->all_are_known || check_customers(&l));
    }
    build_fini(&b);
    return good;
}
