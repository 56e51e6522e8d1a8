#include "supervisor_trust_told.h"

#include <stird/base/log.h>
#include <string.h>

/* ---- taking ---- */

/* What was refused stays so until something else has come; one that is refused again is refused
   since the first time. */
static void take_source(struct trust_source_found *s, const struct trust_source_found *now,
                        int64_t now_s)
{
    const struct trust_source_found before = *s;
    *s = *now;
    s->since_s = before.is_refused ? before.since_s : now_s;
    if (now->is_new)
        return;
    s->is_refused = before.is_refused;
    memcpy(s->saying, before.saying, sizeof(s->saying));
}

static void take_broken(struct trust_found *d, const struct trust_found *now, int64_t now_s)
{
    d->since_s = d->is_broken ? d->since_s : now_s;
    d->is_broken = d->is_made = true;
    d->is_behind = false;
    memcpy(d->saying, now->saying, sizeof(d->saying));
    for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
        d->sources[i].is_taken = false;
}

void trust_found_take(struct trust_found *d, const struct trust_found *now, int64_t now_s)
{
    if (now->is_broken) {
        take_broken(d, now, now_s);
        return;
    }
    const struct trust_found before = *d;
    *d = *now;
    d->is_made = true;
    d->told = before.told;
    for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++) {
        d->sources[i] = before.sources[i];
        take_source(&d->sources[i], &now->sources[i], now_s);
    }
}

static struct str place_of(const struct trust_setting *t, unsigned source)
{
    return source == 0 ? t->list : t->crls[source - 1];
}

/* Whether a domain of AFTER is made of the same places as BEFORE's. */
static bool is_of(const struct trust_setting *before, const struct trust_setting *after)
{
    bool same = str_eq(before->name, after->name) && str_eq(before->list, after->list) &&
                str_eq(before->anchors, after->anchors) &&
                str_eq(before->list_anchor, after->list_anchor) &&
                str_eq(before->list_signer, after->list_signer) &&
                str_eq(before->crl_anchor, after->crl_anchor) &&
                str_eq(before->crl_signer, after->crl_signer) && before->n_crls == after->n_crls;
    for (unsigned i = 0; same && i < after->n_crls; i++)
        same = str_eq(before->crls[i], after->crls[i]);
    return same;
}

/* That a place is refused is said until what it has was judged again. */
static void carry_refusals(struct trust_found *now, const struct trust_found *was,
                           const struct trust_setting *before, const struct trust_setting *after)
{
    for (unsigned i = 0; i <= after->n_crls; i++)
        for (unsigned j = 0; j <= before->n_crls; j++) {
            const struct trust_source_found *from = &was->sources[j];
            struct trust_source_found *to = &now->sources[i];
            if ((i == 0) != (j == 0) || !from->is_refused ||
                !str_eq(place_of(after, i), place_of(before, j)))
                continue;
            to->is_refused = true;
            to->since_s = from->since_s;
            memcpy(to->saying, from->saying, sizeof(to->saying));
        }
}

void trust_found_carry(struct trust_found *now, const struct trust_found *was,
                       const struct trust_setting *before, const struct trust_setting *after)
{
    if (!str_eq(before->name, after->name))
        return;
    if (!is_of(before, after)) {
        carry_refusals(now, was, before, after);
        return;
    }
    *now = *was;
    now->is_behind |= !str_eq(before->mark, after->mark);
}

/* ---- what holds now ---- */

const char *trust_found_state(const struct trust_setting *t, const struct trust_found *d,
                              int64_t now_s)
{
    if (d->authorities == 0 || d->until_s < now_s)
        return "unavailable";
    if (t->list.n == 0 || now_s < d->expires_s)
        return "in force";
    return now_s - d->expires_s < t->stale_ms / 1000 ? "stale" : "unavailable";
}

bool trust_found_is_refused(const struct trust_found *d, const struct trust_fetch *fetches)
{
    bool refused = d->is_broken;
    for (unsigned i = 0; i < TRUST_SOURCES_MAX && !refused; i++)
        refused = d->sources[i].is_refused || d->sources[i].kept_error || fetches[i].saying[0];
    return refused;
}

