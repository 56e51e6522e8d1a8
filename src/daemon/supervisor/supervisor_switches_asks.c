/*
 * stirctl trunk, upstream, drain, signing, verification, cert use, log level, switches: what is
 * asked for is checked by the configuration in force, and all that is on is told.
 */
#include "supervisor_switches.h"

#include "questions.h"
#include "worker_places.h"

#include <stdio.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/suggest.h>
#include <stird/core/certificate_choice.h>
#include <stird/core/service_word.h>
#include <stird/core/trunk.h>
#include <stird/io/admin.h>
#include <string.h>
#include <time.h>

#define WAIT_LIMIT_MS 20000 /* for workers; a hanging one is replaced in a few seconds */
#define REPLY_MOST    (ADMIN_REPLY_MAX - 16384)

enum field { KIND, NAME, VALUE, FOR_S, UNTIL_S, NOTE, FIELDS };

static void split(struct str text, struct str field[FIELDS])
{
    for (int i = 0; i < FIELDS; i++)
        field[i] = text.p ? str_cut(&text, '\0') : STR("");
}

/* ---- names ---- */

static void add_quoted(struct buf *why, const char *before, struct str name, const char *behind)
{
    buf_addf(why, "%s \"", before);
    buf_add_escaped(why, name);
    buf_addf(why, "\"%s", behind);
}

static const char *const processes[] = {
    "supervisor",
#define ROLE(word, noun, ...) #noun,
#include "daemon/roles.def"
};

/* Calls VISIT with each name that a switch of that kind may have, until it says that it has seen
   enough. */
static void each_name(const struct supervisor *s, enum switch_kind kind,
                      bool (*visit)(void *user, struct str name), void *user)
{
    const struct settings *settings = s->current.settings;
    bool done = false;
    if (kind == SWITCH_TRUNK || kind == SWITCH_SIGNING || kind == SWITCH_VERIFICATION)
        for (unsigned i = 0; !done && i < settings->n_trunks; i++)
            done = visit(user, settings->trunks[i].name);
    for (unsigned i = 0; !done && kind == SWITCH_UPSTREAM && i < settings->n_upstreams; i++)
        done = visit(user, settings->upstreams[i].name);
    for (unsigned i = 0; !done && kind == SWITCH_CERTIFICATE && i < settings->n_certificates; i++)
        done = visit(user, settings->certificates[i].id);
    for (size_t i = 0; !done && kind == SWITCH_LOG && i < sizeof(processes) / sizeof(processes[0]);
         i++)
        done = visit(user, str_of(processes[i]));
}

static bool may_be_of_all(enum switch_kind kind)
{
    return kind == SWITCH_DRAIN || kind == SWITCH_SIGNING || kind == SWITCH_VERIFICATION ||
           kind == SWITCH_LOG;
}

struct looking {
    struct str name, nearest;
    unsigned distance;
    bool is_there;
};

static bool find(void *user, struct str name)
{
    struct looking *l = user;
    return l->is_there = str_eq(l->name, name);
}

/* All that is asked of what is switched already, once a second: of thousands of trunks. */
static bool is_named(const struct supervisor *s, enum switch_kind kind, struct str name)
{
    struct looking l = {.name = name};
    if (name.n == 0 && may_be_of_all(kind))
        return true;
    each_name(s, kind, find, &l);
    return l.is_there;
}

static bool compare(void *user, struct str name)
{
    struct looking *l = user;
    if (suggest_is_nearer(l->name, name, &l->distance))
        l->nearest = name;
    return false;
}

static struct str nearest(const struct supervisor *s, enum switch_kind kind, struct str name)
{
    struct looking l = {.name = name, .distance = SUGGEST_FAR};
    each_name(s, kind, compare, &l);
    return l.nearest;
}

static const char *what_is_named(enum switch_kind kind)
{
    static const char *const words[SWITCH_KINDS] = {
        [SWITCH_TRUNK] = "trunk",
        [SWITCH_UPSTREAM] = "upstream",
        [SWITCH_SIGNING] = "trunk",
        [SWITCH_VERIFICATION] = "trunk",
        [SWITCH_CERTIFICATE] = "certificate",
        [SWITCH_LOG] = "process",
    };
    return words[kind];
}

static void add_processes(struct buf *why)
{
    buf_add_text(why, "; there are:");
    for (size_t i = 0; i < sizeof(processes) / sizeof(processes[0]); i++)
        buf_addf(why, " %s", processes[i]);
}

