/*
 * certificate - the public half of a credential: chain, where it is published, whose it is.
 *
 * {key, chain, x5u} is one unit (a directory with key.pem, chain.pem, x5u). This half may be in
 * every process; the key is in the signer alone (credential.h). Immutable after reading.
 */
#ifndef STIRD_CERTIFICATE_H
#define STIRD_CERTIFICATE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>
#include <stird/core/reason.h>
#include <stird/core/sti_certificate.h>

struct certificate {
    struct str id;        /* the configuration's name; several units may share it */
    struct str unit;      /* the sub-directory's name; empty: the directory itself */
    struct str directory; /* where key.pem lies */
    struct str x5u;       /* the https URL, as it goes into tokens */
    struct str spc;       /* service provider codes of the TNAuthList, comma-joined; may be empty */
    struct str subject, serial; /* for people */
    struct str chain;           /* in DER, one certificate behind the other, the leaf first */
    bool foreign;               /* its service provider code may be another's */
    uint32_t provider;          /* whose trunks it signs for: index in the settings */
    bool provider_open; /* no provider's or several providers', by a mistake that was reported */
    struct sti_scope scope; /* for which numbers and with which claims it signs */
    int64_t not_before_s, not_after_s;
    EVP_PKEY *public_key; /* of the algorithm of some type */
};

/*
 * Reads a unit from the text of its chain.pem (leaf first) and x5u file; the names are for
 * problems. Checks: PEM or DER in the right order, all rules of sti_certificate.h, not expired at
 * NOW_S (0: whatever its dates), x5u as x5u.h has it. Not yet valid is no problem: such a unit does
 * not sign until it is. Texts come from ARENA, the key is the certificate's: certificate_fini().
 */
bool certificate_read(struct certificate *c, struct arena *arena, struct str id,
                      struct str directory, struct str chain_name, struct str chain_pem,
                      struct str x5u_name, struct str x5u_text, int64_t now_s,
                      struct problems *problems);
void certificate_fini(struct certificate *c);

/* REASON_OK, or why this certificate must not sign at NOW_S. */
enum reason certificate_usable(const struct certificate *c, int64_t now_s);

/* How much of a certificate's life is left: alarms go by it. */
enum certificate_life { LIFE_LONG, LIFE_A_THIRD, LIFE_A_TENTH, LIFE_OVER };
enum certificate_life certificate_life(const struct certificate *certificate, int64_t now_s);
/* The same for any certificate that is good between these. */
enum certificate_life certificate_life_between(int64_t not_before_s, int64_t not_after_s,
                                               int64_t now_s);

#endif
