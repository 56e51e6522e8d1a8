#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stird/base/buf.h>
#include <stird/core/hops.h>
#include <stird/trace/trace.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct buf before;
    unsigned n;
};

static void tell(void *user, struct str sentence)
{
    (void)user;
    for (size_t i = 0; i < sentence.n; i++)
        assert((unsigned char)sentence.p[i] >= ' ' && (unsigned char)sentence.p[i] < 0x7f);
}

/* Each message begins with a start line, and differs from the one before in printable words. */
static void visit(void *user, const struct trace_message *m)
{
    static const struct country us = {
        .code = STR("1"), .international_prefix = STR("011"), .national_length = 10};
    struct seen *s = user;
    struct str line = str_slice(m->text, 0, str_find(m->text, '\r', 0));
    struct arena *arena = arena_new(1024);
    s->n++;
    assert(start_line_is_sip(line));
    hops_compare(buf_str(&s->before), m->text, &us, arena, tell, NULL);
    buf_reset(&s->before);
    buf_add_str(&s->before, m->text);
    arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {.n = 0};
    uint64_t n = trace_read_text((struct str){(const char *)data, size}, visit, &seen);
    assert(n == seen.n);
    buf_fini(&seen.before);
    return 0;
}
