#include "via.h"

#include "original_from.h"

int via_add(struct message *m, const struct listeners *l, uint16_t listener,
            enum transport transport, const char *branch)
{
    struct buf text = BUF_INIT;
    buf_add_str(&text, STR("SIP/2.0/"));
    buf_add_str(&text, transport_via_name(transport));
    buf_add_char(&text, ' ');
    address_add(&text, listener_shown(&l->list[listener]));
    buf_add_str(&text, STR(";branch="));
    buf_add_text(&text, branch);
    original_from_put(m, &text);
    int error = buf_failed(&text) ? -1 : message_add_via(m, buf_str(&text));
    buf_fini(&text);
    return error;
}
