/* Everything that a lookup relies on is checked here, once, so that it checks nothing itself. */
#include "numbers_table.h"

#include <string.h>

static const char *const damaged = "the table's sections do not fit together: compile it again";

static const char *check_header(const struct image_header *h, size_t bytes)
{
    if ((uintptr_t)h % _Alignof(struct image_header) != 0)
        return "the table is not aligned in memory";
    if (bytes < sizeof(*h))
        return "the table is truncated: compile it again";
    if (h->magic != IMAGE_MAGIC)
        return "this is no compiled number table, or one of another byte order";
    if (h->version != IMAGE_VERSION)
        return "the table was compiled by another version of stird: compile it again";
    if (h->bytes > bytes)
        return "the table is truncated: compile it again";
    if (h->bytes < bytes)
        return "the table is longer than it says: compile it again";
    return NULL;
}

static const char *check_sum(const struct numbers *t)
{
    unsigned char checksum[sizeof(t->header->checksum)];
    image_hash(checksum, t->header, t->header->bytes);
    if (memcmp(checksum, t->header->checksum, sizeof(checksum)) != 0)
        return "the table's checksum is wrong: it was damaged or changed, compile it again";
    return NULL;
}

/* Sections follow each other without gaps but for the alignment. */
static const char *check_layout(const struct image_header *h)
{
    uint64_t offset = image_align(sizeof(*h));
    for (unsigned i = 0; i < IMAGE_SECTIONS; i++) {
        uint64_t room = h->bytes > offset ? h->bytes - offset : 0;
        if (h->section[i].offset != offset || h->section[i].count > room / image_element_bytes[i])
            return damaged;
        offset = image_align(offset + h->section[i].count * image_element_bytes[i]);
    }
    return offset == h->bytes ? NULL : damaged;
}

const char *numbers_head_fault(const void *head, size_t bytes)
{
    _Static_assert(sizeof(struct image_header) <= NUMBERS_HEAD_BYTES, "the head holds the header");
    const char *why = check_header(head, bytes);
    return why ? why : check_layout(head);
}

static uint64_t count_of(const struct numbers *t, enum image_section section)
{
    return t->header->section[section].count;
}

static const char *check_counts(const struct numbers *t)
{
    const struct image_header *h = t->header;
    uint64_t n = count_of(t, SECTION_SEGMENT);
    bool fits = n < UINT32_MAX / 2 && count_of(t, SECTION_SOURCE) == n &&
                count_of(t, SECTION_MORE_FIRST) == (n + SOURCE_BLOCK - 1) / SOURCE_BLOCK &&
                count_of(t, SECTION_SET_FIRST) >= 1 &&
                count_of(t, SECTION_PLANE) == TN_MAX_DIGITS + 1 &&
                count_of(t, SECTION_ATTRIBUTE_FIRST) >= 2 &&
                count_of(t, SECTION_CUSTOMER) == h->n_customers &&
                count_of(t, SECTION_NAME) == first_value(h) + h->n_values &&
                count_of(t, SECTION_FILE_LINE) == (uint64_t)h->n_files + 1;
    return fits ? NULL : damaged;
}

static const char *check_names(const struct numbers *t)
{
    for (uint64_t i = 0; i < count_of(t, SECTION_NAME); i++) {
        if ((uint64_t)t->name[i].offset + t->name[i].n > count_of(t, SECTION_TEXT))
            return damaged;
        if (i > 0 && i < t->header->n_customers &&
            str_compare(table_name(t, i - 1), table_name(t, i)) >= 0)
            return damaged;
    }
    return NULL;
}

static const char *check_attributes(const struct numbers *t)
{
    uint64_t n = count_of(t, SECTION_ATTRIBUTE_FIRST) - 1, all = count_of(t, SECTION_ATTRIBUTE);
    if (t->attribute_first[0] != 0 || t->attribute_first[1] != 0 || t->attribute_first[n] != all)
        return damaged;
    for (uint64_t i = 0; i < n; i++)
        if (t->attribute_first[i] > t->attribute_first[i + 1] || t->attribute_first[i + 1] > all)
            return damaged;
    for (uint64_t i = 0; i < all; i++)
        if (t->attribute[i].column >= t->header->n_columns ||
            t->attribute[i].value >= t->header->n_values)
            return damaged;
    for (uint64_t i = 0; i < t->header->n_customers; i++)
        if (t->customer[i].attributes >= n ||
            t->customer[i].line > t->file_line[t->header->n_files])
            return damaged;
    return NULL;
}

static const char *check_records(const struct numbers *t)
{
    for (uint64_t i = 0; i < count_of(t, SECTION_RECORD); i++) {
        const struct numbers_record *r = &t->record[i];
        bool certificate = r->certificate == RECORD_NO_CERTIFICATE ||
                           r->certificate < t->header->n_certificates;
        if (r->customer >= t->header->n_customers || !certificate || r->state > NUMBER_BLOCKED ||
            r->prefix > 1 || r->attributes >= count_of(t, SECTION_ATTRIBUTE_FIRST) - 1)
            return damaged;
    }
    return NULL;
}

