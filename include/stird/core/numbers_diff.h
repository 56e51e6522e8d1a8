/*
 * numbers_diff - which customers get other answers from one table than from another. Pure.
 */
#ifndef STIRD_NUMBERS_DIFF_H
#define STIRD_NUMBERS_DIFF_H

#include <stird/core/numbers.h>

/* Numbers of one customer that change in the same way. */
struct numbers_change {
    struct str customer;
    enum number_state from, to;
    bool from_prefix, to_prefix; /* by a `*` prefix row */
    uint64_t numbers;            /* how many; of prefix rows, only those of 11 digits */
    struct tn first, last;       /* of the first interval */
};

/*
 * Calls VISIT for each kind of change on the day TODAY, in the order of customers. False: no
 * memory.
 */
bool numbers_diff(const struct numbers *old, const struct numbers *new, int32_t today,
                  void (*visit)(void *user, const struct numbers_change *change), void *user);

#endif
