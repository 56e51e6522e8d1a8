#include <stird/core/switches.h>

#include <string.h>

#define LOOK_EVERY_MS 1000

static const struct {
    const char *word, *text;
} kinds[SWITCH_KINDS] = {
#define SWITCH(KIND, word, text) [SWITCH_##KIND] = {word, text},
#include <stird/core/switches.def>
};

struct str switches_word(enum switch_kind kind)
{
    return str_of(kind < SWITCH_KINDS ? kinds[kind].word : "");
}

struct str switches_text(enum switch_kind kind)
{
    return str_of(kind < SWITCH_KINDS ? kinds[kind].text : "");
}

bool switches_by_word(struct str word, enum switch_kind *kind)
{
    for (unsigned i = 0; i < SWITCH_KINDS; i++) {
        if (!str_eq(word, str_of(kinds[i].word)))
            continue;
        *kind = (enum switch_kind)i;
        return true;
    }
    return false;
}

const struct switched *switches_find(const struct switches *s, enum switch_kind kind,
                                     struct str name)
{
    for (unsigned i = 0; s && i < s->n; i++)
        if (s->list[i].kind == kind && str_eq(str_of(s->list[i].name), name))
            return &s->list[i];
    return NULL;
}

const struct switched *switches_for(const struct switches *s, enum switch_kind kind,
                                    struct str name)
{
    const struct switched *one = switches_find(s, kind, name);
    return one || name.n == 0 ? one : switches_find(s, kind, STR(""));
}

/* ---- changes ---- */

const char *switches_put_text(char room[SWITCH_TEXT_BYTES], struct str text)
{
    if (text.n >= SWITCH_TEXT_BYTES)
        return "is longer than 255 octets";
    if (!str_is_utf8(text))
        return "is not UTF-8";
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return "holds a control character (a tab or a line end is one)";
    memset(room, 0, SWITCH_TEXT_BYTES);
    if (text.n > 0)
        memcpy(room, text.p, text.n);
    return NULL;
}

static unsigned place_of(const struct switches *s, const struct switched *one)
{
    return (unsigned)(one - s->list);
}

static void take_off(struct switches *s, unsigned at)
{
    s->n--;
    memmove(&s->list[at], &s->list[at + 1], (s->n - at) * sizeof(s->list[0]));
    memset(&s->list[s->n], 0, sizeof(s->list[0]));
}

bool switches_set(struct switches *s, const struct switched *one)
{
    const struct switched *there = switches_find(s, (enum switch_kind)one->kind, str_of(one->name));
    unsigned at = 0;
    if (there) {
        s->list[place_of(s, there)] = *one;
        return true;
    }
    if (s->n == SWITCHES_MAX)
        return false;
    while (at < s->n && s->list[at].kind <= one->kind)
        at++;
    memmove(&s->list[at + 1], &s->list[at], (s->n - at) * sizeof(s->list[0]));
    s->list[at] = *one;
    s->n++;
    return true;
}

bool switches_end(struct switches *s, enum switch_kind kind, struct str name)
{
    const struct switched *one = switches_find(s, kind, name);
    if (one)
        take_off(s, place_of(s, one));
    return one != NULL;
}

/* ---- time ---- */

static bool is_over(const struct switched *one, int64_t now_s, int64_t now_ms)
{
    if (one->until_s == 0)
        return false;
    return one->by_clock ? now_s >= one->until_s : now_ms >= one->ends_ms;
}

const struct switched *switches_over_time(const struct switches *s, int64_t now_s, int64_t now_ms)
{
    for (unsigned i = 0; s && i < s->n; i++)
        if (is_over(&s->list[i], now_s, now_ms))
            return &s->list[i];
    return NULL;
}

bool switches_expire(struct switches *s, int64_t now_s, int64_t now_ms)
{
    const struct switched *one;
    bool any = false;
    while ((one = switches_over_time(s, now_s, now_ms))) {
        take_off(s, place_of(s, one));
        any = true;
    }
    return any;
}

int64_t switches_next_ms(const struct switches *s, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (unsigned i = 0; s && i < s->n; i++) {
        const struct switched *one = &s->list[i];
        int64_t due_ms = one->by_clock ? now_ms + LOOK_EVERY_MS : one->ends_ms;
        if (one->until_s != 0 && due_ms < next_ms)
            next_ms = due_ms;
    }
    return next_ms;
}

void switches_resume(struct switches *s, int64_t now_s, int64_t now_ms)
{
    for (unsigned i = 0; i < s->n; i++) {
        struct switched *one = &s->list[i];
        int64_t left_s = one->until_s - now_s, all_s = one->until_s - one->since_s;
        left_s = left_s < all_s ? left_s : all_s; /* the clock is behind */
        if (one->until_s != 0 && !one->by_clock)
            one->ends_ms = now_ms + (left_s > 0 ? left_s : 0) * 1000;
    }
}

static bool is_text(const char room[SWITCH_TEXT_BYTES])
{
    return memchr(room, '\0', SWITCH_TEXT_BYTES) != NULL;
}

bool switches_are_sound(const struct switches *s)
{
    if (s->n > SWITCHES_MAX)
        return false;
    for (unsigned i = 0; i < s->n; i++) {
        const struct switched *one = &s->list[i];
        if (one->kind >= SWITCH_KINDS || (i > 0 && one->kind < s->list[i - 1].kind) ||
            !is_text(one->name) || !is_text(one->value) || !is_text(one->note))
            return false;
    }
    return true;
}
