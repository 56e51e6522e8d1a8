#include <stird/core/monitor_call.h>

#include <stird/core/cause.h>
#include <stird/core/outcome.h>
#include <stird/core/verification.h>
#include <string.h>

struct str monitor_fault_text(enum monitor_fault fault)
{
    static const char *const texts[MONITOR_FAULTS] = {
        [MONITOR_BEGAN] = "it began",
        [MONITOR_NO_TRUNK] = "the worker knows no such trunk",
        [MONITOR_NO_SOCKET] = "no listener reaches the trunk's SBC",
        [MONITOR_EMERGENCY] = "no call is placed to an emergency number",
        [MONITOR_DRAINS] = "the worker takes no new calls",
        [MONITOR_NO_MEMORY] = "out of memory",
    };
    return str_of(fault < MONITOR_FAULTS ? texts[fault] : "");
}

void monitor_put(char *room, size_t n, struct str text)
{
    memset(room, 0, n);
    if (text.n > 0)
        memcpy(room, text.p, text.n < n ? text.n : n - 1);
}

static bool is_number(const char *digits)
{
    struct tn tn;
    return tn_from_digits(&tn, str_of(digits));
}

static bool is_level(uint8_t c)
{
    return c == 0 || (c >= 'A' && c <= 'C');
}

static bool token_is_sound(const struct monitor_token *t)
{
    return t->valid <= 1 && t->ours <= 1 && is_level(t->attest);
}

bool monitor_arrival_is_ours(const struct monitor_arrival *a, bool valid)
{
    for (unsigned i = 0; i < a->n_tokens; i++)
        if (a->tokens[i].ours && (a->tokens[i].valid || !valid))
            return true;
    return false;
}

bool monitor_order_is_sound(const struct monitor_order *o)
{
    return o->ticket != 0 && o->ending < MONITOR_ENDINGS && o->trunk[0] && is_number(o->from) &&
           is_number(o->to);
}

bool monitor_watch_is_sound(const struct monitor_watch *w)
{
    return w->ticket != 0 && is_number(w->from) && is_number(w->to);
}

bool monitor_placed_is_sound(const struct monitor_placed *p)
{
    return p->fault < MONITOR_FAULTS && p->verdict <= VERDICT_SIGN && p->cause < CAUSES &&
           p->sip_status <= 699 && p->n_said <= MONITOR_SAID_MAX && p->stays_up <= 1 &&
           p->stopped <= 1 && token_is_sound(&p->token);
}

bool monitor_arrival_is_sound(const struct monitor_arrival *a)
{
    bool sound = a->class < VERIFICATION_CLASSES && a->check <= VERIFY_CHECKS &&
                 is_level(a->level) && a->n_tokens <= MONITOR_TOKENS_MAX &&
                 (!a->calling[0] || is_number(a->calling));
    for (unsigned i = 0; sound && i < a->n_tokens; i++)
        sound = token_is_sound(&a->tokens[i]);
    return sound;
}
