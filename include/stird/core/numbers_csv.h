/*
 * numbers_csv - the text of a table into rows of fields: the one reader of number tables, tables of
 * customers and lists of signers.
 *
 * RFC 4180 with two differences: `#` at the start of a line, or behind separators alone, begins a
 * comment; and a field ends on its line, so that a forgotten quote cannot swallow the rows below
 * it.
 */
#ifndef STIRD_NUMBERS_CSV_H
#define STIRD_NUMBERS_CSV_H

#include <stird/base/buf.h>
#include <stird/base/str.h>

#define CSV_FIELDS_MAX 64
#define CSV_LINE_MAX   (1u << 20) /* a longer line is no table's, and is not kept in memory */

struct csv {
    struct str rest;
    /* more of it, as numbers_source.more; NULL: REST is all */
    int (*more)(void *user, struct str *rest);
    void *user;
    bool failed;         /* it could not be read to its end */
    unsigned line;       /* of the row that was read last */
    struct buf unquoted; /* what quoted fields hold */
    struct str field[CSV_FIELDS_MAX];
    unsigned n_fields;
    uint64_t hashes; /* bit I: field I, unquoted, has a # that may be meant to begin a comment */
};

/* A byte order mark at the begin is skipped. */
struct csv csv_init(struct str text);
void csv_fini(struct csv *csv);

enum csv_result {
    CSV_END,
    CSV_ROW,
    CSV_FAULT, /* this line cannot be read, *WHY says why; the next one can */
    CSV_OUT_OF_MEMORY
};
/* The next row that is neither empty, as separators alone are, nor a comment; its fields are valid
   until the next call. */
enum csv_result csv_next(struct csv *csv, const char **why);

#endif
