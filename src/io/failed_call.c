#include <stird/io/failed_call.h>

#include <string.h>

/* What the called user or its number answers, where all is well. */
static const int of_the_called_side[] = {404, 410, 480, 484, 486, 487, 600, 603, 604, 607};

static bool is_of_the_called_side(int status)
{
    for (size_t i = 0; i < sizeof(of_the_called_side) / sizeof(of_the_called_side[0]); i++)
        if (of_the_called_side[i] == status)
            return true;
    return false;
}

bool failed_call_is(const struct ledger_entry *e)
{
    if (e->outcome->reason == REASON_MONITOR_CALL ||
        str_eq(cause_result(e->cause), STR("answered")))
        return false;
    switch (e->cause) {
    case CAUSE_CANCELLED:
    case CAUSE_NEXT_HOP_REDIRECTED:
        return false;
    case CAUSE_NEXT_HOP_REFUSED:
        return !is_of_the_called_side(e->sip_status);
    default:
        return true;
    }
}

static void keep(char *room, size_t size, struct str text)
{
    struct str cut = str_slice(text, 0, size - 1);
    size_t n = 0;
    for (size_t i = 0; i < cut.n; i++)
        if (cut.p[i] != '\0')
            room[n++] = cut.p[i];
    memset(room + n, 0, size - n);
}

void failed_call_fill(struct failed_call *f, const struct ledger_entry *e)
{
    *f = (struct failed_call){.ts_us = e->ts_us,
                              .count = e->count,
                              .reason = (uint16_t)e->outcome->reason,
                              .cause = (uint16_t)e->cause,
                              .sip_status = (uint16_t)e->sip_status};
    keep(f->call_id, sizeof(f->call_id), e->call->call_id);
    keep(f->trunk, sizeof(f->trunk), e->call->trunk ? e->call->trunk->name : STR(""));
}

bool failed_call_is_sound(const struct failed_call *f)
{
    return f->ts_us > 0 && f->cause < CAUSES &&
           (f->sip_status == 0 || (f->sip_status >= 300 && f->sip_status <= 699)) &&
           memchr(f->call_id, '\0', sizeof(f->call_id)) && memchr(f->trunk, '\0', sizeof(f->trunk));
}
