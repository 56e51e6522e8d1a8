/*
 * numbers_table - an opened image: pointers into it. Private to core/numbers.
 */
#ifndef NUMBERS_TABLE_H
#define NUMBERS_TABLE_H

#include "numbers_image.h"

struct numbers {
    const struct image_header *header;
    const struct image_segment *segment;
    const uint32_t *set_first, *member;
    const struct image_plane *plane;
    const uint32_t *directory, *attribute_first;
    const struct image_attribute *attribute;
    const struct image_customer *customer;
    const struct numbers_record *record;
    const struct image_name *name;
    const char *text;
    const uint32_t *source, *more_first, *more, *file_line;
    struct numbers_summary summary;
};

/* Why the image is not a table, or NULL. Fills TABLE. With VALIDATED only the header is looked
   at. */
const char *table_fault(struct numbers *table, const void *image, size_t bytes, bool validated);

/*
 * The directory over SEGMENT: sizes the planes, and with DIRECTORY not NULL fills it, which has
 * room for what the sizing said. Returns how many entries it has.
 */
size_t directory_make(struct image_plane plane[TN_MAX_DIGITS + 1], uint32_t *directory,
                      const struct image_segment *segment, uint32_t n);

/* Names lie one kind behind the other. */
static inline uint64_t first_file(const struct image_header *h)
{
    return (uint64_t)h->n_customers + h->n_certificates;
}

static inline uint64_t first_column(const struct image_header *h)
{
    return first_file(h) + h->n_files;
}

static inline uint64_t first_value(const struct image_header *h)
{
    return first_column(h) + h->n_columns;
}

/* The segment that KEY is in. */
#define TABLE_NO_SEGMENT UINT32_MAX
uint32_t table_segment(const struct numbers *t, uint64_t key);
/*
 * Where the row is written that is member I of SEGMENT's set and was found by KEY, one of that
 * segment's keys.
 */
void table_source(const struct numbers *t, uint32_t segment, uint64_t i, uint64_t key,
                  struct str *file, uint32_t *line_in_file);

/* What record R says; texts borrowed from T. `replaced` is for who sees the rows beside it. */
struct numbers_row table_row(const struct numbers *t, const struct numbers_record *r);

static inline struct str table_name(const struct numbers *t, uint64_t i)
{
    return (struct str){t->text + t->name[i].offset, t->name[i].n};
}

#endif
