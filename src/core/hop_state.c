#include <stird/core/hop_state.h>

#include <stird/core/settings.h>

bool hop_state_is_sound(const struct hop_state *h)
{
    return (h->address.family == ADDRESS_IPV4 || h->address.family == ADDRESS_IPV6) &&
           h->address.port > 0 && h->transport < TRANSPORTS && h->out <= 1 &&
           h->answers_options <= 1 && h->since_ms >= 0 && h->answered_ms >= 0 &&
           !(h->out && h->since_ms == 0);
}

bool hop_state_same(const struct hop_state *a, const struct hop_state *b)
{
    return a->transport == b->transport && address_equal(&a->address, &b->address);
}
