/*
 * certificate_cache - certificates that verifiers need again and again, prepared
 * (sti_certificate.h) and found by the URL that served them. Each worker has its own; it fetches
 * nothing. Pure: the time is handed in.
 *
 * Certificates that lead to an anchor, and by which a call's signature verified, have one part of
 * the cache, all else that URLs served the other part: so nobody without the key of a certificate
 * of a listed authority can push good ones out, be it with copies of somebody's. Each part forgets
 * what was used least. Bodies are kept, so that they can be judged again without being fetched:
 * when what is trusted changes, or one of the dates that the answer hangs on has passed.
 *
 * Signers put a successor under the same URL, mostly of the same key, so no signature tells of it:
 * one that is near its end, or that of its chain, is stale, and past it unknown. One that was over
 * when it came, or is garbage, is kept for CERTIFICATE_CACHE_BAD_S. One that a call found at fault
 * for anything else (another number, no anchor, revoked) is used on, and doubted as often: its
 * signer may have mended it under the same URL. Of one that was fetched by a clock that was ahead
 * nobody knows how long it may be kept: it is stale.
 */
#ifndef STIRD_CERTIFICATE_CACHE_H
#define STIRD_CERTIFICATE_CACHE_H

#include <stird/core/identity_set.h>
#include <stird/core/sti_certificate.h>

struct certificate_cache;

#define CERTIFICATE_CACHE_GOOD_MAX 4096
#define CERTIFICATE_CACHE_BAD_MAX  1024
#define CERTIFICATE_CACHE_BAD_S    300 /* what is at fault is asked for again after that */
/* Of either part: what one call uses is not forgotten while it is judged. */
#define CERTIFICATE_CACHE_LEAST IDENTITY_SET_MAX

/* NULL: no memory. GOOD and BAD: how many each part holds. */
struct certificate_cache *certificate_cache_new(unsigned good, unsigned bad);
void certificate_cache_free(struct certificate_cache *c);

/* What bodies are judged by, and when: again for each image, and separately for each set of
   domains. */
struct certificate_ground {
    const struct trust_image *image; /* NULL: nothing is at hand to judge by */
    uint64_t domains; /* of it, as a mask: those of the trunk's profile (believed.h) */
    int64_t now_s;
};

enum certificate_cached {
    CERTIFICATE_IS_UNKNOWN, /* ask for it; also where there was no memory */
    CERTIFICATE_IS_CACHED,
    CERTIFICATE_IS_STALE,  /* it is used, and may be asked for anew */
    CERTIFICATE_IS_DOUBTED /* its signer may have mended it since
                              (certificate_cache_doubt()): calls wait
                              for a newer one, and use it otherwise */
};
/*
 * *FOUND is valid until something is put or dropped, or its own URL is looked up again, which takes
 * away what is over by then: so look each URL of a call up once, right before the call is judged.
 * *FOUND is judged by GROUND, again if need be.
 */
enum certificate_cached certificate_cache_get(struct certificate_cache *c, struct str url,
                                              const struct certificate_ground *ground,
                                              const struct sti_certificate **found);

/* What was fetched, and how long it may be used; times are since 1970. */
struct certificate_body {
    struct str url, text;
    int64_t fetched_s, stale_s, ends_s; /* from STALE_S on it is stale, from ENDS_S on nothing */
};
/*
 * Prepares what URL served and keeps it in place of an older one; *FOUND as above. What leads to no
 * anchor, is over, or is garbage, is kept too, but not in place of one that leads there and is in
 * force: that one stays to its end, and is what *FOUND is then. False:
 * no memory, and nothing is kept.
 */
bool certificate_cache_put(struct certificate_cache *c, const struct certificate_body *body,
                           const struct certificate_ground *ground,
                           const struct sti_certificate **found);
/* A call's signature verified by what get has just found: from now on it is one of the good ones as
   long as it leads to an anchor, and so is the same body when it is fetched anew. What get found of
   the call stays. */
void certificate_cache_prove(struct certificate_cache *c, const struct sti_certificate *found,
                             int64_t now_s);
/*
 * Of what get has just found: true of a good one when that is seen first, be it because what is
 * trusted has changed, and every few minutes that it is used. *FETCHED_S: when it was fetched.
 */
bool certificate_cache_news(const struct sti_certificate *found, int64_t now_s, int64_t *fetched_s);
/* Whether what get or put have just found leads to an anchor, whoever has proven it. */
bool certificate_cache_leads(const struct sti_certificate *found);
/* What get has found is at fault for a call: it is doubted from CERTIFICATE_CACHE_BAD_S after it
   was fetched on, or after it was asked for anew last. */
void certificate_cache_doubt(const struct sti_certificate *found);
void certificate_cache_asked(struct certificate_cache *c, struct str url, uint64_t domains,
                             int64_t now_s);
/* Drops what is kept of URL for these domains. */
void certificate_cache_drop(struct certificate_cache *c, struct str url, uint64_t domains);
/* The same for whatever domains. Looks at all that there are: at an operator's wish alone. */
void certificate_cache_drop_all(struct certificate_cache *c, struct str url);

/* When the body that is kept for URL was fetched; 0: there is none. Needed to ask for a newer one
   when a signature does not fit. */
int64_t certificate_cache_fetched_s(const struct certificate_cache *c, struct str url,
                                    uint64_t domains);

struct certificate_cache_counts {
    unsigned good, bad;
    unsigned held; /* good ones, each once, however many URLs and sets of domains it has */
    uint64_t hits, misses, judged, forgotten; /* since it was made; JUDGED counts preparations */
    uint64_t newly_revoked; /* of HELD that were judged again, and are revoked now */
};
struct certificate_cache_counts certificate_cache_counts(const struct certificate_cache *c);

#endif
