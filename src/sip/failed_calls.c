#include "failed_calls.h"

static struct failed_call *at(struct failed_calls *all, unsigned i)
{
    return &all->list[(all->first + i) % FAILED_CALLS_UNTOLD];
}

void failed_calls_note(struct failed_calls *all, const struct ledger_entry *entry)
{
    if (!failed_call_is(entry))
        return;
    if (all->n == FAILED_CALLS_UNTOLD) {
        all->first++;
        all->n--;
    }
    failed_call_fill(at(all, all->n++), entry);
}

bool failed_calls_tell(struct failed_calls *all, struct failed_call *news)
{
    if (all->n == 0)
        return false;
    *news = *at(all, 0);
    all->first++;
    all->n--;
    return true;
}

void failed_calls_tell_again(struct failed_calls *all, const struct failed_call *news)
{
    if (all->n == FAILED_CALLS_UNTOLD)
        return;
    all->first += FAILED_CALLS_UNTOLD - 1;
    all->first %= FAILED_CALLS_UNTOLD;
    all->n++;
    *at(all, 0) = *news;
}
