/* der - elements of DER (X.690), one after the other. Private to core. */
#ifndef STIRD_CORE_DER_H
#define STIRD_CORE_DER_H

#include <stdbool.h>
#include <stird/base/str.h>

enum der_tag {
    DER_INTEGER = 0x02,
    DER_OCTET_STRING = 0x04,
    DER_UTF8_STRING = 0x0c,
    DER_IA5_STRING = 0x16,
    DER_SEQUENCE = 0x30,
    DER_EXPLICIT = 0xa0 /* [0]; [1] is one more */
};

static inline unsigned der_octet(struct str s, size_t i)
{
    return (unsigned char)s.p[i];
}

/* Takes one element with TAG off *REST; false when there is none or its length is no DER. */
bool der_take(struct str *rest, unsigned tag, struct str *content);
/* The same for an element that is all there is. */
bool der_take_only(struct str inside, unsigned tag, struct str *content);

#endif