static bool is_crl_over(const struct trust_source_found *crl, int64_t now_s)
{
    return crl->is_used && crl->until_s + TRUST_CRL_GRACE_S < now_s;
}

unsigned trust_found_lacks_crls(const struct trust_setting *t, const struct trust_found *d,
                                int64_t now_s)
{
    unsigned n = 0;
    for (unsigned i = 1; i <= t->n_crls; i++)
        n += !d->sources[i].is_used || is_crl_over(&d->sources[i], now_s);
    return n;
}

/* What a call gets whose certificate has to lead there. */
static const char *calls_get(const struct trust_setting *t, const char *state, unsigned lacking)
{
    if (strcmp(state, "in force") != 0 && strcmp(state, "stale") != 0)
        return "open";
    if (!t->crl_opens || lacking == 0)
        return "judged";
    return lacking < t->n_crls ? "some open" : "open";
}

/* ---- the log ---- */

/* Until when a list that has ended is used. */
static int64_t used_until_s(const struct trust_setting *t, const struct trust_found *d)
{
    return d->expires_s + t->stale_ms / 1000;
}

void trust_found_watch(const struct trust_setting *t, struct trust_found *d, int64_t now_s)
{
    const char *state = trust_found_state(t, d, now_s);
    if (!d->is_made || !d->told || strcmp(d->told, state) == 0)
        return;
    d->told = state;
    if (strcmp(state, "stale") == 0)
        log_error("the list of authorities of a domain of trust has ended: it is used for a while",
                  LOG_TEXT("trust", t->name), LOG_NUMBER("for_s", used_until_s(t, d) - now_s));
    else if (strcmp(state, "unavailable") == 0)
        log_error("a domain of trust is not in force any more: its calls are open",
                  LOG_TEXT("trust", t->name));
    else
        log_info("a domain of trust is in force again", LOG_TEXT("trust", t->name));
}

void trust_found_log(const struct trust_setting *t, struct trust_found *d, uint64_t generation,
                     int64_t now_s)
{
    d->told = trust_found_state(t, d, now_s);
    log_info("what a domain of trust is now", LOG_TEXT("trust", t->name),
             LOG_CSTR("state", d->told), LOG_NUMBER("authorities", d->authorities),
             LOG_NUMBER("revoked", (int64_t)d->revoked),
             LOG_NUMBER("generation", (int64_t)generation));
    if (d->left_out > 0)
        log_error("entries of a list of authorities are not used", LOG_TEXT("trust", t->name),
                  LOG_NUMBER("entries", d->left_out), LOG_CSTR("the_first_is", d->saying));
    for (unsigned i = 0; i <= t->n_crls; i++)
        if (d->sources[i].is_refused)
            log_error("a list of a domain of trust is not taken", LOG_TEXT("trust", t->name),
                      LOG_TEXT("list", place_of(t, i)), LOG_CSTR("it", d->sources[i].saying));
    for (unsigned i = 0; i <= t->n_crls; i++)
        if (d->sources[i].kept_error)
            log_error("the last good list of a domain of trust cannot be read",
                      LOG_TEXT("trust", t->name), LOG_TEXT("list", place_of(t, i)),
                      LOG_CSTR("it", trust_kept_fault(-d->sources[i].kept_error)));
    for (unsigned i = 1; i <= t->n_crls; i++)
        if (is_crl_over(&d->sources[i], now_s))
            log_error("a revocation list of a domain of trust is over, and its successor not there",
                      LOG_TEXT("trust", t->name), LOG_TEXT("list", place_of(t, i)),
                      LOG_NUMBER("for_s", now_s - d->sources[i].until_s));
}

/* ---- who asks ---- */

static void put_text(struct json *j, const char *key, struct str text)
{
    json_put_key(j, str_of(key));
    json_put_string(j, text);
}

void trust_found_put_number(struct json *j, const char *key, int64_t number)
{
    json_put_key(j, str_of(key));
    json_put_integer(j, number);
}

