#include "service.h"

static const struct service *const services[SERVICES] = {
#define SERVICE(NAME, word, ...) [SERVICE_##NAME] = &service_##word,
#include <stird/core/service_word.def>
};

const struct service *service_of(const struct trunk *trunk)
{
    return services[trunk->service];
}
