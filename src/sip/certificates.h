/*
 * certificates - the certificates of others, by which calls are verified: those that a worker has
 * (prepared, certificate_cache.h), and those that it has asked the fetcher for.
 *
 * A body is prepared when it comes, at most two between two looks at the sockets: a further one has
 * to be asked for again, and the fetcher has it then. Where a newer body leads to no anchor and the
 * fetcher still has one that did, that one is judged too, and the better one is kept by both.
 */
#ifndef STIRD_SIP_CERTIFICATES_H
#define STIRD_SIP_CERTIFICATES_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>
#include <stird/core/certificate_cache.h>
#include <stird/core/fetch_request.h>

struct certificates;
struct event_base;
struct fetcher_client;
struct proxy;

/* FETCHER stays the caller's, and lives as long; NULL: there is none. BASE: NULL, no loop. NULL: no
   memory. */
struct certificates *certificates_new(struct proxy *p, struct event_base *base,
                                      struct fetcher_client *fetcher);
/* No waiter may be left. NULL is fine. */
void certificates_free(struct certificates *all);

/* What is there for URL, judged by what the proxy believes now; DOMAINS: of its trust image. As
   certificate_cache_get(). */
enum certificate_cached certificates_get(struct certificates *all, struct str url, uint64_t domains,
                                         const struct sti_certificate **found);
/* A call's signature verified by what certificates_get() has found for URL: it is kept before all
   that none has verified by, here and by the fetcher. */
void certificates_prove(struct certificates *all, struct str url,
                        const struct sti_certificate *found);
/* When the body that is there was fetched; 0: there is none. */
int64_t certificates_fetched_s(const struct certificates *all, struct str url, uint64_t domains);

/* Forgets what URL served: the next call that needs it asks for it. Not within a judgement. */
void certificates_drop(struct certificates *all, struct str url);

/* One who waits for a certificate. */
struct certificate_waiter {
    /* Called at most once, from the loop. FETCH_OK: it is there now, unless COME_AGAIN says that it
       could not be prepared yet, and has to be asked for again. */
    void (*told)(struct certificate_waiter *w, enum fetch_outcome outcome, bool come_again);
    struct asked_certificate *asked; /* NULL: it waits for nothing */
};

struct wanted_certificate {
    struct str url;
    enum fetch_kind kind; /* FETCH_ASK or FETCH_RENEW */
    bool is_doubted; /* the one that is there is at fault: CERTIFICATE_IS_DOUBTED; with FETCH_RENEW
                        alone */
    uint64_t domains;
    uint32_t trunk;
    uint32_t wait_ms;
};
/*
 * FETCH_PENDING: W is told; NULL: nobody waits, and what comes is kept for others. Else why nobody
 * is asked. What nobody waits for is asked for once a second at most, however many calls want it.
 */
enum fetch_outcome certificates_ask(struct certificates *all, const struct wanted_certificate *q,
                                    struct certificate_waiter *w);
/* It waits no longer; what comes is kept all the same. Not waiting is fine. */
void certificate_waiter_leave(struct certificate_waiter *w);
/* How many calls of a worker may wait at once (R-V-028); those who wait count. */
#define CERTIFICATE_WAITS_MAX 5000
unsigned *certificates_waiting(struct certificates *all);

#endif
