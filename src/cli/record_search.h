/*
 * record_search - which records of calls are asked for, by the options of `records find`.
 */
#ifndef CLI_RECORD_SEARCH_H
#define CLI_RECORD_SEARCH_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stird/address.h>
#include <stird/tn.h>

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
    FIND_FILTERS
};
#define FIND_LETTER  256 /* of the options in that order; --tn and --between behind them */
#define FIND_TN      (FIND_LETTER + FIND_FILTERS)
#define FIND_BETWEEN (FIND_LETTER + FIND_FILTERS + 1)
/* For a table of getopt_long(). */
#define FIND_OPTIONS                                                                               \
    {"origid", required_argument, NULL, FIND_LETTER + FIND_ORIGID},                                \
        {"call-id", required_argument, NULL, FIND_LETTER + FIND_CALL_ID},                          \
        {"reason", required_argument, NULL, FIND_LETTER + FIND_REASON},                            \
        {"result", required_argument, NULL, FIND_LETTER + FIND_RESULT},                            \
        {"cause", required_argument, NULL, FIND_LETTER + FIND_CAUSE},                              \
        {"trunk", required_argument, NULL, FIND_LETTER + FIND_TRUNK},                              \
        {"upstream", required_argument, NULL, FIND_LETTER + FIND_UPSTREAM},                        \
        {"source", required_argument, NULL, FIND_LETTER + FIND_SOURCE},                            \
        {"status", required_argument, NULL, FIND_LETTER + FIND_STATUS},                            \
        {"tn", required_argument, NULL, FIND_TN},                                                  \
    {                                                                                              \
        "between", required_argument, NULL, FIND_BETWEEN                                           \
    }

struct record_search {
    const char *wanted[FIND_FILTERS]; /* NULL: any */
    struct address source;
    const char *from, *to;          /* times */
    char number[TN_MAX_DIGITS + 1]; /* without plus; empty: any */
};

/* Of getopt_long() just now: optarg, and the next word where it takes two. False: it cannot be so.
 */
bool record_search_take(struct record_search *s, int letter, int argc, char **argv);
bool record_search_asks(const struct record_search *s); /* for anything */
/* The record, if LINE is one that is asked for; NULL: it is not. */
json_t *record_search_match(const struct record_search *s, struct str line);

#endif
