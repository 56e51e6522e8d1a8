/* The table of the parts. */
#include "loop.h"

const struct part *const supervisor_parts[] = {
#define PART(noun) &part_##noun,
#include "parts.def"
    NULL,
};