/* What is probably meant takes long to find among many names: for somebody who waits for it. */
static void check_name(const struct supervisor *s, enum switch_kind kind, struct str name,
                       struct buf *why)
{
    if (is_named(s, kind, name))
        return;
    const struct str meant = nearest(s, kind, name);
    buf_addf(why, "there is no %s", what_is_named(kind) ? what_is_named(kind) : "such thing:");
    add_quoted(why, "", name, "");
    if (meant.n > 0)
        add_quoted(why, " (did you mean", meant, "?)");
    if (kind == SWITCH_LOG)
        add_processes(why);
}

/* ---- units ---- */

/* Its index, or NO_CERTIFICATE. */
static uint32_t find_unit(const struct settings *settings, struct str id, struct str unit)
{
    for (uint32_t i = 0; i < settings->n_certificates; i++)
        if (str_eq(settings->certificates[i].id, id) &&
            str_eq(settings->certificates[i].unit, unit))
            return i;
    return NO_CERTIFICATE;
}

static bool may_be_chosen(const struct supervisor *s, uint32_t unit)
{
    struct states_asked asked = {.settings = s->current.settings};
    uint8_t states[sizeof(asked.states)] = {0};
    const struct certificate_question q = {
        .settings = s->current.settings, .states = states, .now_s = clock_real_s()};
    supervisor_ask_states(s, &asked);
    for (size_t i = 0; i < sizeof(asked.states) && asked.states[i]; i++)
        states[i] = (uint8_t)(asked.states[i] - '0');
    return certificate_may_be_chosen(&q, unit);
}

static void check_unit(const struct supervisor *s, struct str id, struct str unit, struct buf *why)
{
    const struct settings *settings = s->current.settings;
    const uint32_t first = certificate_find(settings, id), found = find_unit(settings, id, unit);
    if (first == NO_CERTIFICATE)
        return;
    if (first + 1 >= settings->n_certificates || !str_eq(settings->certificates[first + 1].id, id))
        buf_add_text(why, "this certificate is one unit, which signs: there is nothing to choose");
    else if (found == NO_CERTIFICATE)
        add_quoted(why, "this certificate has no unit", unit, ": stirctl cert list shows them");
    else if (!may_be_chosen(s, found))
        add_quoted(why, "unit", unit,
                   " may not sign now: it is out of date, in force for less than five minutes, or "
                   "verifiers would refuse it (stirctl cert list)");
}

/* ---- what may be set ---- */

static void check_service(const struct supervisor *s, enum switch_kind kind, struct str name,
                          struct buf *why)
{
    const struct settings *settings = s->current.settings;
    for (unsigned i = 0; name.n > 0 && i < settings->n_trunks; i++) {
        const struct service_word *word = &service_words[settings->trunks[i].service];
        if (!str_eq(settings->trunks[i].name, name))
            continue;
        if ((kind == SWITCH_SIGNING && !word->signs) ||
            (kind == SWITCH_VERIFICATION && !word->verifies))
            buf_addf(why, "the service of this trunk is %s: there is nothing to switch off",
                     word->word);
    }
}

static bool is_one_of(struct str value, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(value, str_of(*words)))
            return true;
    return false;
}

static void check_value(const struct supervisor *s, const struct str field[FIELDS],
                        enum switch_kind kind, struct buf *why)
{
    static const char *const answers[] = {"", "503", "silence", NULL};
    enum log_level level;
    if (kind == SWITCH_DRAIN && !is_one_of(field[VALUE], answers))
        buf_add_text(why, "the answer is 503 or silence");
    if (kind == SWITCH_LOG && !log_level_by_word(field[VALUE], &level))
        buf_add_text(why, "the level is error, warning, info or debug");
    if (kind == SWITCH_CERTIFICATE)
        check_unit(s, field[NAME], field[VALUE], why);
    if (kind == SWITCH_SIGNING || kind == SWITCH_VERIFICATION)
        check_service(s, kind, field[NAME], why);
}

static void put_text(char room[SWITCH_TEXT_BYTES], struct str text, const char *called,
                     struct buf *why)
{
    const char *fault = switches_put_text(room, text);
    if (fault && why->n == 0)
        buf_addf(why, "the %s %s", called, fault);
}

