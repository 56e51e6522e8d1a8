/*
 * trust_file - the image of domains of trust (trust_image.h) in memory that the supervisor hands
 * out: sealed, read-only, shared by all who have it.
 */
#ifndef STIRD_TRUST_FILE_H
#define STIRD_TRUST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stird/core/trust_image.h>

struct mapped_trust {
    struct trust_image *image; /* NULL: there is none */
    void *bytes;
    size_t n;
};

/* The descriptor may be closed afterwards. False, with *WHY set to a static sentence: it cannot be
   used. */
bool trust_file_map(struct mapped_trust *mapped, int fd, uint64_t generation, const char **why);
void trust_file_unmap(struct mapped_trust *mapped); /* what is all zero is fine */

#endif
