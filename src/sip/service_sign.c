/*
 * The service of a trunk whose calls leave by its upstreams with a level and a signature: where to,
 * what is decided of it, the token, and away (signing.h).
 */
#include "front.h"
#include "service.h"
#include "signing.h"

enum { TARGETS, DECIDE, SIGN, SEND, STEPS };

static const struct step steps[STEPS] = {
    [TARGETS] = {"targets", front_targets},
    [DECIDE] = {"decide", signing_decide},
    [SIGN] = {"sign", signing_make_tokens},
    [SEND] = {"send", front_leave},
};

const struct service service_sign = {.way = {steps, STEPS, DECIDE}, .decide = signing_decide};
