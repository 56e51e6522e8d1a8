/*
 * numbers_build - the steps from rows of text to an image. Private to core/numbers.
 *
 *   read (numbers_read, numbers_row) -> sort (numbers_sort) -> flatten (numbers_flatten)
 *   -> write (numbers_write)
 *                                                         `-> judged: numbers_width
 *
 * A mistake of the operator becomes a problem and the steps go on; lack of memory ends them.
 */
#ifndef NUMBERS_BUILD_H
#define NUMBERS_BUILD_H

#include "numbers_image.h"

#include <stird/core/numbers.h>

/* Byte strings with a number each, in order of their first appearance. */
struct interner {
    struct buf bytes;   /* one behind the other */
    struct buf entries; /* struct image_name into `bytes` */
    struct intern_slot {
        uint32_t tag, entry; /* entry + 1; 0 is free */
    } * slots;               /* open addressing */
    size_t n_slots;
    uint32_t n;
};

#define INTERN_FAILED UINT32_MAX
void interner_fini(struct interner *in);
uint32_t interner_add(struct interner *in, const void *bytes, size_t n);
/*
 * The same for bytes that are mostly those that KEY had the last time: *LAST (u32, one a key;
 * begins empty) remembers, so that they are compared and not hashed.
 */
uint32_t interner_add_of(struct interner *in, struct buf *last, uint32_t key, const void *bytes,
                         size_t n);
struct str interner_get(const struct interner *in, uint32_t i);
struct image_name interner_entry(const struct interner *in, uint32_t i); /* into its `bytes` */

/*
 * An interval of keys that one line of the table speaks of. There are about as many as numbers,
 * nearly all of one number each, so what only the others need lies elsewhere.
 */
#define ROW_WIDE  UINT64_C(0x8000000000000000)
#define ROW_MEANT UINT64_C(0x4000000000000000)
#define ROW_KEY   ((UINT64_C(1) << KEY_BITS) - 1)
struct build_row {
    uint64_t key;  /* the first; | ROW_WIDE: there are more; | ROW_MEANT: however many they are */
    uint32_t what; /* record, or index into `wide` */
    uint32_t line; /* over all files */
};
struct build_wide {
    uint64_t last;
    uint32_t record;
};

/* A row of a customers table. */
struct build_customer {
    uint32_t customer, attributes, line;
};

/* What a row of numbers covers, as its number column says it. */
struct interval {
    uint64_t first, last; /* keys of the number or range; of a prefix: the digits' value in both */
    unsigned digits;      /* of a prefix */
    bool prefix;
    bool meant; /* the row says that so many numbers are intended */
};

/* A row that cannot be used, with what could be read of it: its other mistakes are told too. */
struct build_refused {
    struct interval interval;
    struct numbers_record record;
    uint32_t customer, certificate; /* places in `refused_names`; empty when nothing is there */
    uint32_t line;
    bool has_number, has_state, has_dates;
    bool declares; /* it is of a table of customers */
};

struct build {
    const struct numbers_source *sources;
    size_t n_sources;
    struct problems *problems;
    size_t n_problems;   /* how many were found; the first 1000 are reported */
    bool unreadable;     /* a source ended before its end */
    uint64_t row_hashes; /* of the row that is read: numbers_csv.h */
    bool columns_open; /* a header has mistakes: the tables may have more columns than are known */
    enum numbers_two_owners two_owners;

    struct interner customers, certificates, records, sets;
    /* attributes: names of columns, their values, and sets of struct image_attribute */
    struct interner columns, values, attribute_sets;
    struct buf column_lines;            /* u32: where each was first named */
    struct buf declared;                /* struct build_customer */
    struct buf last_records, last_sets; /* of a customer, of a record: interner_add_of() */
    struct buf file_lines;              /* u32: lines before each file */
    uint64_t n_table_rows;
    struct buf rows;               /* struct build_row; a prefix has one for each length */
    struct buf wide;               /* struct build_wide */
    struct buf refused;            /* struct build_refused: as many as problems are reported */
    struct interner refused_names; /* which no image has */

    /* the segments, as in the image */
    struct buf segments, source, more_first, more;
};

#define PROBLEMS_REPORTED 1000

void build_fini(struct build *b);
/* One more problem when there were more than are reported. */
void build_report_rest(struct build *b);
struct build_row *build_rows(const struct build *b, size_t *n);
const struct numbers_record *build_record(const struct build *b, uint32_t record);

static inline uint64_t row_first(const struct build_row *row)
{
    return row->key & ROW_KEY;
}

static inline const struct build_wide *row_wide(const struct build *b, const struct build_row *row)
{
    return (const struct build_wide *)(const void *)b->wide.p + row->what;
}

static inline uint64_t row_last(const struct build *b, const struct build_row *row)
{
    return row->key & ROW_WIDE ? row_wide(b, row)->last : row_first(row);
}

static inline const struct numbers_record *row_record(const struct build *b,
                                                      const struct build_row *row)
{
    return build_record(b, row->key & ROW_WIDE ? row_wide(b, row)->record : row->what);
}