static const char *check_sets(const struct numbers *t)
{
    uint64_t n = count_of(t, SECTION_SET_FIRST) - 1, members = count_of(t, SECTION_MEMBER);
    if (t->set_first[0] != 0 || t->set_first[n] != members)
        return damaged;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t first = t->set_first[i];
        if (first > t->set_first[i + 1] || t->set_first[i + 1] > members ||
            (first < t->set_first[i + 1] && !(t->member[first] & 1)))
            return damaged;
    }
    for (uint64_t i = 0; i < members; i++)
        if (t->member[i] >> 1 >= count_of(t, SECTION_RECORD))
            return damaged;
    return NULL;
}

static const char *check_files(const struct numbers *t)
{
    if (t->file_line[0] != 0)
        return damaged;
    for (uint32_t i = 0; i < t->header->n_files; i++)
        if (t->file_line[i] >= t->file_line[i + 1])
            return damaged;
    return NULL;
}

static bool source_is_good(const struct numbers *t, uint32_t source, uint32_t span)
{
    uint64_t line = SOURCE_LINE(source), end = t->file_line[t->header->n_files];
    bool steps = (source & SOURCE_STEPS) != 0;
    return line > 0 && line <= end && (!steps || (span > 0 && span - 1 <= end - line));
}

/* *MORE: the segment's first entry in the list of more; moved on to that of the next segment. */
static bool sources_are_good(const struct numbers *t, uint64_t i, uint64_t *more)
{
    const struct image_segment *s = &t->segment[i];
    uint64_t n = t->set_first[s->set + 1] - t->set_first[s->set];
    if (i % SOURCE_BLOCK == 0 && t->more_first[i / SOURCE_BLOCK] != *more)
        return false;
    if (n == 0)
        return t->source[i] == 0;
    if (!source_is_good(t, t->source[i], s->span) || *more + n - 1 > count_of(t, SECTION_MORE))
        return false;
    for (uint64_t end = *more + n - 1; *more < end; ++*more)
        if (!source_is_good(t, t->more[*more], s->span))
            return false;
    return true;
}

static const char *check_segments(const struct numbers *t)
{
    uint64_t n = count_of(t, SECTION_SEGMENT), n_sets = count_of(t, SECTION_SET_FIRST) - 1;
    uint64_t more = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t length = t->segment[i].start >> KEY_VALUE_BITS;
        bool last = i + 1 == n;
        if (length < 1 || length > TN_MAX_DIGITS || (last && t->segment[i].span == 0) ||
            (!last && t->segment[i].start >= t->segment[i + 1].start) ||
            (!last && t->segment[i].span > t->segment[i + 1].start - t->segment[i].start) ||
            t->segment[i].set >= n_sets || !sources_are_good(t, i, &more))
            return damaged;
    }
    return NULL;
}

/* Makes the directory anew and compares: only one is right. */
static const char *check_directory(const struct numbers *t)
{
    struct image_plane plane[TN_MAX_DIGITS + 1];
    uint32_t n = (uint32_t)count_of(t, SECTION_SEGMENT);
    if (directory_make(plane, NULL, t->segment, n) != count_of(t, SECTION_DIRECTORY) ||
        memcmp(plane, t->plane, sizeof(plane)) != 0)
        return damaged;
    for (unsigned i = 0; i <= TN_MAX_DIGITS; i++) {
        const struct image_plane *p = &plane[i];
        const uint32_t *directory = t->directory + p->directory;
        uint64_t bucket = 0;
        for (uint32_t s = p->begin; s < p->end; s++)
            for (uint64_t here = (t->segment[s].start - p->base) >> p->shift; bucket <= here;
                 bucket++)
                if (directory[bucket] != s)
                    return damaged;
        if (p->n_buckets > 0 && directory[bucket] != p->end)
            return damaged;
    }
    return NULL;
}

static const void *section(const struct image_header *h, enum image_section i)
{
    return (const char *)h + h->section[i].offset;
}

static void point_into(struct numbers *t, const struct image_header *h)
{
    t->header = h;
    t->segment = section(h, SECTION_SEGMENT);
    t->set_first = section(h, SECTION_SET_FIRST);
    t->member = section(h, SECTION_MEMBER);
    t->plane = section(h, SECTION_PLANE);
    t->directory = section(h, SECTION_DIRECTORY);
    t->attribute_first = section(h, SECTION_ATTRIBUTE_FIRST);
    t->attribute = section(h, SECTION_ATTRIBUTE);
    t->customer = section(h, SECTION_CUSTOMER);
    t->record = section(h, SECTION_RECORD);
    t->name = section(h, SECTION_NAME);
    t->text = section(h, SECTION_TEXT);
    t->source = section(h, SECTION_SOURCE);
    t->more_first = section(h, SECTION_MORE_FIRST);
    t->more = section(h, SECTION_MORE);
    t->file_line = section(h, SECTION_FILE_LINE);
    t->summary = (struct numbers_summary){
        .rows = h->rows,
        .segments = h->section[SECTION_SEGMENT].count,
        .customers = h->n_customers,
    };
}

const char *table_fault(struct numbers *t, const void *image, size_t bytes, bool validated)
{
    static const char *(*const checks[])(const struct numbers *) = {
        check_sum,     check_counts, check_names,    check_files,     check_attributes,
        check_records, check_sets,   check_segments, check_directory,
    };
    const char *why = numbers_head_fault(image, bytes);
    if (why)
        return why;
    point_into(t, image);
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]) && !why && !validated; i++)
        why = checks[i](t);
    return why;
}
