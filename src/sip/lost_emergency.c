#include "lost_emergency.h"

#include <stird/base/log.h>

#include "proxy_parts.h"

void lost_emergency_note(struct proxy *p, const struct undecided *call)
{
    if (!proxy_net(p)) /* a rehearsal is no call */
        return;
    if (!proxy_says(p, LINE_LOST_EMERGENCY, &proxy_counters(p)->emergency_refused))
        return;
    struct buf source = BUF_INIT;
    address_add(&source, &call->source);
    log_error("an emergency call was refused", LOG_TEXT("call_id", call->call_id),
              LOG_TEXT("trunk", call->trunk.n > 0 ? call->trunk : STR("-")),
              LOG_TEXT("source", buf_str(&source)), LOG_TEXT("reason", reason_name(call->reason)),
              LOG_TEXT("detail", call->detail), LOG_NUMBER("status", call->sip_status),
              LOG_NUMBER("refused", (int64_t)proxy_counters(p)->emergency_refused));
    buf_fini(&source);
}
