/*
 * asserted - whose number P-Asserted-Identity says the call is (RFC 3325; Decided 2). The one
 * reading of the decision and of the comparison that `stirctl verify` makes. Pure.
 */
#ifndef STIRD_ASSERTED_H
#define STIRD_ASSERTED_H

#include <stdbool.h>
#include <stird/tn.h>

#define ASSERTED_MAX 4 /* RFC 3325 allows two; more are counted, not kept */

/* Adds what VALUE, a line of the header, holds; *N counts also those that do not fit. False: there
   is something in it that is no URI, or nothing. */
bool asserted_add(struct str uri[ASSERTED_MAX], unsigned *n, struct str value);

struct asserted {
    struct tn number;     /* where none is found: the last that cannot exist, else empty */
    bool found;           /* the first usable tel: URI, else the first usable one */
    bool differ;          /* two say different numbers, one cannot exist, or not all are known */
    enum tn_fault fault;  /* of the last number that cannot exist; TN_OK: all can */
    struct tn impossible; /* that one */
};
void asserted_read(struct asserted *a, const struct str uri[ASSERTED_MAX], unsigned n,
                   const struct country *country);

#endif
