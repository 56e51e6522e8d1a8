/* A zone file of any octets: refused, or a zone that tells a day, a weekday and a minute always. */
#include <stdlib.h>
#include <stird/core/time_zone.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t times[] = {-4000000000, -1, 0, 1893456000, 4102444800};
    struct arena *arena = arena_new(1024);
    struct time_zone zone;
    const char *why = NULL;
    if (time_zone_read(&zone, STR("fuzz"), (struct str){(const char *)data, size}, 0, arena, &why))
        for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
            struct local_time t = time_zone_local(&zone, times[i]);
            if (t.weekday > 6 || t.minute >= 24 * 60)
                abort();
        }
    else if (!why)
        abort();
    arena_free(arena);
    return 0;
}
