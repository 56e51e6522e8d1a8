#include "service.h"

/* Those that are not here conf lets nobody write. */
static const struct service *const services[SERVICE_AUTO + 1] = {
    [SERVICE_SIGN] = &service_sign,
};

const struct service *service_of(const struct trunk *trunk)
{
    return services[trunk->service];
}
