/* Monitors: calls of our own, from one of our numbers to another one. */
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/emergency.h>
#include <stird/core/monitor_call.h>
#include <stird/core/service_word.h>

/* "+12155550100" to "12155550100". */
static struct str number_of(struct reader *r, const struct draft *draft,
                            const struct draft_monitor *d, const char *key, struct str text)
{
    struct tn tn;
    struct str uri = arena_printf(r->arena, "tel:%.*s", STR_ARG(text));
    if (text.n == 0)
        return text;
    if (text.p[0] != '+' || !tn_from_digits(&tn, text) || tn.n < TN_MIN_DIGITS)
        complain(r, &d->object, place_of(&d->object, key),
                 "%s: %.*s is no number: write it as \"+12155550100\"", key,
                 STR_ARG(shown(r, text)));
    else if (emergency_uris(&draft->settings, uri, uri))
        complain(r, &d->object, place_of(&d->object, key),
                 "%s: %.*s is an emergency number: no monitor calls it", key,
                 STR_ARG(shown(r, text)));
    return str_slice(text, 1, text.n);
}

/* Index of a trunk of KEY for which the word of its service has what is wanted. */
static unsigned trunk_of(struct reader *r, const struct draft *draft, const struct draft_monitor *d,
                         const char *key, const struct text_item *item)
{
    const unsigned i = object_find(&draft->trunks, item->text);
    if (item->text.n > 0 && objects_lack(r, &draft->trunks, item->text))
        complain(r, &d->object, item->at, "%s: there is no trunk %.*s%.*s", key,
                 STR_ARG(shown(r, item->text)),
                 STR_ARG(hint_of_objects(r, &draft->trunks, item->text)));
    return i;
}

static const struct trunk *trunk_at(const struct draft *draft, unsigned i)
{
    return i < draft->settings.n_trunks ? &draft->settings.trunks[i] : NULL;
}

static void resolve_trunk(struct reader *r, const struct draft *draft, struct draft_monitor *d)
{
    const struct text_item item = {d->trunk, place_of(&d->object, "trunk")};
    d->monitor.trunk = trunk_of(r, draft, d, "trunk", &item);
    const struct trunk *t = trunk_at(draft, d->monitor.trunk);
    if (t && !service_words[t->service].sends)
        complain(r, &d->object, item.at, "trunk: the service of %.*s sends no calls",
                 STR_ARG(shown(r, d->trunk)));
    else if (t && t->front != FRONT_PROXY)
        complain(r, &d->object, item.at,
                 "trunk: calls of %.*s do not leave by stird, its SBC routes them itself (front = "
                 "\"redirect\"): have the SBC place the call, or name a trunk whose calls leave "
                 "here",
                 STR_ARG(shown(r, d->trunk)));
    else if (t && !service_words[t->service].signs)
        complain(r, &d->object, item.at,
                 "trunk: the service of %.*s signs nothing, it only verifies: name the trunk of "
                 "your own SBC, whose calls leave signed",
                 STR_ARG(shown(r, d->trunk)));
}

static void resolve_upstream(struct reader *r, const struct draft *draft, struct draft_monitor *d)
{
    const struct place at = place_of(&d->object, "upstream");
    const struct trunk *t = trunk_at(draft, d->monitor.trunk);
    const unsigned u = object_find(&draft->upstreams, d->upstream);
    bool has = false;
    d->monitor.upstream = d->upstream.n > 0 && u < draft->upstreams.n ? u : NO_UPSTREAM;
    if (d->upstream.n > 0 && objects_lack(r, &draft->upstreams, d->upstream)) {
        complain(r, &d->object, at, "upstream: there is no upstream %.*s%.*s",
                 STR_ARG(shown(r, d->upstream)),
                 STR_ARG(hint_of_objects(r, &draft->upstreams, d->upstream)));
        return;
    }
    if (!t || d->monitor.upstream == NO_UPSTREAM)
        return;
    for (unsigned i = 0; i < t->n_upstreams; i++)
        has = has || t->upstreams[i] == u;
    if (!has && t->n_upstreams > 0)
        complain(r, &d->object, at, "upstream: %.*s is none of the upstreams of trunk %.*s",
                 STR_ARG(shown(r, d->upstream)), STR_ARG(shown(r, d->trunk)));
}

