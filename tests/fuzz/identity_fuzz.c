/* The Identity reader: whatever a call brings is put into one kind, and all parts lie inside it. */
#include <stird/core/identity.h>

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

static void check(struct str value)
{
    struct identity i;
    enum identity_kind kind = identity_parse(value, &i);
    require((kind == IDENTITY_EMPTY) == identity_is_empty(value));
    require(inside(i.digest, value.p, value.n) && inside(i.header, value.p, value.n));
    require(inside(i.payload, value.p, value.n) && inside(i.signature, value.p, value.n));
    require(inside(i.info, value.p, value.n) && inside(i.ppt, value.p, value.n));
    if (i.token_is_shaken)
        require(kind == IDENTITY_SHAKEN && i.token_readable);
    if (kind == IDENTITY_SHAKEN)
        require(i.token_is_shaken || i.parameter_is_shaken || i.fault); /* what it means counts */
    if (kind == IDENTITY_EMPTY || i.fault)
        return;
    require(kind != IDENTITY_UNREADABLE);
    require(i.info.n > 0 && i.alg.n > 0 && i.signature.n > 0);
    require(i.compact == (i.header.n == 0) && i.compact == (i.payload.n == 0));
    if (i.ppt.n > 0)
        write_and_read(&i, kind);
}

/* As one value, and as the values of a line: those lie one behind the other inside it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *behind = text;
    struct str line = {text, size}, values[IDENTITY_VALUES_MAX];
    unsigned n = identity_values(line, values);
    check(line);
    require((n == 0) == identity_is_empty(line) && n <= IDENTITY_VALUES_MAX);
    for (unsigned i = 0; i < n; i++) {
        require(values[i].n > 0 && values[i].p >= behind && inside(values[i], text, size));
        behind = values[i].p + values[i].n;
        check(values[i]);
    }
    return 0;
}
