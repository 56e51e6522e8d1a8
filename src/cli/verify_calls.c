#include "verify_calls.h"

#include "call_chains.h"
#include "json_text.h"
#include "verify_judge.h"
#include "verify_ranked.h"

#include <stdio.h>
#include <stird/core/hops.h>
#include <stird/core/identity.h>

static void add_sentence(void *user, struct str sentence)
{
    json_array_append_new(user, json_of(sentence));
}

static json_t *place_json(const struct sightings *all, const struct sighting *s)
{
    struct buf from = BUF_INIT, to = BUF_INIT;
    json_t *hop = json_pack("{s:I}", all->capture ? "packet" : "line", (json_int_t)s->place);
    if (s->has_addresses) {
        address_add(&from, &s->from);
        address_add(&to, &s->to);
        json_object_set_new(hop, "from", json_of(buf_str(&from)));
        json_object_set_new(hop, "to", json_of(buf_str(&to)));
        json_object_set_new(hop, "time", json_real((double)s->time_us / 1e6));
    }
    buf_fini(&from);
    buf_fini(&to);
    return hop;
}

/* Only the capture lacks what is missing, so nothing is judged by it. */
static void tell_cut(const struct sighting *s, bool capture, json_t *changes)
{
    char text[400], of[32] = "";
    if (s->damage) {
        snprintf(text, sizeof(text), "%s: no verdict", s->damage);
        json_array_append_new(changes, json_string(text));
        return;
    }
    if (s->glued) {
        json_array_append_new(
            changes,
            json_string("the text does not tell where header lines end: dots in it may be line "
                        "ends, or a long line was broken (take ngrep -W byline, or a capture: "
                        "ngrep -O FILE): no verdict"));
        return;
    }
    if (!capture) {
        json_array_append_new(
            changes,
            json_string("cut: the text ends inside a header line, before the empty line that "
                        "ends the headers: no verdict"));
        return;
    }
    if (s->octets > 0)
        snprintf(of, sizeof(of), " of %zu", s->octets);
    snprintf(text, sizeof(text),
             "cut by the capture: it holds only %zu%s octets of this message (tcpdump -s 0, and a "
             "filter that keeps IP fragments): no verdict",
             s->message.n, of);
    json_array_append_new(changes, json_of_text(text));
}

/* Where a text holds only a piece of a message, nobody knows what else was in it. */
static void tell_unsigned(struct verify_job *job, const struct sighting *s, json_t *hop,
                          json_t *changes)
{
    char text[128] = "no Identity: it is not signed here";
    const char *name = s->has_addresses ? NULL : verify_judge_lacking(s->message);
    if (name)
        snprintf(text, sizeof(text),
                 "incomplete: this text has no Identity, and no %s either: no verdict", name);
    if (!name)
        json_object_set_new(hop, "unsigned", json_true());
    json_array_append_new(changes, json_string(text));
    verify_job_worse(job, name ? EXIT_USAGE : EXIT_INVALID);
}

static unsigned count_filled(const struct str *values, unsigned n)
{
    unsigned filled = 0;
    for (unsigned i = 0; i < n; i++)
        filled += str_trim(values[i]).n > 0;
    return filled;
}

/* Of several, HOP is also told what they are worth together. */
static json_t *tokens_json(struct verify_job *job, const struct sighting *s,
                           const struct str *values, unsigned n, json_t *hop)
{
    json_t *tokens = json_array();
    if (s->message.n > 0 && count_filled(values, n) > 1) {
        json_object_set_new(hop, "call", verify_judge_together(job, s, values, n, tokens));
        return tokens;
    }
    for (unsigned i = 0; i < n; i++) {
        json_t *token = verify_judge_value(job, s, values[i]);
        if (token)
            json_array_append_new(tokens, token);
    }
    return tokens;
}

/* BEFORE is where it was seen before, or NULL. LAST says that this is what arrives in the end,
   which counts; earlier hops only explain it. */
