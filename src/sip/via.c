#include "via.h"

int via_add(struct message *m, const struct listeners *l, uint16_t listener,
            enum transport transport, const char *branch)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "SIP/2.0/%.*s ", STR_ARG(transport_via_name(transport)));
    address_add(&text, listener_shown(&l->list[listener]));
    buf_addf(&text, ";branch=%s", branch);
    int error = buf_failed(&text) ? -1 : message_add_via(m, buf_str(&text));
    buf_fini(&text);
    return error;
}
