/*
 * part - how much of what is there for all one of them may have. Pure.
 */
#ifndef STIRD_PART_H
#define STIRD_PART_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether one who has MINE may have more, while FREE is left: no more than a fixed multiple of
 * that, which comes to PERCENT of all for one alone. So nobody alone takes what others need, who
 * comes first finds most of what is free, and each leaves some of it. 100: whatever is free.
 */
bool part_has_room(uint64_t mine, uint64_t free, unsigned percent);

#endif