/* When it ends. */
static void put_end(struct switched *one, const struct str field[FIELDS], int64_t now_ms,
                    struct buf *why)
{
    uint64_t for_s = 0, until_s = 0;
    const bool given = str_to_u64(field[FOR_S], SWITCH_LONGEST_S, &for_s) ||
                       str_to_u64(field[UNTIL_S], INT64_MAX / 2000, &until_s);
    if (for_s > 0) {
        one->until_s = one->since_s + (int64_t)for_s;
        one->ends_ms = now_ms + (int64_t)for_s * 1000;
    }
    if (until_s > 0) {
        one->until_s = (int64_t)until_s;
        one->by_clock = true;
    }
    const bool needed = one->kind == SWITCH_SIGNING || one->kind == SWITCH_VERIFICATION;
    if (why->n > 0)
        return;
    if ((field[FOR_S].n > 0 || field[UNTIL_S].n > 0) && !given)
        buf_add_text(why, "it may be on for a year at most");
    else if (needed && one->until_s == 0)
        buf_add_text(why, "it has to have an end: --for 30m, or --until 2026-11-29T18:00:00Z");
    else if (one->until_s > 0 && one->until_s <= one->since_s)
        buf_add_text(why, "its end is in the past (times of --until are UTC where they end in Z)");
    else if (one->until_s - one->since_s > SWITCH_LONGEST_S)
        buf_add_text(why, "it may be on for a year at most");
}

static void make(const struct supervisor *s, struct switched *one, const struct str field[FIELDS],
                 enum switch_kind kind, int64_t now_ms, struct buf *why)
{
    check_name(s, kind, field[NAME], why);
    if (why->n == 0)
        check_value(s, field, kind, why);
    put_text(one->name, field[NAME], "name", why);
    put_text(one->value, field[VALUE], "value", why);
    put_text(one->note, field[NOTE], "note", why);
    one->kind = (uint8_t)kind;
    one->since_s = clock_real_s();
    put_end(one, field, now_ms, why);
}

/* ---- answers ---- */

static void put(struct json *j, const char *key, struct str value)
{
    json_put_key(j, str_of(key));
    json_put_string(j, value);
}

static void put_time(struct json *j, const char *key, int64_t seconds)
{
    char text[32] = "";
    struct tm broken;
    time_t t = (time_t)seconds;
    json_put_key(j, str_of(key));
    if (seconds > 0 && gmtime_r(&t, &broken) &&
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken) > 0)
        json_put_string(j, str_of(text));
    else
        json_put_null(j);
}

bool supervisor_switches_is_dormant(const struct supervisor *s, const struct switched *one)
{
    const enum switch_kind kind = (enum switch_kind)one->kind;
    const struct str name = str_of(one->name);
    return !is_named(s, kind, name) ||
           (kind == SWITCH_CERTIFICATE &&
            find_unit(s->current.settings, name, str_of(one->value)) == NO_CERTIFICATE);
}

static void put_one(const struct supervisor *s, struct json *j, const struct switched *one)
{
    json_begin_object(j);
    put(j, "switch", switches_word((enum switch_kind)one->kind));
    put(j, "of", str_of(one->name));
    put(j, "value", str_of(one->value));
    put(j, "does", switches_text((enum switch_kind)one->kind));
    put_time(j, "since", one->since_s);
    put_time(j, "until", one->until_s);
    json_put_key(j, STR("user"));
    json_put_integer(j, one->uid);
    put(j, "note", str_of(one->note));
    json_put_key(j, STR("is_there"));
    json_put_bool(j, !supervisor_switches_is_dormant(s, one));
    json_end_object(j);
}

unsigned supervisor_switches_put(const struct supervisor *s, struct json *j, size_t most)
{
    const struct switches *on = supervisor_switches_on(s);
    const size_t until = j->out->n + most;
    unsigned shown = 0;
    json_begin_array(j);
    for (; shown < on->n && j->out->n < until; shown++)
        put_one(s, j, &on->list[shown]);
    json_end_array(j);
    return on->n - shown;
}

/* Trunks whose calls are refused because each of their upstreams is disabled. */
static void put_lonely(const struct supervisor *s, struct json *j)
{
    const struct settings *settings = s->current.settings;
    const struct switches *on = supervisor_switches_on(s);
    json_put_key(j, STR("trunks_without_upstream"));
    json_begin_array(j);
    for (unsigned i = 0; i < settings->n_trunks && j->out->n < REPLY_MOST; i++) {
        const struct trunk *t = &settings->trunks[i];
        unsigned left = t->n_upstreams;
        for (unsigned k = 0; k < t->n_upstreams; k++)
            left -= switches_find(on, SWITCH_UPSTREAM, settings->upstreams[t->upstreams[k]].name) !=
                    NULL;
        if (trunk_sends(t) && left == 0)
            json_put_string(j, t->name);
    }
    json_end_array(j);
}

