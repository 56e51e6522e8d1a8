#include "lost_emergency.h"

#include <stird/base/log.h>

#include "context.h"

#define SAID_EVERY_MS 60000

void lost_emergency_note(struct proxy *p, const struct undecided *call)
{
    int64_t now_ms = proxy_now_ms();
    if (!p->net) /* a rehearsal is no call */
        return;
    bool first = p->counters.emergency_refused++ == 0;
    if (!first && now_ms - p->lost_emergency_said_ms < SAID_EVERY_MS)
        return;
    struct buf source = BUF_INIT;
    address_add(&source, &call->source);
    p->lost_emergency_said_ms = now_ms;
    log_error("an emergency call was refused", LOG_TEXT("call_id", call->call_id),
              LOG_TEXT("trunk", call->trunk.n > 0 ? call->trunk : STR("-")),
              LOG_TEXT("source", buf_str(&source)), LOG_TEXT("reason", reason_name(call->reason)),
              LOG_TEXT("detail", call->detail), LOG_NUMBER("status", call->sip_status),
              LOG_NUMBER("refused", (int64_t)p->counters.emergency_refused));
    buf_fini(&source);
}
