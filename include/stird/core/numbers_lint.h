/*
 * numbers_lint - what is probably not meant in number tables that compile: as findings with file
 * and line. Pure.
 */
#ifndef STIRD_NUMBERS_LINT_H
#define STIRD_NUMBERS_LINT_H

#include <stird/core/numbers.h>

struct numbers_lint {
    const struct country
        *countries; /* countries whose numbers have these lengths; those of +1 are known */
    unsigned n_countries;
    const struct str *known; /* customers beyond those of the sources' tables of customers */
    unsigned n_known;
    bool all_are_known;                /* then a customer that is none of them is a finding */
    const struct numbers_judge *judge; /* of certificates; NULL: nobody knows them */
    int32_t today;
};

/*
 * Adds to FINDINGS: overlaps and all else that the compile refuses, wrong lengths, rows that stand
 * there twice, two customers that own one number, expired rows, customers that nobody declares,
 * prefix rows that say owned or delegated, certificates that JUDGE does not take. False when there
 * is no memory or a source cannot be read.
 */
bool numbers_lint(const struct numbers_source *sources, size_t n_sources,
                  const struct numbers_lint *lint, struct problems *findings);

#endif
