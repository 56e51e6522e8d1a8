#include "der.h"

bool der_take(struct str *rest, unsigned tag, struct str *content)
{
    size_t at = 2, length;
    if (rest->n < 2 || der_octet(*rest, 0) != tag)
        return false;
    length = der_octet(*rest, 1);
    if (length >= 0x80) {
        size_t octets = length - 0x80;
        if (octets == 0 || octets > 3 || rest->n < 2 + octets || der_octet(*rest, 2) == 0)
            return false;
        for (length = 0; at < 2 + octets; at++)
            length = length << 8 | der_octet(*rest, at);
        if (length < 0x80)
            return false;
    }
    if (length > rest->n - at)
        return false;
    *content = str_slice(*rest, at, at + length);
    *rest = str_slice(*rest, at + length, rest->n);
    return true;
}

bool der_take_only(struct str inside, unsigned tag, struct str *content)
{
    return der_take(&inside, tag, content) && inside.n == 0;
}
