/* call_trace: memory that workers write and stirctl reads, of any octets. */
#include <assert.h>
#include <stdint.h>

#include <stird/core/settings.h>
#include <stird/io/call_trace.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(void *user, const struct call_message *m)
{
    const struct str *all = user;
    assert(m->bytes.n > 0 && m->bytes.p >= all->p && m->bytes.n <= all->n);
    assert(m->bytes.p + m->bytes.n <= all->p + all->n);
    assert(m->transport < TRANSPORTS && address_is_sound(&m->from) && address_is_sound(&m->to));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str all = {(const char *)data, size};
    call_trace_read(all, see, &all);
    return 0;
}
