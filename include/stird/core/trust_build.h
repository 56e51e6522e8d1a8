/*
 * trust_build - makes one domain of trust out of texts: anchors or the list of authorities, and
 * revocation lists. A list that has just come is judged against the last good one, which stays when
 * the new one is refused.
 *
 * Pure: the trust process brings the texts and hands over those that were taken, to be kept.
 */
#ifndef STIRD_TRUST_BUILD_H
#define STIRD_TRUST_BUILD_H

#include <stird/base/arena.h>
#include <stird/base/problems.h>
#include <stird/core/settings.h>
#include <stird/core/trust_image.h>

/* A list that is renewed. Texts with p == NULL are not at hand. */
struct trust_source {
    struct str url; /* where it is fetched; empty: a file */
    struct str fresh, fresh_signer;
    const char *unread; /* why a file is not at hand, a static sentence; NULL: it is, or a URL */
    struct str kept, kept_signer;
    int kept_error; /* why the last good one cannot be read, -errno; 0: it can, or there is none */
    /* What became of it: */
    bool is_used;        /* FRESH or KEPT counts in the domain, */
    bool took_fresh;     /* the former */
    const char *refused; /* why FRESH does not count, or is not there any more, a static sentence
                            that goes behind "it"; NULL: it does */
    struct str wanted;   /* what has to be fetched as fresh_signer, before it can be judged */
    int64_t until_s;     /* when the successor of the list in use should be there; INT64_MAX: not
                            known */
};

#define TRUST_CRLS_MAX 16

struct trust_build {
    const struct trust_setting *setting;
    int64_t now_s;
    /* Of the operator's files. */
    struct str anchors, list_anchor, list_signer, crl_anchor, crl_signer;
    const char *signer_unread; /* why a list in a file cannot be judged: list_signer is not at
                                  hand; a static sentence that goes behind "it" */
    const char *unread;        /* why one of the others is not at hand, a static sentence, and */
    struct str unread_path;    /* which one */
    struct trust_source list;
    struct trust_source crls[TRUST_CRLS_MAX]; /* as many as setting->n_crls */
    /* What came of it. */
    struct trust_image_domain domain; /* its trust is B's */
    unsigned authorities;
    unsigned left_out;        /* entries of the list, or of files of anchors, that are not used, */
    const char *left_out_why; /* what the first of them is, a static text */
    uint64_t revoked;
};

/* False: no memory, or a file of the operator's is broken, which is in PROBLEMS.
   trust_build_fini() in either case. */
bool trust_build(struct trust_build *b, struct arena *arena, struct problems *problems);
void trust_build_fini(struct trust_build *b);

/*
 * When a list that was fetched at NOW_S is fetched again: after 12 h, or 5 minutes after the next
 * one should be there (UNTIL_S); after ERRORS in a row in 10 minutes, after 12 of them once a day.
 */
int64_t trust_source_next_s(int64_t now_s, int64_t until_s, unsigned errors);

#endif