static json_t *hop_json(struct verify_job *job, const struct sightings *all,
                        const struct sighting *s, const struct sighting *before, bool last)
{
    struct str values[IDENTITIES_MAX];
    struct arena *arena = arena_new(4096);
    json_t *hop = s->message.n > 0 ? place_json(all, s) : json_object();
    json_t *changes = json_array(), *tokens = NULL;
    unsigned n = s->message.n > 0 ? identities_of(s->message, values) : 1;
    int status = job->status;
    bool changed = before == NULL;
    if (s->message.n == 0)
        values[0] = s->value;
    if (before && arena && !s->cut)
        changed = hops_compare(before->message, s->message, &job->country, arena, add_sentence,
                               changes) > 0;
    if (s->cut) {
        tell_cut(s, all->capture, changes);
        verify_job_worse(job, EXIT_USAGE);
    } else if (n == 0 && last) {
        tell_unsigned(job, s, hop, changes);
    }
    if (!s->cut && (changed || last))
        tokens = tokens_json(job, s, values, n, hop);
    if (!last)
        job->status = status;
    json_object_set_new(hop, "identities", json_integer(n));
    json_object_set_new(hop, "changes", changes);
    json_object_set_new(hop, "tokens", tokens ? tokens : json_array());
    arena_free(arena);
    return hop;
}

static json_t *inside_json(const struct sightings *all, const struct chain *c)
{
    json_t *inside = json_array();
    for (size_t i = 0; i < c->n_inside; i++)
        json_array_append_new(inside, place_json(all, c->inside[i]));
    return inside;
}

/* The hops of one leg; BEFORE: the last one of the leg before it. */
static const struct sighting *leg_json(struct verify_job *job, const struct sightings *all,
                                       const struct chain *c, const struct sighting *before,
                                       json_t *hops)
{
    for (size_t i = 0; i < c->n_hops; i++) {
        bool last = !c->next && i + 1 == c->n_hops;
        json_t *hop = hop_json(job, all, c->hops[i], before, last);
        if (c->goes_on && i == 0)
            json_object_set_new(hop, "call_id", json_of(sighting_call_id(c->hops[i])));
        json_array_append_new(hops, hop);
        if (!c->hops[i]->cut)
            before = c->hops[i];
    }
    return before;
}

static json_t *call_json(struct verify_job *job, const struct sightings *all, const struct chain *c)
{
    const struct sighting *first = c->n_hops > 0 ? c->hops[0] : c->inside[0], *before = NULL;
    json_t *hops = json_array(), *inside = json_array();
    json_t *call = json_pack("{s:o,s:o}", "call_id", json_of(sighting_call_id(first)), "hops",
                             hops);
    for (; c; c = c->next) {
        before = leg_json(job, all, c, before, hops);
        json_t *more = inside_json(all, c);
        json_array_extend(inside, more);
        json_decref(more);
    }
    json_object_set_new(call, "in_dialog", inside);
    return call;
}

/* Without an INVITE that begins a call there is nothing to judge. */
static bool any_begins(const struct chains *chains)
{
    for (size_t i = 0; i < chains->n; i++)
        if (chains->list[i].n_hops > 0)
            return true;
    return false;
}

json_t *verify_calls(struct verify_job *job, const struct sightings *all)
{
    struct chains chains;
    json_t *calls = json_array();
    bool good = chains_of(&chains, all, &job->country);
    for (size_t i = 0; good && i < chains.n; i++)
        if (!chains.list[i].goes_on)
            json_array_append_new(calls, call_json(job, all, &chains.list[i]));
    if (!good || !any_begins(&chains)) {
        fputs(
            good
                ? "stirctl: all INVITEs are inside calls (they have a To tag), and none of these is "
                  "signed: capture the one that begins the call\n"
                : "stirctl: out of memory\n",
            stderr);
        verify_job_worse(job, EXIT_USAGE);
    }
    chains_fini(&chains);
    verify_rank(calls);
    return calls;
}
