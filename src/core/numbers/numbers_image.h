/*
 * numbers_image - the layout of a compiled number table. Private to core/numbers.
 *
 *   header | SEGMENT PLANE DIRECTORY | SET_FIRST MEMBER RECORD ATTRIBUTE* CUSTOMER
 *            `- a lookup: hot -------------'   `- what may apply ----------------------'
 *          | NAME TEXT | SOURCE MORE* FILE_LINE
 *                        `- cold: where it is written
 *
 * Little-endian; each section begins at the next multiple of 64. A key is `length << 50 | value`:
 * the length comes first, because a range of 11-digit numbers must not catch 12-digit ones that
 * begin like it. A prefix is one interval for each length.
 */
#ifndef NUMBERS_IMAGE_H
#define NUMBERS_IMAGE_H

#include <stdint.h>
#include <stird/core/numbers.h>
#include <xxhash.h>

/* "STIRDNUM" as the little-endian machine reads it: a big-endian one refuses the file. */
#define IMAGE_MAGIC     UINT64_C(0x4d554e4452495453)
#define IMAGE_VERSION   3u
#define IMAGE_ALIGNMENT 64u

#define KEY_VALUE_BITS 50 /* 10^15 fits */
#define KEY_BITS       (KEY_VALUE_BITS + 4)

enum image_section {
    SECTION_SEGMENT,         /* struct image_segment, ascending */
    SECTION_PLANE,           /* struct image_plane, one for each length, 0 to TN_MAX_DIGITS */
    SECTION_DIRECTORY,       /* u32: of each plane's buckets the first segment, and the end */
    SECTION_SET_FIRST,       /* u32: first member of a set; one more than there are sets */
    SECTION_MEMBER,          /* u32: record << 1 | begins a level; the narrowest interval first */
    SECTION_RECORD,          /* struct numbers_record */
    SECTION_ATTRIBUTE_FIRST, /* u32: first attribute of a set of them; one more than there are */
    SECTION_ATTRIBUTE,       /* struct image_attribute, sorted by column */
    SECTION_CUSTOMER,        /* struct image_customer, one for each */
    SECTION_NAME,            /* struct image_name: customers in sorted order, certificates, files,
                                columns, values of attributes */
    SECTION_TEXT,            /* the names' bytes */
    SECTION_SOURCE,          /* u32: of each segment, where the first member of its set is written:
                                line over all files, | SOURCE_STEPS; 0: the set is empty */
    SECTION_MORE_FIRST,      /* u32: of each SOURCE_BLOCK segments, the first in MORE */
    SECTION_MORE,            /* u32: the same of the further members of sets */
    SECTION_FILE_LINE,       /* u32: the line over all files at which a file begins, and the end */
    IMAGE_SECTIONS
};

/* The source's line goes up by one with each key: a run of single numbers, line after line. */
#define SOURCE_STEPS   UINT32_C(0x80000000)
#define SOURCE_LINE(s) ((s) & ~SOURCE_STEPS)

#define SOURCE_BLOCK 8u

struct image_extent {
    uint64_t offset, count;
};

struct image_header {
    uint64_t magic;
    unsigned char checksum[16]; /* XXH3-128, canonical, of everything behind it */
    uint32_t version, n_customers, n_certificates, n_files, n_columns, n_values;
    uint64_t bytes, rows;
    struct image_extent section[IMAGE_SECTIONS];
};

/* Keys for which the same rows apply. Four segments are a cache line, and on the average a bucket.
 */
struct image_segment {
    uint64_t start; /* first key */
    uint32_t span;  /* how many; 0: up to the next segment */
    uint32_t set;   /* index into SET_FIRST */
};

struct image_name {
    uint32_t offset, n; /* in TEXT */
};

/*
 * The segments of all numbers of one length. The directory cuts their keys into equal buckets and
 * tells the first segment of each: one look leaves a handful for the binary search.
 */
struct image_plane {
    uint64_t base; /* first key of the first segment */
    uint32_t begin, end;
    uint32_t shift;     /* of a key's distance from base, to its bucket */
    uint32_t n_buckets; /* 0: no number has this length */
    uint32_t directory; /* index of its first; n_buckets + 1 of them */
    uint32_t unused;
};

struct image_attribute {
    uint32_t column, value; /* indices of names, from the first of their kind */
};

struct image_customer {
    uint32_t attributes;
    uint32_t line; /* over all files, where it is declared; 0: nowhere */
};

#define RECORD_NO_CERTIFICATE UINT32_MAX
#define NO_ATTRIBUTES         0u /* the empty set is the first one */

/* What a row says of a customer: all but its numbers and where it stands. */
struct numbers_record {
    uint32_t customer;             /* index of a name */
    uint32_t certificate;          /* index of a certificate's name, or RECORD_NO_CERTIFICATE */
    int32_t not_before, not_after; /* days, both inclusive; INT32_MIN, INT32_MAX: open */
    uint32_t state;                /* enum number_state, NUMBER_OWNED..NUMBER_BLOCKED */
    uint32_t prefix;               /* 1: written as a `*` prefix */
    uint32_t attributes;           /* index of a set of them */
};

extern const uint32_t image_element_bytes[IMAGE_SECTIONS];

/*
 * Checksum of an image whose header says its own length. It finds damage by a disk or an unfinished
 * write; it is no protection from those who may write the image.
 */
void image_hash(unsigned char checksum[16], const void *image, size_t bytes);
void image_checksum(unsigned char checksum[16], XXH128_hash_t hash);
uint64_t image_align(uint64_t offset);

/* False for text that is no number of the E.164 alphabet, such as a short code with `*`. */
bool image_key(const struct tn *number, uint64_t *key);
void image_number(uint64_t key, struct tn *number); /* the other way */

static inline bool record_is_in_force(const struct numbers_record *r, int32_t today)
{
    return r->not_before <= today && today <= r->not_after;
}

/* Two customers that own the same interval, both on some day. */
static inline bool records_own_together(const struct numbers_record *a,
                                        const struct numbers_record *b)
{
    return a->state == NUMBER_OWNED && b->state == NUMBER_OWNED && a->customer != b->customer &&
           a->not_before <= b->not_after && b->not_before <= a->not_after;
}

/* A row that takes its interval away from wider rows while it is in force. */
static inline bool record_replaces(const struct numbers_record *r)
{
    return r->state == NUMBER_OWNED || r->state == NUMBER_BLOCKED;
}

#endif
