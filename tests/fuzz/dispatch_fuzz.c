#include <assert.h>
#include <stdint.h>

#include <stird/dispatch.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes in, a worker that there is; and where one looks no further than the end of the
   message, nothing is missed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned counts[] = {1, 2, 3, 64};
    struct str message = {(const char *)data, size};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        unsigned worker = dispatch_worker(message, counts[i], DISPATCH_WHOLE);
        assert(worker < counts[i]);
        assert(dispatch_worker(message, counts[i], size) == worker);
        assert(dispatch_worker(message, counts[i], size / 2) < counts[i]);
    }
    return 0;
}
