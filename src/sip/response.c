#include "response.h"

#include "original_from.h"
#include "proxy_parts.h"

bool response_is_hidden(const struct settings *settings, int status)
{
    return status == 503 && !settings->pass_503;
}

int response_take_via_off(struct message *m, bool edited)
{
    const int error = edited ? original_from_restore(m) : 0;
    message_remove_via(m);
    return error;
}

int response_write(struct proxy *p, const struct settings *settings, struct message *m,
                   const struct flow *of_trunk, unsigned transport)
{
    int error = 0;
    buf_reset(proxy_scratch(p));
    /* One next hop's Retry-After would make an SBC drop us for all calls (Decided 15). */
    if (m->status == 503)
        message_remove_headers(m, STR("Retry-After"), 0, NULL);
    if (of_trunk)
        error = message_fix_contact(m, settings, &of_trunk->remote,
                                    (enum transport)of_trunk->transport);
    if (error == 0)
        error = message_fit_transport(m, transport);
    if (error == 0)
        error = message_print(m, proxy_scratch(p));
    if (error != 0)
        buf_reset(proxy_scratch(p));
    return error;
}
