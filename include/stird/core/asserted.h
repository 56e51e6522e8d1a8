/*
 * asserted - which number P-Asserted-Identity names as the caller's (RFC 3325; Decided 2). The
 * decision and the comparison that `stirctl verify` makes both read it here. Pure.
 */
#ifndef STIRD_ASSERTED_H
#define STIRD_ASSERTED_H

#include <stdbool.h>
#include <stird/core/tn.h>

#define ASSERTED_MAX        32 /* RFC 3325 allows two; more are counted, not kept */
#define ASSERTED_ODD_MAX    64
#define ASSERTED_ODD_OCTETS 8192 /* of all of them */

struct asserted_texts {
    struct str uri[ASSERTED_MAX];     /* in order */
    struct str odd[ASSERTED_ODD_MAX]; /* URIs and numbers in values that are not one address: none,
                                         several, or one with a password or headers */
    unsigned n, n_odd; /* the counts include those for which there was no room; of n_odd the first
                          are kept */
    size_t odd_octets;
    bool unreadable; /* some value is not an address, or is empty */
};
/* Whether there were more than are kept: what those say is unknown. */
bool asserted_overflows(const struct asserted_texts *texts);
/* Adds what VALUE, a line of the header, holds. */
void asserted_add(struct asserted_texts *texts, struct str value);
/* Adds LINE, which is not such a header but may be taken for one. */
void asserted_add_odd(struct asserted_texts *texts, struct str line);

struct asserted {
    struct tn number; /* where none is found, the last number that cannot exist, else empty */
    bool found;       /* the first usable tel: URI, else the first usable one */
    bool differ; /* two name different numbers, one names a number that cannot exist, or not all are
                    known */
    enum tn_fault
        fault; /* what is wrong with the last number that cannot exist; TN_OK: all can exist */
    struct tn impossible; /* that one */
};
void asserted_read(struct asserted *a, const struct asserted_texts *texts,
                   const struct country *country);

#endif
