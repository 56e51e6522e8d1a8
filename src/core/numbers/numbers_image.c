#include "numbers_image.h"

#include <stddef.h>
#include <string.h>

const uint32_t image_element_bytes[IMAGE_SECTIONS] = {
    [SECTION_SEGMENT] = sizeof(struct image_segment),
    [SECTION_SET_FIRST] = sizeof(uint32_t),
    [SECTION_PLANE] = sizeof(struct image_plane),
    [SECTION_DIRECTORY] = sizeof(uint32_t),
    [SECTION_ATTRIBUTE_FIRST] = sizeof(uint32_t),
    [SECTION_ATTRIBUTE] = sizeof(struct image_attribute),
    [SECTION_CUSTOMER] = sizeof(struct image_customer),
    [SECTION_MEMBER] = sizeof(uint32_t),
    [SECTION_RECORD] = sizeof(struct numbers_record),
    [SECTION_NAME] = sizeof(struct image_name),
    [SECTION_TEXT] = 1,
    [SECTION_SOURCE] = sizeof(uint32_t),
    [SECTION_MORE_FIRST] = sizeof(uint32_t),
    [SECTION_MORE] = sizeof(uint32_t),
    [SECTION_FILE_LINE] = sizeof(uint32_t),
};

void image_checksum(unsigned char checksum[16], XXH128_hash_t hash)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    memcpy(checksum, canonical.digest, sizeof(canonical.digest));
}

void image_hash(unsigned char checksum[16], const void *image, size_t bytes)
{
    const size_t from = offsetof(struct image_header, version);
    image_checksum(checksum, XXH3_128bits((const char *)image + from, bytes - from));
}

uint64_t image_align(uint64_t offset)
{
    return (offset + IMAGE_ALIGNMENT - 1) & ~(uint64_t)(IMAGE_ALIGNMENT - 1);
}

bool image_key(const struct tn *number, uint64_t *key)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < number->n; i++) {
        unsigned digit = (unsigned)(number->digits[i] - '0');
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *key = (uint64_t)number->n << KEY_VALUE_BITS | value;
    return number->n > 0;
}

void image_number(uint64_t key, struct tn *number)
{
    uint64_t value = key & ((UINT64_C(1) << KEY_VALUE_BITS) - 1);
    number->n = (uint8_t)(key >> KEY_VALUE_BITS);
    for (unsigned i = number->n; i > 0; i--) {
        number->digits[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}
