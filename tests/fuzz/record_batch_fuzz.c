/* A batch of records as a broken worker may send it: whatever is read lies within it. */
#include <stdint.h>
#include <stdlib.h>
#include <stird/io/record_batch.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str octets = {(const char *)data, size};
    struct record_batch batch;
    struct str packet;
    size_t sum = 0;
    if (!record_batch_read(&batch, octets))
        return 0;
    if (batch.n == 0 || batch.n > RECORD_BATCH_MOST)
        abort();
    while (record_batch_next(&batch, &packet)) {
        if (packet.p < octets.p || packet.p + packet.n > octets.p + octets.n)
            abort();
        sum += packet.n + sizeof(uint32_t);
    }
    if (sum > size - RECORD_BATCH_HEAD)
        abort();
    return 0;
}
