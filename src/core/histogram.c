#include <stird/core/histogram.h>

#include <stird/base/count.h>

/* Microseconds, for what is timed today: from a signature on a quiet machine to above what any
   call waits for. */
static const struct {
    uint64_t most;
    const char *name;
} buckets[HISTOGRAM_BORDERS + 1] = {
#define UP_TO(n)                                                                                   \
    {                                                                                              \
        (n), "up_to_" #n                                                                           \
    }
    UP_TO(20),      UP_TO(50),      UP_TO(100),      UP_TO(200),           UP_TO(500),
    UP_TO(1000),    UP_TO(2000),    UP_TO(5000),     UP_TO(10000),         UP_TO(20000),
    UP_TO(50000),   UP_TO(100000),  UP_TO(200000),   UP_TO(500000),        UP_TO(1000000),
    UP_TO(2000000), UP_TO(5000000), UP_TO(10000000), {UINT64_MAX, "more"},
#undef UP_TO
};

uint64_t histogram_border(unsigned i)
{
    return buckets[i].most;
}

struct str histogram_bucket_name(unsigned i)
{
    return str_of(buckets[i].name);
}

void histogram_add(struct histogram *h, uint64_t value)
{
    unsigned i = 0;
    while (value > buckets[i].most)
        i++;
    count_add(&h->bucket[i], 1);
    count_add(&h->sum, value);
}
