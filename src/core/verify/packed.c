#include "packed.h"

#include <string.h>

void packed_add_number(struct buf *out, uint64_t number)
{
    buf_add(out, &number, sizeof(number));
}

void packed_add_text(struct buf *out, struct str text)
{
    packed_add_number(out, text.n);
    buf_add_str(out, text);
}

static struct str take(struct packed *in, uint64_t n)
{
    struct str taken = {NULL, 0};
    if (in->broken || n > in->rest.n) {
        in->broken = true;
        return taken;
    }
    if (n > 0) {
        taken = str_slice(in->rest, 0, n);
        in->rest = str_slice(in->rest, n, in->rest.n);
    }
    return taken;
}

uint64_t packed_number(struct packed *in)
{
    uint64_t number = 0;
    struct str bytes = take(in, sizeof(number));
    if (bytes.p)
        memcpy(&number, bytes.p, sizeof(number));
    return number;
}

struct str packed_text(struct packed *in)
{
    return take(in, packed_number(in));
}

unsigned packed_count(struct packed *in, unsigned most)
{
    uint64_t n = packed_number(in);
    in->broken = in->broken || n > most;
    return in->broken ? 0 : (unsigned)n;
}
