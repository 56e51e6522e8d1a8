#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/trace/trace.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(void *user, const struct trace_message *m)
{
    uint64_t *octets = user;
    size_t end = str_find(m->text, '\n', 0);
    assert(end < m->text.n || m->text.n > 0);
    *octets += m->text.n;
}

/* A capture file of any content ends, and what comes out of it are messages. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why;
    uint64_t octets = 0;
    struct trace_tally tally;
    struct buf words = BUF_INIT;
    trace_read_capture((struct str){(const char *)data, size}, visit, &octets, &tally, &why);
    trace_tally_tell(&tally, &words);
    assert(!buf_failed(&words));
    buf_fini(&words);
    return 0;
}
