/* All rows that speak of a number, and what the urgent ones leave of the others. */
#include "numbers_table.h"

static bool in_force(const struct numbers_row *row, int32_t today)
{
    return row->not_before <= today && today <= row->not_after;
}

bool numbers_row_counts(const struct numbers_row *row, int32_t today)
{
    return !row->replaced && in_force(row, today);
}

struct numbers_row table_row(const struct numbers *t, const struct numbers_record *r)
{
    struct numbers_row row = {.customer = table_name(t, r->customer),
                              .state = (enum number_state)r->state,
                              .not_before = r->not_before,
                              .not_after = r->not_after,
                              .prefix = r->prefix != 0};
    if (r->certificate != RECORD_NO_CERTIFICATE)
        row.certificate = table_name(t, (uint64_t)t->header->n_customers + r->certificate);
    return row;
}

size_t numbers_rows(const struct numbers *t, const struct tn *number, int32_t today,
                    void (*visit)(void *user, const struct numbers_row *row), void *user)
{
    uint64_t key;
    uint32_t segment = image_key(number, &key) ? table_segment(t, key) : TABLE_NO_SEGMENT;
    if (segment == TABLE_NO_SEGMENT)
        return 0;
    bool replaced = false, wider_replaced = false;
    uint32_t set = t->segment[segment].set, first = t->set_first[set];
    for (uint32_t i = first; i < t->set_first[set + 1]; i++) {
        const struct numbers_record *r = &t->record[t->member[i] >> 1];
        struct numbers_row row = table_row(t, r);
        replaced = t->member[i] & 1 ? wider_replaced : replaced; /* a level begins */
        wider_replaced = wider_replaced || (record_replaces(r) && record_is_in_force(r, today));
        row.replaced = replaced;
        table_source(t, segment, i - first, key, &row.file, &row.line);
        visit(user, &row);
    }
    return t->set_first[set + 1] - first;
}

/* ---- with urgent changes ---- */

struct urgent {
    const struct numbers *table;
    const struct tn *number;
    int32_t today;
    bool replaces;    /* one that is owned or blocked is in force */
    struct str asked; /* this customer, */
    bool has_been;    /* and whether one of its is or has been in force */
    void (*visit)(void *user, const struct numbers_row *row);
    void *user;
};

static void look_at(void *user, const struct numbers_row *row)
{
    struct urgent *u = user;
    bool takes = row->state == NUMBER_OWNED || row->state == NUMBER_BLOCKED;
    u->replaces = u->replaces || (takes && in_force(row, u->today));
    u->has_been = u->has_been || (str_eq(row->customer, u->asked) && row->not_before <= u->today);
}

static struct urgent look(const struct numbers *table, const struct tn *number, struct str customer,
                          int32_t today)
{
    struct urgent u = {.table = table, .number = number, .today = today, .asked = customer};
    if (table)
        numbers_rows(table, number, today, look_at, &u);
    return u;
}

static bool is_own(enum number_state state)
{
    return state == NUMBER_OWNED || state == NUMBER_DELEGATED || state == NUMBER_UNVERIFIED;
}

/* Neither replaces the other: where both say the same, the narrower one goes first. */
static bool goes_first(const struct numbers_answer *table, const struct numbers_answer *urgent)
{
    if (table->state == NUMBER_BLOCKED || urgent->state == NUMBER_UNKNOWN)
        return true;
    if (urgent->state == NUMBER_NOT_YET)
        return is_own(table->state);
    return urgent->state == NUMBER_OTHER_CUSTOMER && table->state != NUMBER_OTHER_CUSTOMER &&
           table->state != NUMBER_UNKNOWN;
}

void numbers_lookup_urgent(const struct numbers *urgent, const struct numbers *table,
                           const struct tn *number, struct str customer, int32_t today,
                           struct numbers_answer *answer)
{
    struct urgent u = look(urgent, number, customer, today);
    struct numbers_answer beneath;
    *answer = (struct numbers_answer){.state = NUMBER_UNKNOWN};
    if (urgent)
        numbers_lookup(urgent, number, numbers_customer(urgent, customer), today, answer);
    if (!table || u.replaces)
        return;
    uint32_t id = u.has_been ? NUMBERS_NO_CUSTOMER : numbers_customer(table, customer);
    numbers_lookup(table, number, id, today, &beneath);
    if (goes_first(&beneath, answer))
        *answer = beneath;
}

static void visit_urgent(void *user, const struct numbers_row *row)
{
    const struct urgent *u = user;
    struct numbers_row urgent = *row;
    urgent.urgent = true;
    u->visit(u->user, &urgent);
}

static void visit_beneath(void *user, const struct numbers_row *row)
{
    const struct urgent *u = user;
    struct numbers_row beneath = *row;
    struct urgent of_customer = look(u->table, u->number, row->customer, u->today);
    /* A row that blocks does so for everybody, whomever it names. */
    bool stands_in = of_customer.has_been && row->state != NUMBER_BLOCKED;
    beneath.replaced = row->replaced || of_customer.replaces || stands_in;
    u->visit(u->user, &beneath);
}

size_t numbers_rows_urgent(const struct numbers *urgent, const struct numbers *table,
                           const struct tn *number, int32_t today,
                           void (*visit)(void *user, const struct numbers_row *row), void *user)
{
    struct urgent u = {
        .table = urgent, .number = number, .today = today, .visit = visit, .user = user};
    size_t n = urgent ? numbers_rows(urgent, number, today, visit_urgent, &u) : 0;
    return n + (table ? numbers_rows(table, number, today, visit_beneath, &u) : 0);
}