static void resolve_arrives(struct reader *r, const struct draft *draft, struct draft_monitor *d)
{
    uint32_t *list = reader_array(r, d->arrives.n, sizeof(*list));
    for (unsigned i = 0; list && i < d->arrives.n; i++) {
        list[i] = trunk_of(r, draft, d, "arrives", &d->arrives.items[i]);
        const struct trunk *t = trunk_at(draft, list[i]);
        if (t && !service_words[t->service].verifies)
            complain(r, &d->object, d->arrives.items[i].at,
                     "arrives: the service of %.*s does not verify calls, so nobody would see it "
                     "come",
                     STR_ARG(shown(r, t->name)));
    }
    d->monitor.arrives = list;
    d->monitor.n_arrives = list ? d->arrives.n : 0;
}

static bool any_verifies(const struct draft *draft)
{
    for (unsigned i = 0; i < draft->settings.n_trunks; i++)
        if (service_words[draft->settings.trunks[i].service].verifies)
            return true;
    return draft->settings.n_trunks == 0;
}

/* Whatever comes to one of our numbers by such a trunk may come from outside. */
static void check_level(struct reader *r, const struct draft *draft, const struct draft_monitor *d)
{
    const struct trunk *t = trunk_at(draft, d->monitor.trunk);
    const bool wants = d->monitor.expect == MONITOR_EXPECTS_A ||
                       d->monitor.expect == MONITOR_EXPECTS_B;
    if (t && t->service == SERVICE_AUTO && wants)
        warn(r, &d->object, place_of(&d->object, "expect"),
             "expect: the service of %.*s is \"auto\", which signs no call to a number of our "
             "tables above C: write expect = \"C\", or take to out of the tables",
             STR_ARG(shown(r, d->trunk)));
}

/* A call to the number of another monitor would be taken for that one's. */
static void check_numbers(struct reader *r, const struct draft *draft,
                          const struct draft_monitor *d, const struct monitor_setting *list,
                          unsigned n)
{
    if (d->monitor.from.n > 0 && str_eq(d->monitor.from, d->monitor.to))
        complain(r, &d->object, place_of(&d->object, "to"), "to is from: it takes two numbers");
    for (unsigned i = 0; i < n; i++)
        if (d->monitor.to.n > 0 && str_eq(list[i].to, d->monitor.to))
            complain(r, &d->object, place_of(&d->object, "to"),
                     "to: monitor %.*s calls this number already: each needs one of its own",
                     STR_ARG(shown(r, list[i].name)));
    if (d->monitor.seconds_ms >= d->monitor.every_ms)
        complain(r, &d->object, place_of(&d->object, "seconds"),
                 "seconds: it must have ended before the next one: less than every");
    if (d->monitor.expect == MONITOR_EXPECTS_SIGNED || d->monitor.expect == MONITOR_EXPECTS_ARRIVAL)
        warn(r, &d->object, place_of(&d->object, "expect"),
             "expect: a call of anybody else to this number meets this too, so it is no alarm "
             "against whoever means harm: \"A\", \"B\" or \"C\" is met by our own token alone");
    if (!any_verifies(draft))
        warn(r, &d->object, d->object.at,
             "no trunk verifies calls, so nobody sees it come: give the trunk of the carrier "
             "service = \"verify\"");
}

void resolve_monitors(struct reader *r, struct draft *draft)
{
    const struct objects *all = &draft->monitors;
    struct monitor_setting *list = reader_array(r, all->n, sizeof(*list));
    check_names(r, all);
    if (all->n > MONITORS_MAX)
        complain(r, &draft->object, place_of(&draft->object, "monitors"),
                 "monitors: there are %u, and %d at most", all->n, MONITORS_MAX);
    for (unsigned i = 0; list && i < all->n; i++) {
        struct draft_monitor *d = container_of(all->items[i], struct draft_monitor, object);
        resolve_trunk(r, draft, d);
        resolve_upstream(r, draft, d);
        resolve_arrives(r, draft, d);
        d->monitor.from = number_of(r, draft, d, "from", d->from);
        d->monitor.to = number_of(r, draft, d, "to", d->to);
        check_numbers(r, draft, d, list, i);
        check_level(r, draft, d);
        list[i] = d->monitor;
        list[i].file = d->object.at.file;
        list[i].line = d->object.at.line;
    }
    draft->settings.monitors = list;
    draft->settings.n_monitors = list ? all->n : 0;
}
