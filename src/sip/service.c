#include "service.h"

/* Those that are not here conf lets nobody write. */
static const struct service *const services[SERVICES] = {
#define SERVICE(NAME, word, ...) [SERVICE_##NAME] = &service_##word,
#include <stird/core/service_word.def>
};

const struct service *service_of(const struct trunk *trunk)
{
    return services[trunk->service];
}
