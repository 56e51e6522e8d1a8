/*
 * rates_page - the memory of rates (rates.h): a section for each worker, which that worker writes
 * and all others read. Only what was counted in takes memory.
 */
#ifndef STIRD_RATES_PAGE_H
#define STIRD_RATES_PAGE_H

#include <stdbool.h>
#include <stird/core/rates.h>

/* All zero. A descriptor, or -errno. */
int rates_page_memory(const struct rates_shape *shape);
/*
 * Maps it; FD stays the caller's. WORKER counts in its own section; RATES_READ_ONLY: in none.
 * False when FD is no such memory, or there is no memory.
 */
#define RATES_READ_ONLY UINT32_MAX
bool rates_page_map(struct rates *r, int fd, const struct rates_shape *shape, uint32_t worker);
void rates_page_unmap(struct rates *r); /* all zero is fine */

#endif
