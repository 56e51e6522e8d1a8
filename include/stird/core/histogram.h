/*
 * histogram - how many of something were how large: counts by fixed borders (1, 2, 5, 10 ...) and
 * the sum. Plain numbers alone, so that one process writes and others read (count.h).
 */
#ifndef STIRD_HISTOGRAM_H
#define STIRD_HISTOGRAM_H

#include <stdint.h>
#include <stird/base/str.h>

#define HISTOGRAM_BORDERS 18

struct histogram {
    uint64_t sum;
    uint64_t bucket[HISTOGRAM_BORDERS + 1]; /* up to its border, and above the one before; the last
                                               one: above all */
};

/* Of bucket I, below HISTOGRAM_BORDERS: the largest value that it counts. */
uint64_t histogram_border(unsigned i);
struct str histogram_bucket_name(unsigned i); /* "up_to_20"; of the last one "more" */
void histogram_add(struct histogram *h, uint64_t value);

#endif
