/*
 * pem - blocks of PEM text (RFC 7468), as files have them: with other text around, a byte order
 * mark before, any line ends. Nothing is said by OpenSSL's error queue here. Private to core/keys.
 */
#ifndef STIRD_CORE_PEM_H
#define STIRD_CORE_PEM_H

#include <stdbool.h>
#include <stird/base/str.h>

struct pem_block {
    struct str label;  /* "CERTIFICATE" */
    struct str base64; /* with white space */
    bool headers;      /* RFC 1421: "Proc-Type: 4,ENCRYPTED" stands before it */
};

enum pem_find {
    PEM_NONE, /* no more */
    PEM_BLOCK,
    PEM_GLUED,  /* a BEGIN or END line that shares its line with something else */
    PEM_MARKED, /* with a byte order mark, in the middle of the text */
    PEM_CUT     /* a block without its end */
};

/* Whether TEXT has a block, or something that tries to be one. */
bool pem_is(struct str text);
/* Takes the next block off *REST, with all that stands before it. */
enum pem_find pem_next(struct str *rest, struct pem_block *block);
/*
 * What it holds, into OUT, which has room for base64.n octets; how many, or -1 when it is damaged.
 * No copy is left anywhere else.
 */
long pem_decode(struct str base64, unsigned char *out);

#endif
