/*
 * sections - memory that all workers have together, with a section for each of them, which that
 * worker writes and all others read.
 */
#ifndef STIRD_SECTIONS_H
#define STIRD_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sections {
    char *all; /* read-only, but for OWN */
    char *own; /* NULL: none of them */
    size_t bytes;
};

#define SECTIONS_READ_ONLY UINT32_MAX

/* All zero; SECTION is whole pages. A descriptor, or -errno. */
int sections_memory(const char *name, size_t section, unsigned workers);
/*
 * Maps it; FD stays the caller's. WORKER writes its own section; SECTIONS_READ_ONLY: none. False
 * when FD is no such memory, or there is no memory.
 */
bool sections_map(struct sections *s, int fd, size_t section, unsigned workers, uint32_t worker);
void sections_unmap(struct sections *s); /* all zero is fine */

#endif