static void put_bool(struct json *j, const char *key, bool value)
{
    json_put_key(j, str_of(key));
    json_put_bool(j, value);
}

static void put_source(struct json *j, struct str place, const struct trust_source_found *source,
                       const struct trust_fetch *fetch, const struct trust_unkept *unkept,
                       int64_t now_s)
{
    json_begin_object(j);
    put_text(j, "source", place);
    put_bool(j, "used", source->is_used);
    put_bool(j, "taken", source->is_used && !source->is_refused && !fetch->saying[0]);
    if (source->is_used && source->until_s < INT64_MAX)
        trust_found_put_number(j, "until", source->until_s);
    put_bool(j, "is_over", source->is_used && source->until_s < now_s);
    if (source->is_refused) {
        put_text(j, "refused", str_of(source->saying));
        trust_found_put_number(j, "refused_since", source->since_s);
    }
    if (fetch->saying[0]) {
        put_text(j, "not_fetched", str_of(fetch->saying));
        trust_found_put_number(j, "not_fetched_since", fetch->since_s);
        if (fetch->failed_signer[0])
            put_text(j, "not_fetched_signer", str_of(fetch->failed_signer));
    }
    if (source->kept_error)
        put_text(j, "kept_unread", str_of(trust_kept_fault(-source->kept_error)));
    if (unkept->is_owed)
        put_text(j, "not_kept", str_of(strerror(unkept->error)));
    json_end_object(j);
}

static void put_list(struct json *j, const struct trust_setting *t, const struct trust_found *d,
                     const char *state)
{
    if (strcmp(state, "stale") == 0)
        trust_found_put_number(j, "used_until", used_until_s(t, d));
    trust_found_put_number(j, "sequence", d->sequence);
    trust_found_put_number(j, "expires", d->expires_s);
}

/* None: it may vouch for numbers of all. */
static void put_countries(struct json *j, const struct trust_setting *t)
{
    json_put_key(j, STR("countries"));
    json_begin_array(j);
    for (unsigned i = 0; i < t->n_countries; i++)
        json_put_string(j, t->countries[i]);
    json_end_array(j);
}

static void put_faults(struct json *j, const struct trust_found *d)
{
    trust_found_put_number(j, "left_out", d->left_out);
    if (d->is_broken) {
        put_text(j, "broken", str_of(d->saying));
        trust_found_put_number(j, "broken_since", d->since_s);
    } else if (d->left_out > 0) {
        put_text(j, "left_out_is", str_of(d->saying));
    }
}

void trust_found_put(struct json *j, const struct trust_setting *t, const struct trust_found *d,
                     const struct trust_fetch *fetches, const struct trust_unkept *unkept,
                     bool failed, int64_t now_s)
{
    const char *state = d->is_made && !d->is_behind ? trust_found_state(t, d, now_s)
                        : failed                    ? "unavailable"
                                                    : "being made";
    const unsigned lacking = trust_found_lacks_crls(t, d, now_s);
    json_begin_object(j);
    put_text(j, "name", t->name);
    put_text(j, "state", str_of(state));
    put_text(j, "calls", str_of(calls_get(t, state, lacking)));
    trust_found_put_number(j, "crls_lacking", lacking);
    trust_found_put_number(j, "authorities", d->authorities);
    trust_found_put_number(j, "revoked", (int64_t)d->revoked);
    put_bool(j, "revocation_judged", t->n_crls > 0);
    put_countries(j, t);
    if (t->list.n > 0)
        put_list(j, t, d, state);
    put_faults(j, d);
    json_put_key(j, STR("sources"));
    json_begin_array(j);
    if (t->list.n > 0)
        put_source(j, t->list, &d->sources[0], &fetches[0], &unkept[0], now_s);
    for (unsigned i = 0; i < t->n_crls; i++)
        put_source(j, t->crls[i], &d->sources[1 + i], &fetches[1 + i], &unkept[1 + i], now_s);
    json_end_array(j);
    json_end_object(j);
}
