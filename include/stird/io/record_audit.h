/*
 * record_audit - whether the lines of record files are all there, unchanged and in their order.
 *
 * It is fed line by line, in the order of the files. A finding belongs to the line at which it was
 * noticed: a changed line shows at the one behind it. Pure.
 */
#ifndef STIRD_RECORD_AUDIT_H
#define STIRD_RECORD_AUDIT_H

#include <stird/io/record_chain.h>

enum record_finding {
    RECORD_GOOD,
    RECORD_NEW_CHAIN,      /* a chain begins here; good only at the very beginning */
    RECORD_TORN,           /* an unfinished line: good when the next one says so */
    RECORD_NOT_OURS,       /* not a line of a chain */
    RECORD_BEFORE_CHANGED, /* the line before was changed */
    RECORD_MISSING,        /* lines are missing before this one */
    RECORD_AGAIN,          /* this line, or a later one, was there before */
};

struct record_audit {
    bool any;                             /* a line of a chain was seen */
    struct record_chain chain;            /* behind the last good one */
    bool torn;                            /* the last line was unfinished */
    char first_prev[CHAIN_HASH_TEXT + 1]; /* the head that the first line goes on from */
    uint64_t first_seq, lines, torn_lines, calls;
    uint64_t missing; /* of RECORD_MISSING: how many */
    /* Gaps that stird itself has told: what a good line says is missing before it. */
    bool cut_off;     /* this line: stird ended while it wrote the text above */
    uint64_t dropped; /* this line: so many records */
    uint64_t gaps, dropped_in_all;
    /* A head to look for (64 hexadecimal digits); empty: none. */
    struct str head;
    bool head_found;
};

/* A line without LF; ENDED: it had one. After a finding the check goes on from that line. */
enum record_finding record_audit_line(struct record_audit *check, struct str line, bool ended);

#endif
