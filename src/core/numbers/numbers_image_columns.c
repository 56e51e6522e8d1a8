/*
 * Columns of a compiled table that an earlier version may have taken for the operator's own. Which
 * kind of table a column was in shows in who has values of it.
 */
#include "numbers_build.h"
#include "numbers_table.h"

#define TOLD_MAX 20

enum { OF_ROWS = 1, OF_CUSTOMERS = 2 };

struct look {
    const struct numbers *table;
    struct str path;
    struct problems *problems;
    unsigned char of[ATTRIBUTE_COLUMNS_MAX]; /* of each column, which have values */
};

static void see(struct look *l, uint32_t set, unsigned char of)
{
    const struct numbers *t = l->table;
    for (uint32_t i = t->attribute_first[set]; i < t->attribute_first[set + 1]; i++)
        if (t->attribute[i].column < ATTRIBUTE_COLUMNS_MAX)
            l->of[t->attribute[i].column] |= of;
}

static void see_all(struct look *l)
{
    const struct numbers *t = l->table;
    for (uint64_t i = 0; i < t->header->section[SECTION_RECORD].count; i++)
        see(l, t->record[i].attributes, OF_ROWS);
    for (uint32_t i = 0; i < t->header->n_customers; i++)
        see(l, t->customer[i].attributes, OF_CUSTOMERS);
}

static bool mistaken_in_rows(struct str name, struct buf *why)
{
    const struct str beside[] = {column_name(COLUMN_NUMBER), column_name(COLUMN_CUSTOMER),
                                 column_name(COLUMN_STATE)};
    const char *meant;
    return column_mistaken(beside, 3, name, &meant, why);
}

static bool mistaken_in_customers(struct str name, struct buf *why)
{
    const struct str beside = column_name(COLUMN_CUSTOMER);
    const char *meant;
    return customer_column_mistaken(&beside, 1, name, &meant, why);
}

/* A column without values is a mistake only when it would be one in both kinds of table. */
static bool is_mistaken(struct str name, unsigned char of, struct buf *why)
{
    if (of & OF_ROWS && mistaken_in_rows(name, why))
        return true;
    if (of == OF_ROWS || !mistaken_in_customers(name, why))
        return false;
    if (of & OF_CUSTOMERS)
        return true;
    buf_reset(why);
    return mistaken_in_rows(name, why);
}

static void check_columns(const struct look *l)
{
    const struct image_header *h = l->table->header;
    for (uint32_t i = 0; i < h->n_columns && i < ATTRIBUTE_COLUMNS_MAX; i++) {
        struct buf why = BUF_INIT;
        if (is_mistaken(table_name(l->table, first_column(h) + i), l->of[i], &why))
            problems_add(l->problems, l->path, 0,
                         "%.*s; rename it where it stands, and compile the table again",
                         STR_ARG(buf_str(&why)));
        buf_fini(&why);
    }
}

static unsigned check_customer(const struct look *l, uint32_t customer, unsigned told)
{
    const struct numbers *t = l->table;
    const struct image_header *h = t->header;
    uint32_t set = t->customer[customer].attributes, line = 0;
    for (uint32_t i = t->attribute_first[set]; i < t->attribute_first[set + 1]; i++) {
        struct buf why = BUF_INIT;
        struct str file = STR("");
        struct str column = table_name(t, first_column(h) + t->attribute[i].column);
        struct str value = table_name(t, first_value(h) + t->attribute[i].value);
        if (!customer_value_check(column, value, &why) && told++ < TOLD_MAX) {
            numbers_customer_place(t, customer, &file, &line);
            problems_add(l->problems, file, line, "%.*s: mend it, and compile the table again",
                         STR_ARG(buf_str(&why)));
        }
        buf_fini(&why);
    }
    return told;
}

void numbers_columns_check(const struct numbers *table, struct str path, struct problems *problems)
{
    struct look l = {.table = table, .path = path, .problems = problems};
    unsigned told = 0;
    see_all(&l);
    check_columns(&l);
    for (uint32_t i = 0; i < table->header->n_customers; i++)
        told = check_customer(&l, i, told);
    if (told > TOLD_MAX)
        problems_add(problems, path, 0, "%u more customers have values that cannot be",
                     told - TOLD_MAX);
}
