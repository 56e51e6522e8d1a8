/*
 * trust_texts - the texts that a domain of trust is made of (trust_build.h), as they lie in the
 * operator's files and in the state directory: the one reader for the process that makes domains,
 * and for stirctl where no stird runs.
 */
#ifndef STIRD_TRUST_TEXTS_H
#define STIRD_TRUST_TEXTS_H

#include <stird/base/arena.h>
#include <stird/core/trust_build.h>

struct trust_texts {
    const struct settings *settings;
    struct arena *arena; /* has the texts */
    int state_fd;        /* trust_kept_open(): below 0, what was kept is not at hand, for that */
    /* What was fetched just now of SOURCE (0: the list, from 1 on revocation lists), or its
       signer's certificate: memory that stays the caller's, or -1. NULL: nothing was. */
    int (*came)(void *user, unsigned domain, unsigned source, bool signer);
    /* What counts of SOURCE as the last good one, in place of what is kept in the state directory:
       its octets stay the caller's. False: that counts. NULL: it does for all. */
    bool (*held)(void *user, unsigned domain, unsigned source, struct str *list,
                 struct str *signer);
    /* A file that an operator named cannot be used, and WHY, a static sentence. B says so too. */
    void (*missing)(void *user, struct str file, const char *why);
    void *user;
};

/* Fills B with the texts of a domain, by its place in the settings, as of NOW_S. Those that are not
   at hand have p == NULL. */
void trust_texts_read(const struct trust_texts *texts, unsigned domain, int64_t now_s,
                      struct trust_build *b);

#endif
