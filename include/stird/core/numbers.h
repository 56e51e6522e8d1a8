/*
 * numbers - the number-authorization table: may this customer use this calling number, today?
 *
 * CSV text is compiled into one image (little-endian, position-independent, validated once on
 * opening), which all workers map; a lookup takes no lock, allocates nothing and checks nothing
 * again. Every number and range is an interval of keys, a prefix one for each length; nested
 * intervals are flattened when compiled. Pure: files and descriptors are io's.
 */
#ifndef STIRD_NUMBERS_H
#define STIRD_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>
#include <stird/core/tn.h>

enum number_state {
    NUMBER_OWNED,
    NUMBER_DELEGATED,
    NUMBER_UNVERIFIED,
    NUMBER_BLOCKED,
    NUMBER_OTHER_CUSTOMER, /* a known number, not this customer's */
    NUMBER_EXPIRED,
    NUMBER_NOT_YET,
    NUMBER_UNKNOWN,
    NUMBER_STATES
};

/* "owned", ... as in the configuration and the records. */
struct str number_state_name(enum number_state state);

/* ---- compiling ---- */

enum numbers_source_kind {
    NUMBERS_TABLE,
    NUMBERS_CUSTOMERS, /* who the customers are: customer,kyc,cap,provider,contact, ... */
};

struct numbers_source {
    struct str name; /* for problems and answers: a path */
    struct str text; /* the whole of it, or its begin */
    enum numbers_source_kind kind;
    /*
     * Reads on behind TEXT in pieces, so that a large table is never in memory as a whole. It
     * appends to *REST, which is not used yet and may move. 1: done. 0: there is no more. -1: it
     * cannot be read, and the reader has said why. NULL: TEXT is all.
     */
    int (*more)(void *user, struct str *rest);
    void *user;
    uint64_t bytes; /* how long it is, about */
};

struct numbers_summary {
    uint64_t rows, segments, customers;
    bool columns_open; /* there are tables with mistakes: a column may be missing because of one */
};

/* Whether rows of one interval may say "owned" for two customers on the same day, so that both get
   an A. */
enum numbers_two_owners {
    NUMBERS_TWO_OWNERS_WARN, /* they compile */
    NUMBERS_TWO_OWNERS_REFUSE,
};

/*
 * Appends the image to *IMAGE; false when that cannot be done. Every bad row adds a problem with
 * its file and line; with any problem the image must not be used. Numbers with two owners are no
 * problem here. SUMMARY may be NULL.
 */
bool numbers_compile(const struct numbers_source *sources, size_t n_sources, struct buf *image,
                     struct numbers_summary *summary, struct problems *problems);

/* The same, but the image is written piece by piece. A write that fails has said why in
   PROBLEMS. */
struct numbers_output {
    bool (*write)(void *user, const void *bytes, size_t n);
    void *user;
    bool also_mistaken; /* with mistakes, write the good rows all the same: only for checks */
};
/*
 * Whether the certificate that a row names may sign for its customer. Asked only for rows that are
 * refused for another mistake, so that all mistakes of a row are told; for the others the image
 * tells. False with words in WHY.
 */
struct numbers_judge {
    bool (*takes_certificate)(const void *user, struct str customer, struct str certificate,
                              struct buf *why);
    const void *user;
};
/* JUDGE may be NULL. */
bool numbers_compile_into(const struct numbers_source *sources, size_t n_sources,
                          enum numbers_two_owners two_owners, const struct numbers_judge *judge,
                          const struct numbers_output *out, struct numbers_summary *summary,
                          struct problems *problems);

/*
 * Judges one row alone, with FIELD under the COLUMNs of a number table: adds the problems that a
 * table with this row would have, without file and line.
 */
void numbers_row_check(const struct str *column, const struct str *field, unsigned n,
                       struct problems *problems);

/* ---- using ---- */

struct numbers;

/*
 * Validates IMAGE (magic, version, checksum, order, bounds), which is borrowed and must stay
 * unchanged and mapped until numbers_close(). NULL, with *WHY set to a static sentence, when it is
 * not a table. An empty table (header only) is valid: every number is unknown.
 */
struct numbers *numbers_open(const void *image, size_t bytes, const char **why);
/*
 * What is wrong with an image of BYTES, judged by its first NUMBERS_HEAD_BYTES alone (or fewer, if
 * it is shorter); NULL: nothing. HEAD is aligned like memory from malloc().
 */
#define NUMBERS_HEAD_BYTES 4096
const char *numbers_head_fault(const void *head, size_t bytes);
/*
 * numbers_open() without the checks, for an image that it has validated before and that nobody can
 * have changed since: only the header is looked at. A worker opens the sealed memory of the
 * supervisor in this way.
 */
struct numbers *numbers_open_validated(const void *image, size_t bytes, const char **why);
void numbers_close(struct numbers *table);
const struct numbers_summary *numbers_get_summary(const struct numbers *table);

struct numbers_sizes {
    uint64_t hot;  /* octets that are read to find the rows of a number */
    uint64_t cold; /* octets that say in which file and line these rows stand */
    uint64_t all;
};
void numbers_get_sizes(const struct numbers *table, struct numbers_sizes *sizes);

/* Identifies a customer in this table: to be asked once for each trunk and snapshot, not for each
   call. */
#define NUMBERS_NO_CUSTOMER UINT32_MAX
uint32_t numbers_customer(const struct numbers *table, struct str customer);

