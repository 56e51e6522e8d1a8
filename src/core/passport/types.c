/* The table of PASSporT types that are signed, and nothing else. A type is added here. */
#include <stird/core/passport.h>

const struct passport_type *const passport_types[] = {
    &passport_type_shaken,
    NULL,
};
