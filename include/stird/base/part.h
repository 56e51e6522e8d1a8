/*
 * part - how much one user may have of a thing that many share. Pure.
 */
#ifndef STIRD_PART_H
#define STIRD_PART_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether one who has MINE already may have more while FREE is left. The ceiling is a fixed
 * multiple of FREE, chosen so that one who is alone ends at PERCENT of all. So nobody alone takes
 * what others need, and everybody leaves some of what is free. PERCENT 100 allows all that is free.
 */
bool part_has_room(uint64_t mine, uint64_t free, unsigned percent);

#endif
