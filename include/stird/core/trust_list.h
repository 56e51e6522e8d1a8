/*
 * trust_list - the list of authorities that a policy administrator publishes: a JWS (RFC 7515) by
 * ES256, bare or as "caList" of an answer in JSON, whose signer's certificate is at a URL of the
 * list's own host (ATIS-1000084).
 *
 * It takes two steps, since something has to be fetched between them: trust_list_read() says where
 * the signer's certificate is, trust_list_accept() judges with it. Nothing of a refused list is
 * used: the last good one stays in force. Pure; not shared between threads.
 */
#ifndef STIRD_TRUST_LIST_H
#define STIRD_TRUST_LIST_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/base/str.h>
#include <stird/core/credential.h>
#include <stird/core/trust.h>

#define TRUST_LIST_BYTES_MAX       ((size_t)512 << 10)
#define TRUST_LIST_AUTHORITIES_MAX 1000

struct trust_list {
    struct str x5u; /* of the signer's certificate: a URL that may be followed */
    /* Set by trust_list_read(), and not to be believed yet. */
    struct str signed_octets, payload;
    unsigned char signature[ES256_SIGNATURE_BYTES];
    /* Set by trust_list_accept(). */
    int64_t sequence, expires_s;
    STACK_OF(X509) * authorities; /* without those that were left out, each once */
    unsigned left_out;            /* entries that are not used, which is worth an alarm */
    const char *left_out_why;     /* of the first of them; a static sentence, NULL: none was */
};

/* What a list is judged by. */
struct trust_list_question {
    struct str signer_chain;     /* what x5u served: PEM or DER */
    const struct trust *anchors; /* that the signer has to lead to */
    int64_t now_s;
    bool was_taken; /* it was judged good before: what of its signer's chain has ended since, or not
                       begun by a clock that was set back, changes nothing */
    int64_t late_s; /* how long beyond its exp it may be used; 0: a list that is new */
    /* The list in force; the first has none: 0 and NULL. */
    int64_t last_sequence;
    STACK_OF(X509) * last_authorities;
    unsigned max_shrink_percent; /* of its authorities that are still in force, how many may go */
};

/*
 * NULL, or a sentence, static or of ARENA, that goes behind the list's name: why TEXT, which URL
 * served, cannot be used. TEXT must outlive L when it is no JSON. trust_list_fini() in either case.
 */
const char *trust_list_read(struct trust_list *l, struct str text, struct str url,
                            struct arena *arena);
/* The same of the list that was read; NULL: its authorities are in L. Once. */
const char *trust_list_accept(struct trust_list *l, const struct trust_list_question *q);
void trust_list_fini(struct trust_list *l);

#endif
