#include "small_talk.h"

#define STEP_MS (1000 / SMALL_TALK_A_SECOND)

static void give_back(struct small_talk *t, int64_t now_ms)
{
    int64_t steps = (now_ms - t->since_ms) / STEP_MS;
    if (steps <= 0)
        return;
    t->said -= steps < t->said ? (uint32_t)steps : t->said;
    t->since_ms += steps * STEP_MS;
}

bool small_talk_admits(struct small_talk *t, int64_t now_ms)
{
    give_back(t, now_ms);
    if (t->said >= SMALL_TALK_AT_ONCE)
        t->over = true;
    else
        t->said++;
    return !t->over;
}

void small_talk_message(struct small_talk *t)
{
    t->said -= t->said > 0;
}
