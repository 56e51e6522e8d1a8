#include "service.h"

static const struct service *const services[] = {
    &service_sign,
};

const struct service *service_find(struct str name)
{
    for (unsigned i = 0; i < sizeof(services) / sizeof(services[0]); i++)
        if (str_eq(name, str_of(services[i]->name)))
            return services[i];
    return NULL;
}

/* A trunk has no setting for it yet. */
const struct service *service_of(const struct trunk *trunk)
{
    (void)trunk;
    return &service_sign;
}
