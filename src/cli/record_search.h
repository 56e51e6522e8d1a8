/*
 * record_search - which records of calls are asked for, by the options of `records find`.
 */
#ifndef CLI_RECORD_SEARCH_H
#define CLI_RECORD_SEARCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stird/base/address.h>
#include <stird/core/tn.h>

/* Options that ask for one member of the record. */
enum {
    FIND_ORIGID,
    FIND_CALL_ID,
    FIND_REASON,
    FIND_RESULT,
    FIND_CAUSE,
    FIND_TRUNK,
    FIND_UPSTREAM,
    FIND_SOURCE,
    FIND_STATUS,
    FIND_CLASS,
    FIND_SPC,
    FIND_VERSTAT,
    FIND_FILTERS
};
#define FIND_LETTER  256 /* of the options in that order; --tn and --between behind them */
#define FIND_TN      (FIND_LETTER + FIND_FILTERS)
#define FIND_BETWEEN (FIND_LETTER + FIND_FILTERS + 1)
/* What those take, for the usage of a command. */
#define FIND_USAGE                                                                                 \
    "[--origid UUID] [--tn NUMBER] [--call-id ID] [--between FROM TO] "                            \
    "[--reason NAME] [--result NAME] [--cause NAME] [--trunk NAME] [--upstream NAME] "             \
    "[--source ADDRESS] [--status CODE] [--class CLASS] [--spc CODE] [--verstat WORD] "
/* For the table of a command's options. */
#define FIND_OPTIONS                                                                               \
    {"origid", FIND_LETTER + FIND_ORIGID, "UUID",                                                  \
     "the call with this token, of ours or of others'", 0},                                        \
        {"tn", FIND_TN, "NUMBER", "calls from or to this number", 0},                              \
        {"call-id", FIND_LETTER + FIND_CALL_ID, "ID", "the call with this Call-ID", 0},            \
        {"between", FIND_BETWEEN, "FROM TO",                                                       \
         "in this time (UTC), as 2026-11-26T23:59 or a begin of that", 0},                         \
        {"reason", FIND_LETTER + FIND_REASON, "NAME", "decided for this reason (docs/reasons.md)", \
         0},                                                                                       \
        {"result", FIND_LETTER + FIND_RESULT, "NAME",                                              \
         "answered, refused, failed, cancelled, rejected", 0},                                     \
        {"cause", FIND_LETTER + FIND_CAUSE, "NAME",                                                \
         "ended by this (docs/records.md): next_hop_503, no_upstream ...", 0},                     \
        {"trunk", FIND_LETTER + FIND_TRUNK, "NAME", "of this trunk", 0},                           \
        {"upstream", FIND_LETTER + FIND_UPSTREAM, "NAME",                                          \
         "offered to this upstream, whether it took the call or not", 0},                          \
        {"source", FIND_LETTER + FIND_SOURCE, "ADDRESS",                                           \
         "from this address; with :PORT only from that port", 0},                                  \
        {"status", FIND_LETTER + FIND_STATUS, "CODE", "answered so", 0},                           \
        {"class", FIND_LETTER + FIND_CLASS, "CLASS",                                               \
         "verified with this result: passed, failed, nothing, open", 0},                           \
        {"spc", FIND_LETTER + FIND_SPC, "CODE",                                                    \
         "signed by this provider: us, or who called us (the code of the certificate)", 0},        \
    {                                                                                              \
        "verstat", FIND_LETTER + FIND_VERSTAT, "WORD",                                             \
            "verified so: TN-Validation-Passed, TN-Validation-Failed, No-TN-Validation", 0         \
    }

struct record_search {
    const char *wanted[FIND_FILTERS]; /* NULL: any */
    struct address source;
    const char *from, *to;          /* times */
    char number[TN_MAX_DIGITS + 1]; /* without plus; empty: any */
    char masked[TN_MAX_DIGITS + 1]; /* the same, as it stands in a record that masks it */
};

/* Takes one option. False when it cannot be right, which is told on standard error. */
bool record_search_take(struct record_search *s, int letter, char **value);
/* The record, if LINE is one that is asked for, else NULL. */
json_t *record_search_match(const struct record_search *s, struct str line);

/* Whether a certificate with CODE signed the call: ours, or the one that it was verified by. */
bool record_search_signed_by(const json_t *record, const char *code);
/* Whether a record that matched was asked for by a number that it has masked only. */
bool record_search_by_mask(const struct record_search *search, const json_t *record);

#endif
