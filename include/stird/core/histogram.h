/*
 * histogram - how many of something were how large: counts by fixed borders (1, 2, 5, 10 ...) and
 * the sum. Only plain numbers, so that one process can write while others read (count.h).
 */
#ifndef STIRD_HISTOGRAM_H
#define STIRD_HISTOGRAM_H

#include <stdint.h>
#include <stird/base/str.h>

#define HISTOGRAM_BORDERS 18

struct histogram {
    uint64_t sum;
    uint64_t bucket[HISTOGRAM_BORDERS + 1]; /* counts values up to its border and above the one
                                               before; the last: above all borders */
};

/* Of bucket I, below HISTOGRAM_BORDERS: the largest value that it counts. */
uint64_t histogram_border(unsigned i);
struct str histogram_bucket_name(unsigned i); /* "up_to_20"; "more" for the last one */
void histogram_add(struct histogram *h, uint64_t value);

#endif
