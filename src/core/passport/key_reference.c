/* How a token names its key. */
#include <stird/core/certificate.h>
#include <stird/core/passport.h>

static struct str x5u_of(const struct certificate *certificate)
{
    return certificate->x5u;
}

const struct key_reference key_reference_x5u = {.member = {"x5u", 3}, .of = x5u_of};
