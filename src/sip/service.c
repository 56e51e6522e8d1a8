#include "service.h"

#include <assert.h>

/* Those that are not here conf lets nobody write. */
static const struct service *const services[] = {
    [SERVICE_SIGN] = &service_sign,
};

const struct service *service_of(const struct trunk *trunk)
{
    assert(trunk->service < sizeof(services) / sizeof(services[0]));
    return services[trunk->service];
}
