#include <stird/base/part.h>

bool part_has_room(uint64_t mine, uint64_t free, unsigned percent)
{
    return mine * (100 - percent) < free * percent;
}
