#include <stird/core/share.h>

static bool is_too_much(const struct share *s, unsigned percent)
{
    return s->hits >= SHARE_LEAST && (uint64_t)s->hits * 100 > (uint64_t)s->calls * percent;
}

static void end_window(struct share *s, unsigned percent)
{
    if (!is_too_much(s, percent))
        s->quiet_windows = 0; /* when it begins again it is told at once */
    else if (s->quiet_windows > 0)
        s->quiet_windows--;
    s->calls /= 2;
    s->hits /= 2;
}

bool share_count(struct share *s, bool hit, unsigned percent)
{
    s->calls++;
    s->hits += hit;
    bool told = hit && percent > 0 && s->quiet_windows == 0 && is_too_much(s, percent);
    if (told)
        s->quiet_windows = SHARE_TELL_EVERY;
    if (s->calls >= SHARE_WINDOW)
        end_window(s, percent);
    return told;
}
