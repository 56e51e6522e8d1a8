/* The table of PASSporT types that are verified and not signed. One that comes to be signed moves
   over to types.c. */
#include <stird/core/passport.h>

const struct passport_type *const passport_types_judged[] = {
    &passport_type_div,
    &passport_type_rcd,
    &passport_type_rph,
    NULL,
};
