/* Where in an image the search for a number begins, by its length and first digits. */
#include "numbers_table.h"

#include <string.h>

#define SEGMENTS_PER_BUCKET 4

static void find_planes(struct image_plane *plane, const struct image_segment *segment, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct image_plane *p = &plane[segment[i].start >> KEY_VALUE_BITS];
        if (p->end == 0) {
            p->begin = i;
            p->base = segment[i].start;
        }
        p->end = i + 1;
    }
}

static void size_plane(struct image_plane *p, const struct image_segment *segment)
{
    uint64_t range = segment[p->end - 1].start - p->base;
    uint64_t wanted = (p->end - p->begin) / SEGMENTS_PER_BUCKET + 1;
    while (range >> p->shift >= wanted)
        p->shift++;
    p->n_buckets = (uint32_t)(range >> p->shift) + 1;
}

static void fill_plane(const struct image_plane *p, uint32_t *directory,
                       const struct image_segment *segment)
{
    uint64_t bucket = 0;
    for (uint32_t i = p->begin; i < p->end; i++)
        for (uint64_t here = (segment[i].start - p->base) >> p->shift; bucket <= here; bucket++)
            directory[bucket] = i;
    directory[bucket] = p->end;
}

size_t directory_make(struct image_plane plane[TN_MAX_DIGITS + 1], uint32_t *directory,
                      const struct image_segment *segment, uint32_t n)
{
    size_t used = 0;
    memset(plane, 0, (TN_MAX_DIGITS + 1) * sizeof(*plane));
    find_planes(plane, segment, n);
    for (unsigned i = 0; i <= TN_MAX_DIGITS; i++) {
        struct image_plane *p = &plane[i];
        if (p->end == 0)
            continue;
        size_plane(p, segment);
        p->directory = (uint32_t)used;
        if (directory)
            fill_plane(p, directory + used, segment);
        used += (size_t)p->n_buckets + 1;
    }
    return used;
}
