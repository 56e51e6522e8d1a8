/*
 * trust_image - whom the verification service believes: domains of trust, each with its anchors,
 * its revocation lists and the countries whose numbers it may vouch for, in one image that all
 * workers share.
 *
 * A process without a network writes it (trust_process.h), and those who verify open it: revocation
 * tables are used where they lie, certificates are prepared. A domain usually is a country's policy
 * administrator. (What neighbours on SIP believe of each other, RFC 3325, is something else:
 * sip/trust_domain.h.) Pure; to ask an opened image changes only what OpenSSL remembers of
 * certificates.
 */
#ifndef STIRD_TRUST_IMAGE_H
#define STIRD_TRUST_IMAGE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <stird/core/trust.h>

#define TRUST_DOMAINS_MAX   32 /* a set of them is a mask: bit I is domain I of its image */
#define TRUST_COUNTRIES_MAX 256
#define TRUST_NO_DOMAIN     TRUST_DOMAINS_MAX
/* Among those that are asked, as a further bit: one that the image does not have. Nobody is
   distrusted for want of it. */
#define TRUST_LACKING (UINT64_C(1) << TRUST_DOMAINS_MAX)
/* How long a revocation list whose successor does not come is still used. */
#define TRUST_CRL_GRACE_S 86400

struct trust_image_domain {
    struct str name, mark;       /* MARK: of what settings it was made (believed.h); may be empty */
    const struct str *countries; /* country codes: "1"; none: it may vouch for all numbers */
    unsigned n_countries;
    /* Of a domain whose anchors are those of a list that an administrator signs (trust_list.h): */
    bool is_listed;
    int64_t sequence, expires_s; /* 0: no list is at hand */
    int64_t stale_s;             /* how long its list is used beyond its end */
    bool wants_crls;             /* some are configured, whether they are at hand or not */
    bool crl_opens; /* where it is not known whether a certificate is revoked, the verdict is open
                       (crl_stale); else that is a warning */
    bool has_grace; /* read out of an image: its revocation lists have TRUST_CRL_GRACE_S already */
    const struct trust *trust; /* anchors may be missing */
};

/* Appends the image of N domains. False: no memory. */
bool trust_image_write(struct buf *out, const struct trust_image_domain *domains, unsigned n);

struct trust_image;
/*
 * IMAGE stays where it is, unchanged, until trust_image_close(). GENERATION is the caller's number
 * of it: what was judged by another one has to be judged again. NULL and *WHY, a static sentence:
 * it is broken, or there is no memory.
 */
struct trust_image *trust_image_open(struct str image, uint64_t generation, const char **why);
void trust_image_close(struct trust_image *i); /* NULL is fine */
uint64_t trust_image_generation(const struct trust_image *i);
unsigned trust_image_domains(const struct trust_image *i);
/* Borrowed; DOMAIN is below trust_image_domains(). */
const struct trust_image_domain *trust_image_domain(const struct trust_image *i, unsigned domain);
/* The bit of the domain NAME that was made of the settings of MARK; 0: there is no such domain. */
uint32_t trust_image_mask(const struct trust_image *i, struct str name, struct str mark);

/* Which of a domain's anchors count at a time. */
enum trust_state {
    TRUST_IN_FORCE,
    TRUST_LIST_STALE, /* its list has ended; it is used, for a while */
    TRUST_UNAVAILABLE /* no list is at hand, or none that may still be used, or all of its
                         authorities have ended: nothing is known */
};
enum trust_state trust_image_state(const struct trust_image_domain *domain, int64_t now_s);

struct trust_image_answer {
    /* To which of the domains that were asked the chain leads; 0: to none. */
    uint32_t leads;
    unsigned domain; /* the first of them; TRUST_NO_DOMAIN: there is none */
    /* It leads to none, and one that was asked is unavailable, or lacking: whether it is trusted is
       open. */
    bool is_open;
    /* Those that were asked and are unavailable, or lacking (TRUST_LACKING): what each of them
       would say is not known. */
    uint64_t unheard;
    bool crl_opens; /* BY_ANCHORS.revoked is TRUST_NOT_KNOWN, and that leaves the verdict open */
    /* DOMAIN's answer, but revoked in any of them is revoked. Where it leads to none, .chain says
       why. */
    struct trust_answer by_anchors;
};
/* How the chain leads to one of them, and what that one says of it: what one domain lets pass is
   no word of another one's. */
struct trust_image_way {
    unsigned domain;
    enum trust_revoked revoked; /* revoked in any of them is revoked */
    const char *not_known;      /* why */
    bool crl_opens;             /* REVOKED is TRUST_NOT_KNOWN, and that leaves the verdict open */
    STACK_OF(X509) * up;        /* the leaf first, the anchor last */
};
struct trust_image_ways {
    unsigned n; /* in the order of the image */
    struct trust_image_way of[TRUST_DOMAINS_MAX];
};
void trust_image_ways_fini(struct trust_image_ways *ways);
/* As trust_judge(), by the domains of the mask DOMAINS, which may have TRUST_LACKING. WAYS, if not
   NULL, become those to each domain that it leads to; to be freed in any case. */
bool trust_image_judge(const struct trust_image *i, uint64_t domains, X509 *leaf,
                       STACK_OF(X509) * more, int64_t now_s, struct trust_image_answer *answer,
                       struct trust_image_ways *ways);
/* Whether one of DOMAINS may vouch for a number of DIGITS (a canonical one, tn.h). */
bool trust_image_vouches(const struct trust_image *i, uint32_t domains, struct str digits);
/* Whether one of UNHEARD, of an answer, might: one that the image does not have might for any. */
bool trust_image_might_vouch(const struct trust_image *i, uint64_t unheard, struct str digits);

#endif