/* WAS_ON: of one that was to be taken back. */
static void answer_all(struct supervisor *s, struct asker *a, bool was_on)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    json_put_key(&j, STR("switches"));
    unsigned left_out = supervisor_switches_put(s, &j, REPLY_MOST / 2);
    json_put_key(&j, STR("not_shown"));
    json_put_integer(&j, left_out);
    put_lonely(s, &j);
    json_put_key(&j, STR("unwritten"));
    if (supervisor_switches_unwritten(s))
        json_put_string(&j, str_of(strerror(supervisor_switches_unwritten(s))));
    else
        json_put_null(&j);
    json_put_key(&j, STR("was_on"));
    json_put_bool(&j, was_on);
    json_end_object(&j);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

static void tell_if_in_force(struct supervisor *s, struct asker *a, void *user)
{
    (void)user;
    if (supervisor_switches_without(s, a->ticket) == 0)
        answer_all(s, a, true);
}

void supervisor_switches_tell(struct supervisor *s)
{
    asker_each(s, &part_switches, tell_if_in_force, NULL);
}

void supervisor_switches_late(struct supervisor *s, struct asker *a)
{
    struct buf out = BUF_INIT;
    buf_addf(&out,
             "it is switched and each new worker begins with it, but %u of %u workers have not "
             "taken it yet: their calls are as before (stirctl status)",
             supervisor_switches_without(s, a->ticket), worker_count(s));
    asker_answer(a, ASKER_REFUSED, buf_failed(&out) ? STR("out of memory") : buf_str(&out));
    buf_fini(&out);
}

/* ---- asks ---- */

static void refuse(struct asker *a, const struct buf *why)
{
    asker_answer(a, ASKER_REFUSED, buf_failed(why) ? STR("out of memory") : buf_str(why));
}

static void commit(struct supervisor *s, struct asker *a, const struct switched *one,
                   const char *event, int64_t now_ms)
{
    struct buf why = BUF_INIT;
    int r = supervisor_switches_commit(s);
    if (r == 0) {
        supervisor_switches_say(one, event);
        asker_wait(a, &part_switches, supervisor_switches_generation(s), now_ms + WAIT_LIMIT_MS);
        supervisor_switches_tell(s);
        return;
    }
    buf_addf(&why, "nothing has changed: %s", strerror(-r));
    refuse(a, &why);
    buf_fini(&why);
}

static void act_set(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct str field[FIELDS];
    struct switched one = {.uid = a->uid};
    struct buf why = BUF_INIT;
    enum switch_kind kind;
    split(text, field);
    if (!switches_by_word(field[KIND], &kind))
        buf_add_text(&why, "stirctl and stird are of different versions");
    else
        make(s, &one, field, kind, now_ms, &why);
    if (why.n == 0 && !buf_failed(&why) && !switches_set(supervisor_switches_change(s), &one))
        buf_addf(&why,
                 "%d switches are on, as many as there may be: take some back (stirctl switches)",
                 SWITCHES_MAX);
    if (why.n > 0 || buf_failed(&why))
        refuse(a, &why);
    else
        commit(s, a, &one, "an operator has switched", now_ms);
    buf_fini(&why);
}

/* One that is not on is as it was to be; but not one that nobody knows. */
static void act_back(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct str field[FIELDS];
    struct buf why = BUF_INIT;
    enum switch_kind kind;
    split(text, field);
    const bool known = switches_by_word(field[KIND], &kind);
    const struct switched *on = known ? switches_find(supervisor_switches_on(s), kind, field[NAME])
                                      : NULL;
    if (!known)
        buf_add_text(&why, "stirctl and stird are of different versions");
    else if (!on)
        check_name(s, kind, field[NAME], &why);
    if (why.n > 0 || buf_failed(&why)) {
        refuse(a, &why);
    } else if (!on) {
        answer_all(s, a, false);
    } else {
        struct switched was = *on;
        was.uid = a->uid;
        switches_end(supervisor_switches_change(s), kind, field[NAME]);
        commit(s, a, &was, "an operator has taken a switch back", now_ms);
    }
    buf_fini(&why);
}

static void act_list(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text, (void)now_ms;
    answer_all(s, a, false);
}

const struct ask supervisor_switches_asks[] = {{ADMIN_SWITCH, act_set, CONTROL_CHANGE},
                                               {ADMIN_SWITCH_BACK, act_back, CONTROL_CHANGE},
                                               {ADMIN_SWITCHES, act_list, CONTROL_LOOK},
                                               {.act = NULL}};
