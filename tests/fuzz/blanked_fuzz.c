/* blanked: of any octets a text of the same lines and length, in which nothing is left to blank. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <stird/core/blanked.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *once = malloc(size + 1), *twice = malloc(size + 1);
    if (!once || !twice)
        abort();
    memcpy(once, data, size);
    blanked(once, size);
    for (size_t i = 0; i < size; i++) {
        const char was = (char)data[i];
        assert(once[i] == was || once[i] == 'x');
        assert(once[i] == was || (was != '\r' && was != '\n' && was != ' ' && was != '\t'));
    }
    memcpy(twice, once, size);
    blanked(twice, size);
    assert(memcmp(once, twice, size) == 0);
    free(once);
    free(twice);
    return 0;
}
