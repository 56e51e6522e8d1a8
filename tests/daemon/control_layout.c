/* Prints what a child needs to know to say something: "NAME NUMBER" a line. */
#include <stddef.h>
#include <stdio.h>
#include <stird/io/control.h>

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct control_message, name)                                              \
    }
#define TYPE(name)                                                                                 \
    {                                                                                              \
#name, CONTROL_##name                                                                      \
    }

static const struct {
    const char *name;
    size_t number;
} layout[] = {
    {"size", sizeof(struct control_message)},
    FIELD(type),
    FIELD(worker),
    FIELD(generation),
    FIELD(text),
    TYPE(SNAPSHOT),
    TYPE(CHANNEL),
    TYPE(PING),
    TYPE(READY),
    TYPE(PONG),
    TYPE(HEARTBEAT),
    TYPE(NAME),
    TYPE(REFUSED),
    TYPE(HOP),
    TYPE(FAILED),
    TYPE(SNAPSHOT_IN_USE),
    TYPE(OVERLAY_IN_USE),
    TYPE(DRAINED),
    TYPE(CERTIFICATE),
    TYPE(ROTATE),
    TYPE(OVER_CEILING),
    TYPE(ALARM),
};

int main(void)
{
    for (size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++)
        printf("%s %zu\n", layout[i].name, layout[i].number);
    return 0;
}
