#include <stird/core/network_blocked.h>

#include <stird/core/outcome.h>
#include <stird/core/settings.h>

bool network_blocked_tells(const struct settings *s, const struct outcome *o)
{
    const bool by_us = o->reason == REASON_NUMBER_BLOCKED || o->reason == REASON_REFUSED_BY_RULE;
    return by_us && o->verdict == VERDICT_REJECT && o->sip_status == 603 &&
           o->refusal_text.n == 0 && s->blocked_url.n + s->blocked_tel.n + s->blocked_email.n > 0;
}

static const char *location_text(enum blocked_location location)
{
    static const char *const texts[BLOCKED_LOCATIONS] = {
        [LOCATION_USER] = "U",
        [LOCATION_LOCAL_PRIVATE] = "LPN",
        [LOCATION_LOCAL] = "LN",
        [LOCATION_TRANSIT] = "TN",
        [LOCATION_REMOTE_LOCAL] = "RLN",
        [LOCATION_REMOTE_PRIVATE] = "RPN",
        [LOCATION_INTERNATIONAL] = "INTL",
        [LOCATION_BEYOND] = "BI",
    };
    return texts[location];
}

void network_blocked_add(const struct settings *s, struct buf *lines)
{
    const struct {
        const char *name;
        struct str value;
    } ways[] = {{"url", s->blocked_url}, {"tel", s->blocked_tel}, {"email", s->blocked_email}};
    buf_add_text(lines, "Reason: SIP;cause=603;text=\"v=analytics1");
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].value.n > 0)
            buf_addf(lines, ";%s=%.*s", ways[i].name, STR_ARG(ways[i].value));
    buf_addf(lines, "\";location=%s\r\n", location_text(s->blocked_location));
}
