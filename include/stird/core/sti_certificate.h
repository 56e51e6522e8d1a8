/*
 * sti_certificate - an end-entity certificate as a verifier of STIR looks at it, judged once: is it
 * one that may sign, for which numbers, and with which claims (RFC 8226, RFC 9118, RFC 9060).
 *
 * The loader, the signer, the look at the certificates' URLs and the verifier ask this noun alone:
 * what one refuses, no other signs. Pure; a few KiB. Not shared between threads (jws_algorithm.h).
 */
#ifndef STIRD_STI_CERTIFICATE_H
#define STIRD_STI_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/base/str.h>
#include <stird/core/passport.h>
#include <stird/core/reason.h>
#include <stird/core/trust_image.h>

/* How many certificates of a chain may limit what the first one signs. */
#define STI_CHAIN_MAX 7 /* CERTIFICATES_MAX and an anchor: none has more */

/* What a token may say, by the certificate and its issuers (RFC 9060 section 3). */
struct sti_scope {
    /* DER of TNAuthLists: the first is the certificate's own, those above limit it. */
    struct str tn_auth_list[STI_CHAIN_MAX];
    unsigned n_lists;
    struct str constraints[2 * STI_CHAIN_MAX]; /* DER, of either form */
    unsigned n_constraints;
};

/* How a certificate leads to one of the domains that it is judged by, or to other anchors. What is
   good by one way is so for the numbers of that domain alone. */
struct sti_way {
    unsigned domain;               /* of the image; TRUST_NO_DOMAIN: of none */
    const struct sti_scope *scope; /* NULL: the certificate's SCOPE */
    const char *widens;            /* as FAULT[STI_ENCOMPASSED]; NULL: it does not */
    enum trust_revoked revoked;    /* revoked by any way is revoked by all */
    const char *not_known;         /* why */
    bool crl_is_needed; /* where it is not known whether it is revoked, the verdict is open */
};

/* Which rule a certificate breaks. */
enum sti_rule {
    STI_KEY,
    STI_LIST,
    STI_PROVIDER,
    STI_USAGE,
    STI_AUTHORITY,
    STI_SIGNATURE,
    STI_EXTENSIONS,
    STI_CONSTRAINTS,
    STI_ENCOMPASSED,
    STI_DATES,
    STI_RULES
};

struct sti_certificate {
    /* A static sentence: there is none in what was served, and nothing else here is set; or NULL.
     */
    const char *unreadable;
    EVP_PKEY *key; /* of the algorithm of some type; NULL when it is of none */
    const struct jws_algorithm *algorithm;
    void *verifier; /* KEY, ready for that algorithm's verify() */
    int64_t not_before_s, not_after_s;
    int64_t chain_until_s; /* the last second in which it and those above it, by each of its ways,
                              are all in force */
    struct str spc; /* service provider codes of the TNAuthList, comma-joined; may be empty */
    struct str subject, serial; /* RFC 2253; hexadecimal */
    struct sti_scope scope;     /* by the first of its ways */
    struct sti_way *ways;       /* of the arena; in the order of the image, one at least */
    unsigned n_ways;
    /* For each rule NULL, or a static sentence that begins with "its" or "it" and says how it is
       broken; STI_ENCOMPASSED: by each of its ways. Whether the certificate is in force has to be
       asked with the time. */
    const char *fault[STI_RULES];
    bool has_anchors; /* it was judged by some: BY_ANCHORS says how */
    int64_t judged_s; /* as of when */
    struct trust_answer by_anchors;
    /* Judged by an image: the domains that it leads to, as a mask. */
    uint32_t domains;
    bool is_open;       /* it leads to none, and one of them has no list in force */
    uint64_t unheard;   /* those of them that could not be asked (trust_image_answer) */
    bool crl_is_needed; /* where it is not known whether it is revoked, the verdict is open */
};

/*
 * What a verifier needs of TEXT, which a URL served, in PEM or DER: read, and judged by TRUST
 * (NULL: anchors are not at hand) as of NOW_S. Once for each body and each change of what is
 * trusted; then verify() asks nothing but this. What is wrong with it, and that it holds no
 * certificate, is in C.
 */
bool sti_certificate_prepare(struct sti_certificate *c, struct str text, const struct trust *trust,
                             int64_t now_s, struct arena *arena);
/* The same by the domains DOMAINS of an image, as trust_image_judge(); NULL: anchors are not at
 * hand. */
bool sti_certificate_prepare_for(struct sti_certificate *c, struct str text,
                                 const struct trust_image *image, uint64_t domains, int64_t now_s,
                                 struct arena *arena);
/*
 * The same of a CHAIN that was read already (certificate_text.h). What limits the first is read off
 * the chain by which it was trusted, the anchor included; where none is, off those that issued each
 * other by their signatures. Texts are of ARENA. False: no memory. sti_certificate_fini() in either
 * case.
 */
bool sti_certificate_judge(struct sti_certificate *c, STACK_OF(X509) * chain,
                           const struct trust *trust, int64_t now_s, struct arena *arena);
/* Whether TRUSTED, good or bad, is the answer at NOW_S too; else it has to be prepared again. */
bool sti_certificate_is_judged(const struct sti_certificate *c, int64_t now_s);
/* By its own dates and by those of its chain; false of what is unreadable. */
bool sti_certificate_is_in_force(const struct sti_certificate *c, int64_t now_s);
/* What limits it by one of its ways. */
const struct sti_scope *sti_way_scope(const struct sti_certificate *c, const struct sti_way *way);
void sti_certificate_fini(struct sti_certificate *c);
/* The first rule that it breaks, or NULL. */
const char *sti_certificate_fault(const struct sti_certificate *c);
/* What to do about it: goes behind the sentence. */
const char *sti_rule_advice(enum sti_rule rule);

/*
 * Whether a token of TYPE with CLAIMS may be signed: REASON_OK, CERTIFICATE_NOT_FOR_NUMBER,
 * CERTIFICATE_NOT_FOR_CLAIMS, or OUT_OF_MEMORY. What a verifier would answer 437 to is refused.
 */
enum reason sti_scope_judge(const struct sti_scope *scope, const struct passport_type *type,
                            const struct passport_claims *claims);
/* The number alone. */
bool sti_scope_covers(const struct sti_scope *scope, const struct tn *orig);
/*
 * NULL, or why no token of TYPE may be signed, whatever the call: what its constraints say of
 * *CLAIM, a text of SCOPE's. Of a certificate for other types, for instance.
 */
const char *sti_scope_signs_nothing(const struct sti_scope *scope, const struct passport_type *type,
                                    struct str *claim);
/* Whether each list that limits the numbers of OTHER limits SCOPE's too. */
bool sti_scope_has_limits_of(const struct sti_scope *scope, const struct sti_scope *other);
/* Whether some calling numbers are outside. */
bool sti_scope_is_limited(const struct sti_scope *scope);

#endif
