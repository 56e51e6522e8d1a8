/* The table of PASSporT types that are verified and not signed. A type that will be signed too
   moves to types.c. */
#include <stird/core/passport.h>

const struct passport_type *const passport_types_judged[] = {
    &passport_type_div,
    &passport_type_rcd,
    &passport_type_rph,
    NULL,
};