/*
 * Attributes: columns of a number table beyond the known ones, and those of a customers table. A
 * column is to be looked up once for each snapshot. `note` is not an attribute: it is for people.
 */
/*
 * Adds a problem for each column, and each value of kyc and cap, that a table of today could not
 * have. For the compiled table PATH, which an older version may have made.
 */
void numbers_columns_check(const struct numbers *table, struct str path, struct problems *problems);
#define NUMBERS_NO_COLUMN UINT32_MAX
uint32_t numbers_column(const struct numbers *table, struct str name);
/*
 * Which of our columns the column NAME seems to be meant for, in a customers table or in a number
 * table; NULL when none.
 */
const char *numbers_customer_column_meant(struct str name);
/* Empty where the customer is not declared or the column is empty. */
struct str numbers_customer_attribute(const struct numbers *table, uint32_t customer,
                                      uint32_t column);
/* Where a customers table declares it; false when none does. */
bool numbers_customer_place(const struct numbers *table, uint32_t customer, struct str *file,
                            uint32_t *line);
/* By number, from 0 in sorted order; empty behind the last. */
struct str numbers_customer_name(const struct numbers *table, uint32_t customer);

/* The texts are borrowed from the table. */
struct numbers_answer {
    enum number_state state;
    bool prefix_row; /* the deciding row is a `*` prefix: at most B, whatever its state */
    struct str file; /* of the deciding row, borrowed from the table; empty: no row decided */
    uint32_t line;
    struct str customer;    /* of the deciding row */
    struct str certificate; /* the row's cert column, or empty */
    /* for numbers_row_attribute() */
    const struct numbers *table; /* NULL: no row decided */
    uint32_t record;
};
/* An attribute of the row that decided, by the column's name; empty when it has none. */
struct str numbers_row_attribute(const struct numbers_answer *answer, struct str column);

/*
 * Reads one number as a row of a table has it, "+12155550100"; operators write numbers to stird in
 * the same way. False with *WHY, which is to stand behind the text.
 */
bool numbers_number(struct str text, struct tn *number, const char **why);

/* Whether some row speaks of NUMBER. */
bool numbers_has(const struct numbers *table, const struct tn *number);

/* TODAY counts days since 1970-01-01 in the table's time zone (UTC). */
void numbers_lookup(const struct numbers *table, const struct tn *number, uint32_t customer,
                    int32_t today, struct numbers_answer *answer);

/* Looks up N numbers, each as numbers_lookup() does, but faster than one by one. */
void numbers_lookup_many(const struct numbers *table, size_t n, const struct tn *number,
                         const uint32_t *customer, int32_t today, struct numbers_answer *answer);

/* One row that speaks of a number; dates as days, INT32_MIN and INT32_MAX where they are open. */
struct numbers_row {
    struct str customer, certificate, file;
    enum number_state state;
    int32_t not_before, not_after;
    bool prefix;
    bool urgent;   /* an urgent change */
    bool replaced; /* today a narrower row stands in its place */
    uint32_t line;
};
/* Whether it may decide today. */
bool numbers_row_counts(const struct numbers_row *row, int32_t today);

/* All rows that speak of NUMBER, the narrowest first; returns how many there are. */
size_t numbers_rows(const struct numbers *table, const struct tn *number, int32_t today,
                    void (*visit)(void *user, const struct numbers_row *row), void *user);

/*
 * Urgent changes (overlay.h): URGENT is a table of single numbers, which outrank those of TABLE.
 * They count as rows narrower than any of TABLE. While such a row is in force and says owned or
 * blocked, it replaces all that TABLE says about its number; otherwise it adds to that. Once it has
 * been in force, it also replaces TABLE's rows for its own customer, even after its last day: an
 * urgent change that ends does not bring back what it was meant to end. Either table may be NULL.
 */
void numbers_lookup_urgent(const struct numbers *urgent, const struct numbers *table,
                           const struct tn *number, struct str customer, int32_t today,
                           struct numbers_answer *answer);
/* As numbers_rows(): the urgent ones first, then all of the table's. */
size_t numbers_rows_urgent(const struct numbers *urgent, const struct numbers *table,
                           const struct tn *number, int32_t today,
                           void (*visit)(void *user, const struct numbers_row *row), void *user);

/* Two rows as enum numbers_two_owners says. */
struct numbers_owners {
    struct str customer[2], file[2];
    uint32_t line[2];
};
#define NUMBERS_OWNERS_MAX 1000
/*
 * Visits a pair of such rows for each set of rows that has one, each pair once, at most
 * NUMBERS_OWNERS_MAX. False when there is no memory to look.
 */
bool numbers_find_two_owners(const struct numbers *table,
                             void (*visit)(void *user, const struct numbers_owners *owners),
                             void *user);

/*
 * Visits the rows that are WANTED, with the first and the last of the numbers about which the same
 * rows speak; a row that others cut into pieces is visited piece by piece. WANTED gets the row
 * without its file and line. False when there is no memory.
 */
struct numbers_selector {
    bool (*wanted)(void *user, const struct numbers_row *row);
    void (*visit)(void *user, const struct numbers_row *row, const struct tn *first,
                  const struct tn *last);
    void *user;
};
bool numbers_select(const struct numbers *table, const struct numbers_selector *selector);

/* "2026-11-21" to days since 1970-01-01; false when it is no date. */
bool numbers_date_parse(struct str text, int32_t *day);

#endif
