#include <stird/core/shadow_change.h>

#include <stdio.h>
#include <stird/core/call.h>
#include <stird/core/settings.h>
#include <string.h>

/* Without NULs, and with nothing but 0 behind it: kinds are compared octet by octet. */
static size_t keep(char *room, size_t size, size_t at, struct str text)
{
    for (size_t i = 0; i < text.n && at + 1 < size; i++)
        if (text.p[i] != '\0')
            room[at++] = text.p[i];
    return at;
}

static void keep_upstreams(struct shadow_side *side, const struct settings *settings,
                           const uint32_t *upstreams, unsigned n)
{
    size_t at = 0;
    for (unsigned i = 0; i < n; i++) {
        if (i > 0)
            at = keep(side->upstreams, sizeof(side->upstreams), at, STR(","));
        at = keep(side->upstreams, sizeof(side->upstreams), at,
                  settings->upstreams[upstreams[i]].name);
    }
}

void shadow_side_fill(struct shadow_side *side, const struct settings *settings,
                      const struct call *call, const struct outcome *o)
{
    const uint32_t certificate = outcome_certificate(o);
    memset(side, 0, sizeof(*side));
    side->verdict = (uint8_t)o->verdict;
    side->reason = (uint16_t)o->reason;
    side->status = o->verdict == VERDICT_REJECT ? (uint16_t)o->sip_status : 0;
    const bool has_token = o->verdict == VERDICT_SIGN || outcome_was_withheld(o);
    if (has_token)
        side->level = o->claims.attest;
    if (has_token && certificate < settings->n_certificates)
        keep(side->certificate, sizeof(side->certificate), 0,
             settings->certificates[certificate].id);
    if (call && call->trunk) {
        keep(side->trunk, sizeof(side->trunk), 0, call->trunk->name);
        if (o->n_upstreams > 0)
            keep_upstreams(side, settings, o->upstreams, o->n_upstreams);
        else
            keep_upstreams(side, settings, call->trunk->upstreams, call->trunk->n_upstreams);
    }
}

bool shadow_side_same(const struct shadow_side *a, const struct shadow_side *b)
{
    struct shadow_side other = *b;
    other.reason = a->reason;
    return memcmp(a, &other, sizeof(other)) == 0;
}

bool shadow_change_same_kind(const struct shadow_change *a, const struct shadow_change *b)
{
    return memcmp(&a->from, &b->from, sizeof(a->from)) == 0 &&
           memcmp(&a->to, &b->to, sizeof(a->to)) == 0;
}

static bool side_is_sound(const struct shadow_side *s)
{
    return (s->level == 0 || (s->level >= 'A' && s->level <= 'C')) && s->verdict <= VERDICT_SIGN &&
           (s->verdict == VERDICT_PASS || (s->verdict == VERDICT_SIGN) == (s->level != 0)) &&
           s->status <= 699 && memchr(s->trunk, '\0', sizeof(s->trunk)) &&
           memchr(s->certificate, '\0', sizeof(s->certificate)) &&
           memchr(s->upstreams, '\0', sizeof(s->upstreams));
}

static bool number_is_sound(const struct tn *n)
{
    return n->n <= TN_MAX_DIGITS;
}

bool shadow_change_is_sound(const struct shadow_change *c)
{
    return c->ts_us > 0 && c->count > 0 && side_is_sound(&c->from) && side_is_sound(&c->to) &&
           number_is_sound(&c->orig) && number_is_sound(&c->dest) &&
           memchr(c->call_id, '\0', sizeof(c->call_id));
}

void shadow_side_word(const struct shadow_side *s, char word[16])
{
    if (s->verdict == VERDICT_SIGN)
        snprintf(word, 16, "%c", s->level);
    else if (s->verdict == VERDICT_PASS && s->level != 0)
        snprintf(word, 16, "unsigned (%c)", s->level);
    else if (s->verdict == VERDICT_PASS)
        snprintf(word, 16, "unsigned");
    else if (s->status == 0)
        snprintf(word, 16, "not heard");
    else
        snprintf(word, 16, "refused %u", s->status % 1000u);
}
