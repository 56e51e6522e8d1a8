/*
 * tls - what SIP over TLS needs: our certificate with its key, and the authorities by which peers
 * prove who they are.
 *
 * A worker makes it from the texts that came with its configuration, because it opens no file. The
 * key is for the transport alone and never signs calls. Sessions keep what they began with; a new
 * struct tls is for new handshakes only.
 */
#ifndef STIRD_TLS_H
#define STIRD_TLS_H

#include <stird/base/problems.h>

struct tls;

/* PEM; the names are for problems. */
struct tls_texts {
    struct str certificate_name, certificate; /* chain, leaf first */
    struct str key_name, key;                 /* unencrypted; the caller cleanses it */
    struct str ca_name, ca;                   /* trust anchors */
};

/*
 * Checks that the key belongs to the certificate, and that there is a trust anchor. NULL and
 * problems otherwise. Whether the certificate is in force is for peers to judge (tls_dates.h).
 */
struct tls *tls_new(const struct tls_texts *texts, struct problems *problems);
void tls_free(struct tls *tls);

#endif
