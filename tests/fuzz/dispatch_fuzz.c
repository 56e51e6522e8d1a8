#include <assert.h>
#include <stdint.h>

#include <stird/net/dispatch.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever comes in, a worker that there is; and where one looks no further than the end of the
   message, nothing is missed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned counts[] = {1, 2, 3, 64};
    static const struct dispatch_key key = {0x7ffffffe, 1, 0x40000000};
    struct str message = {(const char *)data, size};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        unsigned worker = dispatch_worker(message, counts[i], DISPATCH_WHOLE, &key);
        assert(worker < counts[i]);
        assert(dispatch_worker(message, counts[i], size, &key) == worker);
        assert(dispatch_worker(message, counts[i], size / 2, &key) < counts[i]);
    }
    return 0;
}
