#include "asker.h"

#include <stird/base/log.h>
#include <string.h>

/* Nobody waits for an asker who does not read the answer. */
void asker_answer(struct asker *a, uint32_t status, struct str text)
{
    int r = a->answer(a, status, text, NULL, 0);
    if (r)
        log_warning("an answer on the control socket was not taken",
                    LOG_CSTR("error", strerror(-r)));
    a->waits = false;
    a->asked = NULL;
}

void asker_answer_json(struct asker *a, uint32_t status, const struct buf *text)
{
    if (buf_failed(text))
        asker_answer(a, ASKER_REFUSED, STR("out of memory"));
    else
        asker_answer(a, status, buf_str(text));
}

void asker_wait(struct asker *a, const struct part *part, uint64_t ticket, int64_t deadline_ms)
{
    a->asked = part;
    a->ticket = ticket;
    a->deadline_ms = deadline_ms;
}

void asker_each(struct supervisor *s, const struct part *part,
                void (*visit)(struct supervisor *s, struct asker *a, void *user), void *user)
{
    for (struct asker *a = s->askers; a; a = a->next)
        if (a->asked == part)
            visit(s, a, user);
}

void asker_seat(struct supervisor *s, struct asker *a)
{
    a->next = s->askers;
    s->askers = a;
}
