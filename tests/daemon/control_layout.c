/* Prints what a child needs to know to say something: "NAME NUMBER" a line, of each word its
   number, how many octets it has, and where its fields lie. */
#include <stddef.h>
#include <stdio.h>
#include <stird/io/control.h>

static const struct {
    const char *name;
    size_t number;
} layout[] = {
    {"type", offsetof(struct control_message, type)},
#define CONTROL(word, member, payload, ...)                                                        \
    {#word, CONTROL_##word},                                                                       \
        {"SIZE_" #word, offsetof(struct control_message, member) + sizeof(payload)},
#define CONTROL_BARE(word, ...)                                                                    \
    {#word, CONTROL_##word}, {"SIZE_" #word, offsetof(struct control_message, snapshot)},
#include <stird/io/control.def>
#define FIELD(word, member, name, called)                                                          \
    {                                                                                              \
#word "_" #called, offsetof(struct control_message, member.name)                           \
    }
    FIELD(HEARTBEAT, heartbeat, oldest, generation),
    FIELD(SNAPSHOT_IN_USE, snapshot_in_use, generation, generation),
    FIELD(SNAPSHOT_REFUSED, snapshot_refused, generation, generation),
    FIELD(OVERLAY_IN_USE, overlay_in_use, generation, generation),
    FIELD(SWITCHES_IN_USE, switches_in_use, generation, generation),
    FIELD(DROPPED, dropped, generation, generation),
    FIELD(TRUST_IN_USE, trust_in_use, generation, generation),
    FIELD(TRACE_IN_USE, trace_in_use, generation, generation),
    FIELD(SHADOW_IN_USE, shadow_in_use, generation, generation),
    FIELD(SHADOW_CHANGE, shadow_change, generation, generation),
    FIELD(TRUST_DOMAIN, trust_domain, domain, unit),
    FIELD(TRUST_SOURCE, trust_source, domain, unit),
    FIELD(TRUST_SOURCE, trust_source, source, state),
    FIELD(BROUGHT, brought, errand, unit),
    FIELD(OVER_CEILING, over_ceiling, requests, generation),
    FIELD(CERTIFICATE, certificate, generation, generation),
    FIELD(CERTIFICATE, certificate, unit, unit),
    FIELD(CERTIFICATE, certificate, state, state),
    FIELD(CERTIFICATE, certificate, saying, text),
};

int main(void)
{
    for (size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++)
        printf("%s %zu\n", layout[i].name, layout[i].number);
    return 0;
}
