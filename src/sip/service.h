/*
 * service - what stird does with the calls of a trunk, as the steps behind those that all calls
 * have (facts, screen, trunk). A file and a row of service_word.def for each.
 */
#ifndef STIRD_SIP_SERVICE_H
#define STIRD_SIP_SERVICE_H

#include <stird/core/settings.h>

#include "steps.h"

struct service {
    struct way way;
    /* The step of WAY that decides: what comes as far as that has a record of its own. Also run for
       a call that nobody places (rehearsal.h): C->targets are supposed. It neither sends, answers
       (but for step_refuse()) nor waits. */
    enum step_result (*decide)(struct context *c);
};

#define SERVICE(NAME, word, ...) extern const struct service service_##word;
#include <stird/core/service_word.def>

/* That of TRUNK's calls, whichever way they go: nothing but the setting of their trunk decides it.
 */
const struct service *service_of(const struct trunk *trunk);

#endif
