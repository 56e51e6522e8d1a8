/* The Identity scanner: whatever a call brings is put into one kind, and all parts lie inside it.
 */
#include <stird/identity.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static bool inside(struct str part, const char *begin, size_t size)
{
    return part.n == 0 || (part.p >= begin && part.n <= size && part.p + part.n <= begin + size);
}

/* What was read is written in our form and must be read as the same. */
static void write_and_read(const struct identity *first, enum identity_kind kind)
{
    struct buf text = BUF_INIT;
    struct identity second;
    identity_add(&text, first->digest, first->info, first->alg, first->ppt);
    require(identity_parse(buf_str(&text), &second) == kind);
    require(str_eq(first->digest, second.digest) && str_eq(first->info, second.info));
    require(str_eq(first->alg, second.alg) && str_eq(first->ppt, second.ppt));
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct identity i;
    enum identity_kind kind = identity_parse((struct str){text, size}, &i);
    if (kind != IDENTITY_SHAKEN && kind != IDENTITY_OTHER)
        return 0;
    require(inside(i.digest, text, size) && inside(i.header, text, size));
    require(inside(i.payload, text, size) && inside(i.signature, text, size));
    require(inside(i.info, text, size) && inside(i.ppt, text, size));
    require(i.info.n > 0 && i.alg.n > 0 && i.signature.n > 0);
    require(i.compact == (i.header.n == 0) && i.compact == (i.payload.n == 0));
    require((kind == IDENTITY_SHAKEN) == str_eq(i.ppt, STR("shaken")));
    if (i.ppt.n > 0)
        write_and_read(&i, kind);
    return 0;
}