/* LINE counts over all files. */
struct str build_place(const struct build *b, uint32_t line, uint32_t *line_in_file);
void build_problem(struct build *b, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Text of a table for a message: printable, and cut when it is long. */
struct quoted {
    char text[128];
};
struct quoted build_quote(struct str s);

/* Rows of all sources. False: no memory. */
bool build_read(struct build *b);

/* By first key; where these are equal the widest first, a prefix before a range, then by customer
   and line. False: no memory. */
bool build_sort(struct build *b);

/* Nested intervals to segments that lie side by side. False: no memory. */
bool build_flatten(struct build *b);

/* Writes the image. Takes the rows' memory back before. False: no memory, or it cannot be written.
 */
bool build_write(struct build *b, const struct numbers_output *out);

/* ---- reading one row ---- */

enum column {
    COLUMN_NUMBER,
    COLUMN_CUSTOMER,
    COLUMN_STATE,
    COLUMN_NOT_BEFORE,
    COLUMN_NOT_AFTER,
    COLUMN_CERT,
    COLUMN_WIDE, /* "yes": so many numbers are meant */
    COLUMN_NOTE,
    COLUMNS
};

struct str column_name(enum column c);

#define ATTRIBUTE_COLUMNS_MAX 24 /* over all tables */

struct columns {
    int field[COLUMNS]; /* -1: the file does not have it */
    unsigned n;
    struct {
        unsigned field;
        uint32_t column; /* of the build */
    } attribute[ATTRIBUTE_COLUMNS_MAX];
    unsigned n_attributes;
};

/* What is wrong with a header row is a problem. False when its rows cannot be told apart. */
bool columns_read(struct build *b, struct columns *columns, const struct str *field, unsigned n,
                  uint32_t line);
/* The same for a table of customers. */
bool customer_columns_read(struct build *b, struct columns *columns, const struct str *field,
                           unsigned n, uint32_t line);
bool customer_row_read(struct build *b, const struct columns *columns, const struct str *field,
                       unsigned n, uint32_t line);
/* Every customer once; adds problems. */
void customers_check(struct build *b);

/*
 * Checks that field I of a header is a column name, and the only one of this name. False with a
 * problem. EXAMPLE: how a header looks.
 */
bool column_name_check(struct build *b, const struct str *field, unsigned i, const char *example,
                       uint32_t line);
/*
 * The column, of a number table or a table of customers, that is probably meant by NAME in a header
 * of N fields; NULL: none.
 */
const char *column_meant(const struct str *field, unsigned n, struct str name);
const char *lookalike_customer_column(const struct str *field, unsigned n, struct str name);
/* The column of a number table that is probably meant by NAME in a table of customers, which has no
   dates and no state; NULL: none. */
const char *lookalike_row_column(struct str name);
/* "column "NAME" is unknown: did you mean ..." */
void lookalike_say(struct str name, const char *meant, struct buf *why);
/* Whether it is x_NAME, by which its owner says that it has no meaning for stird. */
bool column_is_own(struct str name);
/*
 * Why column NAME, which is none of ours in a header of N fields, is a mistake, and what is
 * probably meant (as above, or NULL); the second for a table of customers. False: it is no mistake,
 * or NAME is known.
 */
bool column_mistaken(const struct str *field, unsigned n, struct str name, const char **meant,
                     struct buf *why);
bool customer_column_mistaken(const struct str *field, unsigned n, struct str name,
                              const char **meant, struct buf *why);
/* False: a customer's COLUMN cannot be VALUE; WHY gets the words. */
bool customer_value_check(struct str column, struct str value, struct buf *why);

/* As many fields as the header has. False with a problem. */
bool columns_count_check(struct build *b, const struct columns *columns, const struct str *field,
                         unsigned n, uint32_t line);
/* Whether each field stands under its column all the same, because the surplus ones are empty and
   at the end. */
bool columns_are_in_place(const struct columns *columns, const struct str *field, unsigned n);

/* Whether no field that decides anything has a # that may be meant to begin a comment. False with
   problems. */
bool columns_hash_check(struct build *b, const struct columns *columns, const struct str *field,
                        unsigned n, uint32_t line);

/* Adds a finding for each column without x_ that holds only dates, or only yes and no. */
void lint_columns(struct build *b);

/* A column that is none of the known ones. False with a problem. */
bool columns_attribute_add(struct build *b, struct columns *columns, struct str name,
                           unsigned field, uint32_t line);
/* The row's set of attributes. False: no memory. */
bool columns_attributes_read(struct build *b, const struct columns *columns,
                             const struct str *field, uint32_t *set);

/* Adds the row or a problem. False: no memory. */
bool row_read(struct build *b, const struct columns *columns, const struct str *field, unsigned n,
              uint32_t line);

/* What a number column says; *WHY and false when it is none. */
bool interval_parse(struct interval *interval, struct str text, const char **why);

/* ---- rows that cannot be used (numbers_refused) ---- */

/*
 * Keeps ROW, whose customer and certificate are these names or empty, unless there are more than
 * are told of. False: no memory.
 */
bool refused_add(struct build *b, struct build_refused *row, struct str customer,
                 struct str certificate);
const struct build_refused *refused_rows(const struct build *b, size_t *n);
struct str refused_customer(const struct build *b, const struct build_refused *row);
/* Adds a problem for each whose certificate JUDGE, which may be NULL, does not take. */
void refused_check(struct build *b, const struct numbers_judge *judge);

/* ---- rows of so many numbers that they need a word of consent (docs/numbers.md) ---- */

/* False with a problem: the row does by itself. */
bool width_check(struct build *b, const struct interval *interval,
                 const struct numbers_record *record, struct str number, uint32_t line);
/*
 * Adds one for each customer whose sorted rows do together. Those that were meant (ROW_MEANT) count
 * for nothing. False: no memory.
 */
bool build_check_widths(struct build *b);

#endif
