/* What is kept of switches, of any octets: read or refused, and written again the same. */
#include <stdlib.h>
#include <stird/core/switches.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct switches s, again;
    struct buf text = BUF_INIT;
    unsigned line;
    if (switches_read(&s, (struct str){(const char *)data, size}, &line)) {
        if (s.n != 0)
            abort();
        return 0;
    }
    switches_write(&s, &text);
    if (!switches_are_sound(&s) || switches_read(&again, buf_str(&text), &line) ||
        memcmp(&s, &again, sizeof(s)) != 0)
        abort();
    buf_fini(&text);
    return 0;
}
