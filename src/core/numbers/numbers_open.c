/* Opens an image, once it is checked, as a table that can be asked. */
#include "numbers_table.h"

#include <stdlib.h>

static struct numbers *open_table(const void *image, size_t bytes, bool validated, const char **why)
{
    struct numbers *t = calloc(1, sizeof(*t));
    *why = t ? table_fault(t, image, bytes, validated) : "no memory for the number table";
    if (*why) {
        numbers_close(t);
        return NULL;
    }
    return t;
}

struct numbers *numbers_open(const void *image, size_t bytes, const char **why)
{
    return open_table(image, bytes, false, why);
}

struct numbers *numbers_open_validated(const void *image, size_t bytes, const char **why)
{
    return open_table(image, bytes, true, why);
}

void numbers_close(struct numbers *t)
{
    free(t);
}

const struct numbers_summary *numbers_get_summary(const struct numbers *t)
{
    return &t->summary;
}

void numbers_get_sizes(const struct numbers *t, struct numbers_sizes *sizes)
{
    *sizes = (struct numbers_sizes){.all = t->header->bytes};
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++) {
        uint64_t bytes = t->header->section[i].count * image_element_bytes[i];
        if (i <= SECTION_DIRECTORY)
            sizes->hot += bytes;
        else if (i >= SECTION_SOURCE)
            sizes->cold += bytes;
    }
}
