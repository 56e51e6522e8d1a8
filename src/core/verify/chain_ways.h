/*
 * chain_ways - the ways up from a certificate on which each one was issued by the next: by names,
 * key identifiers and signature, whatever stands between them. OpenSSL takes the first issuer that
 * its name fits and does not come back from there. What is served is anybody's: no key of it checks
 * a signature before an anchor has signed for it, and none that would take long. Private to
 * core/verify.
 */
#ifndef STIRD_CORE_CHAIN_WAYS_H
#define STIRD_CORE_CHAIN_WAYS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

/* Limits of the search, since others choose its input: certificates between, beginnings of ways,
   signatures checked, and whole ways. */
#define CHAIN_BETWEEN_MAX    16
#define CHAIN_LOOKS_MAX      1024
#define CHAIN_SIGNATURES_MAX 64
#define CHAIN_WAYS_MAX       16

#define CHAIN_ANY_TIME INT64_MIN
/*
 * Hands TAKE each way from LEAF through certificates of MORE (may be NULL) that are in force at
 * NOW_S (CHAIN_ANY_TIME: whether or not they are) to one of ANCHORS, its last, until TAKE returns
 * true, which is returned then.
 */
bool chain_ways(X509 *leaf, STACK_OF(X509) * more, STACK_OF(X509) * anchors, int64_t now_s,
                bool (*take)(void *of, STACK_OF(X509) * way), void *of);

/*
 * The first certificate of CHAIN and its issuers among the others, as far up as they go; of two
 * candidates, the one that is in force at NOW_S. To be freed with its certificates; NULL: no
 * memory.
 */
STACK_OF(X509) * chain_up(STACK_OF(X509) * chain, int64_t now_s);

#endif
