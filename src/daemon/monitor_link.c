#include "monitor_link.h"

#include <stird/base/clock.h>

#define NEWS_A_BEAT 16

/* What cannot be said now is not waited for: the call is placed a little later. */
static void take_watch(struct monitoring *monitoring, const struct monitor_watch *watch, int fd)
{
    const struct control_message answer = {.type = CONTROL_WATCHED, .watched = {watch->ticket}};
    if (!monitor_watch_is_sound(watch))
        return;
    monitoring_watch(monitoring, watch, clock_monotonic_ms());
    control_send(fd, &answer, NULL, 0);
}

void monitor_link_take(struct monitoring *monitoring, struct proxy *proxy,
                       const struct control_message *m, int control_fd)
{
    if (m->type == CONTROL_WATCH)
        take_watch(monitoring, &m->watch, control_fd);
    else if (m->type == CONTROL_PLACE && proxy && monitor_order_is_sound(&m->place))
        monitoring_place(monitoring, proxy, &m->place);
}

void monitor_link_tell(struct monitoring *monitoring, int control_fd)
{
    const struct monitor_news *news;
    for (unsigned i = 0; i < NEWS_A_BEAT && (news = monitoring_news(monitoring)); i++) {
        struct control_message m = {.type = news->arrived ? CONTROL_ARRIVED : CONTROL_PLACED};
        if (news->arrived)
            m.arrived = news->arrival;
        else
            m.placed = news->placed;
        if (control_send(control_fd, &m, NULL, 0))
            return; /* the supervisor sleeps: the next time */
        monitoring_heard(monitoring);
    }
}
