/* A build, written as an image. */
#include "numbers_build.h"
#include "numbers_table.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Everything that the image's small sections need; the large ones are the build's lists. */
struct writer {
    struct build *build;
    struct buf set_first, attribute_first, customers, names, text;
    struct image_plane plane[TN_MAX_DIGITS + 1];
    uint32_t *directory;
    size_t n_directory;
    uint32_t *by_name; /* customers in sorted order */
    uint32_t *rank;    /* where a customer went */
    struct image_header header;
};

static void writer_fini(struct writer *w)
{
    buf_fini(&w->set_first);
    buf_fini(&w->attribute_first);
    buf_fini(&w->customers);
    free(w->directory);
    buf_fini(&w->names);
    buf_fini(&w->text);
    free(w->by_name);
    free(w->rank);
}

static int compare_names(const void *left, const void *right, void *customers)
{
    const uint32_t *a = left, *b = right;
    return str_compare(interner_get(customers, *a), interner_get(customers, *b));
}

/* Sorted, so that a customer is found without a table of its own. */
static bool sort_customers(struct writer *w)
{
    struct interner *customers = &w->build->customers;
    w->by_name = reallocarray(NULL, customers->n + 1, sizeof(*w->by_name));
    w->rank = reallocarray(NULL, customers->n + 1, sizeof(*w->rank));
    if (!w->by_name || !w->rank)
        return false;
    for (uint32_t i = 0; i < customers->n; i++)
        w->by_name[i] = i;
    qsort_r(w->by_name, customers->n, sizeof(*w->by_name), compare_names, customers);
    for (uint32_t i = 0; i < customers->n; i++)
        w->rank[w->by_name[i]] = i;
    struct numbers_record *records = (struct numbers_record *)(void *)w->build->records.bytes.p;
    for (uint32_t i = 0; i < w->build->records.n; i++)
        records[i].customer = w->rank[records[i].customer];
    return true;
}

static void add_name(struct writer *w, struct str name)
{
    struct image_name entry = {(uint32_t)w->text.n, (uint32_t)name.n};
    buf_add(&w->names, &entry, sizeof(entry));
    buf_add_str(&w->text, name);
}

static bool write_names(struct writer *w)
{
    const struct build *b = w->build;
    for (uint32_t i = 0; i < b->customers.n; i++)
        add_name(w, interner_get(&b->customers, w->by_name[i]));
    for (uint32_t i = 0; i < b->certificates.n; i++)
        add_name(w, interner_get(&b->certificates, i));
    for (size_t i = 0; i < b->n_sources; i++)
        add_name(w, b->sources[i].name);
    for (uint32_t i = 0; i < b->columns.n; i++)
        add_name(w, interner_get(&b->columns, i));
    for (uint32_t i = 0; i < b->values.n; i++)
        add_name(w, interner_get(&b->values, i));
    return !buf_failed(&w->names) && !buf_failed(&w->text) && w->text.n <= UINT32_MAX;
}

/* Where each of the interner's byte strings begins, in elements, and the end of all. */
static bool write_firsts(struct buf *firsts, const struct interner *in, size_t element_bytes)
{
    for (uint32_t i = 0; i <= in->n; i++) {
        size_t at = i < in->n ? interner_entry(in, i).offset : in->bytes.n;
        uint32_t first = (uint32_t)(at / element_bytes);
        buf_add(firsts, &first, sizeof(first));
    }
    return !buf_failed(firsts);
}

/* In the order of the sorted names. */
static bool write_customers(struct writer *w)
{
    const struct build *b = w->build;
    const struct build_customer *list = (const struct build_customer *)(const void *)b->declared.p;
    size_t bytes = b->customers.n * sizeof(struct image_customer);
    struct image_customer *all = (struct image_customer *)(void *)buf_room(&w->customers, bytes);
    if (bytes == 0)
        return true;
    if (!all)
        return false;
    memset(all, 0, bytes);
    for (size_t i = 0; i < b->declared.n / sizeof(*list); i++)
        all[w->rank[list[i].customer]] = (struct image_customer){list[i].attributes, list[i].line};
    buf_grew(&w->customers, bytes);
    return true;
}

static bool write_directory(struct writer *w)
{
    const struct buf *segments = &w->build->segments;
    const struct image_segment *segment = (const struct image_segment *)(const void *)segments->p;
    uint32_t n = (uint32_t)(segments->n / sizeof(*segment));
    w->n_directory = directory_make(w->plane, NULL, segment, n);
    w->directory = reallocarray(NULL, w->n_directory + 1, sizeof(*w->directory));
    if (!w->directory)
        return false;
    directory_make(w->plane, w->directory, segment, n);
    return true;
}

