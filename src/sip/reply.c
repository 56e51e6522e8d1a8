#include "reply.h"

#include "placing.h"
#include "sip/message/answer.h"
#include "branch.h"
#include "proxy_parts.h"

struct flow reply_flow(const struct message *request, const struct flow *from)
{
    struct flow reply = *from;
    if (placing_is_own(from))
        return reply;
    const struct via_hop via = message_top_via(request);
    uint64_t port = 5060;
    if ((from->connection || !message_via_has_rport(request)) &&
        (!via.port.p || str_to_u64(via.port, 65535, &port)))
        reply.remote.port = (uint16_t)port;
    return reply;
}

void reply_stateless_as(struct proxy *p, const struct message *request, const struct flow *to,
                        int status, struct str phrase, struct str extra)
{
    struct answer_base base;
    char tag[TAG_LENGTH + 1];
    branch_tag_write(proxy_branches(p), request, tag);
    buf_reset(proxy_scratch(p));
    if (answer_base_make(&base, request))
        answer_write_as(&base, status, phrase, str_of(tag), extra, proxy_scratch(p));
    if (proxy_scratch(p)->n > 0 && !buf_failed(proxy_scratch(p)))
        proxy_send(p, to, buf_str(proxy_scratch(p)));
    answer_base_fini(&base);
}

void reply_stateless(struct proxy *p, const struct message *request, const struct flow *to,
                     int status, struct str extra)
{
    reply_stateless_as(p, request, to, status, STR(""), extra);
}