static void lay_out(struct writer *w, const struct str section[IMAGE_SECTIONS])
{
    struct image_header *h = &w->header;
    uint64_t offset = image_align(sizeof(*h));
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++) {
        h->section[i].offset = offset;
        h->section[i].count = section[i].n / image_element_bytes[i];
        offset = image_align(offset + section[i].n);
    }
    h->magic = IMAGE_MAGIC;
    h->version = IMAGE_VERSION;
    h->n_customers = w->build->customers.n;
    h->n_certificates = w->build->certificates.n;
    h->n_files = (uint32_t)w->build->n_sources;
    h->n_columns = w->build->columns.n;
    h->n_values = w->build->values.n;
    h->rows = w->build->n_table_rows;
    h->bytes = offset;
}

/* The header, as far as it does not say the checksum, is written already; what follows it. */
static bool write_sections(const struct writer *w, const struct str section[IMAGE_SECTIONS],
                           const struct numbers_output *out)
{
    static const char zeros[IMAGE_ALIGNMENT];
    uint64_t end = sizeof(w->header);
    for (unsigned i = 0; i <= IMAGE_SECTIONS; i++) {
        uint64_t next = i < IMAGE_SECTIONS ? w->header.section[i].offset : w->header.bytes;
        if (next > end && !out->write(out->user, zeros, next - end))
            return false;
        if (i == IMAGE_SECTIONS)
            break;
        if (section[i].n > 0 && !out->write(out->user, section[i].p, section[i].n))
            return false;
        end = next + section[i].n;
    }
    return true;
}

static bool write_hash(void *user, const void *bytes, size_t n)
{
    return XXH3_128bits_update(user, bytes, n) == XXH_OK;
}

/* The octets are hashed where they lie: an image of 100 million numbers is not copied for that. */
static bool sum_up(struct writer *w, const struct str section[IMAGE_SECTIONS])
{
    const size_t from = offsetof(struct image_header, version);
    XXH3_state_t *state = XXH3_createState();
    const struct numbers_output hash = {write_hash, state, false};
    bool good = state && XXH3_128bits_reset(state) == XXH_OK &&
                write_hash(state, (const char *)&w->header + from, sizeof(w->header) - from) &&
                write_sections(w, section, &hash);
    if (good)
        image_checksum(w->header.checksum, XXH3_128bits_digest(state));
    XXH3_freeState(state);
    return good;
}

bool build_write(struct build *b, const struct numbers_output *out)
{
    bool written = false;
    struct writer w = {.build = b};
    buf_fini(&b->rows);
    if (!sort_customers(&w) || !write_names(&w) || !write_customers(&w) || !write_directory(&w) ||
        !write_firsts(&w.set_first, &b->sets, sizeof(uint32_t)) ||
        !write_firsts(&w.attribute_first, &b->attribute_sets, sizeof(struct image_attribute)))
        goto out;
    const struct str section[IMAGE_SECTIONS] = {
        [SECTION_SEGMENT] = buf_str(&b->segments),
        [SECTION_PLANE] = {(const char *)w.plane, sizeof(w.plane)},
        [SECTION_DIRECTORY] = {(const char *)w.directory, w.n_directory * sizeof(*w.directory)},
        [SECTION_ATTRIBUTE_FIRST] = buf_str(&w.attribute_first),
        [SECTION_ATTRIBUTE] = buf_str(&b->attribute_sets.bytes),
        [SECTION_CUSTOMER] = buf_str(&w.customers),
        [SECTION_SET_FIRST] = buf_str(&w.set_first),
        [SECTION_MEMBER] = buf_str(&b->sets.bytes),
        [SECTION_RECORD] = buf_str(&b->records.bytes),
        [SECTION_NAME] = buf_str(&w.names),
        [SECTION_TEXT] = buf_str(&w.text),
        [SECTION_SOURCE] = buf_str(&b->source),
        [SECTION_MORE_FIRST] = buf_str(&b->more_first),
        [SECTION_MORE] = buf_str(&b->more),
        [SECTION_FILE_LINE] = buf_str(&b->file_lines),
    };
    lay_out(&w, section);
    written = sum_up(&w, section) && out->write(out->user, &w.header, sizeof(w.header)) &&
              write_sections(&w, section, out);
out:
    writer_fini(&w);
    return written;
}
