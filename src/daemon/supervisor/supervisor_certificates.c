/*
 * What is known of the certificates' URLs and of their lives: looks at them on a schedule by a
 * process of its own (checker_process.h), tells the workers, raises alarms, and watches the
 * directories for new units.
 */
#include "asker.h"
#include "questions.h"
#include "worker_places.h"

#include "daemon/checker_process.h"
#include "daemon/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/core/certificate.h>
#include <stird/core/certificate_choice.h>
#include <stird/core/service_word.h>
#include <stird/io/admin.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define ALARM_AGAIN_S        86400
#define DIRECTORIES_EVERY_MS 2000
#define WATCH_SETTLES_MS     2000  /* a unit is several files: wait until nothing more comes */
#define WATCH_LATEST_MS      10000 /* at the latest: whoever writes may never be done */
#define WATCH_READS_A_TURN   16
#define RETRY_MS             60000

struct finding {
    char unit[640]; /* which unit it is about, over all generations */
    uint8_t state;
    bool out_of_sight; /* wrong, and unreachable since then */
    char saying[200];
    int64_t checked_at_s; /* 0: never */
    enum certificate_life life;
    int64_t alarmed_at_s; /* of its life */
    bool unreadable;      /* a file of it, at the last look */
};

struct certificates {
    struct buf findings;                     /* struct finding */
    uint64_t checks;                         /* begun */
    uint64_t check_faults, check_faults_now; /* lists that the last look, and this one, could not
                                                read */
    unsigned check_next;                     /* the unit that the present look may tell of */
    bool check_over;                         /* it has told all */
    bool check_asked;                        /* for a look that does not wait for its time */
    uint64_t directories_lost;               /* they cannot be read */
    uint64_t units_unreadable;               /* units whose directory can be read and a file in it
                                                cannot */
    int fetcher_fd;                          /* of the checker that is about to start */
    int64_t next_directories_ms, next_check_ms, next_lives_ms;
    int watch_fd;                          /* inotify of their directories; -1: none */
    int64_t watch_due_ms, watch_latest_ms; /* a change is acted on at the one, and at the other at
                                              the latest */
};

static struct certificates *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_certificates);
}

/* A unit that is written anew under the same name is another one: it has another serial or URL. */
static void name_unit(const struct certificate *c, char name[sizeof(((struct finding *)0)->unit)])
{
    snprintf(name, sizeof(((struct finding *)0)->unit), "%.*s %.*s/%.*s/%.*s", STR_ARG(c->x5u),
             STR_ARG(c->serial), STR_ARG(c->id), STR_ARG(c->unit));
}

static struct finding *find(const struct supervisor *s, const struct certificate *c)
{
    char name[sizeof(((struct finding *)0)->unit)];
    struct finding *list = (struct finding *)(void *)own(s)->findings.p;
    name_unit(c, name);
    for (size_t i = 0; i < own(s)->findings.n / sizeof(*list); i++)
        if (strcmp(list[i].unit, name) == 0)
            return &list[i];
    return NULL;
}

static struct finding *find_or_add(struct supervisor *s, const struct certificate *c)
{
    struct finding *known = find(s, c), new = {.state = CERTIFICATE_UNCHECKED};
    if (known)
        return known;
    name_unit(c, new.unit);
    buf_add(&own(s)->findings, &new, sizeof(new));
    return find(s, c);
}

/* ---- to the workers ---- */

/* A character for each of SETTINGS' units, as in control.h. */
static void put_states(const struct supervisor *s, const struct settings *settings, char *text,
                       size_t bytes)
{
    size_t n = 0;
    _Static_assert(CERTIFICATE_UNITS_MAX < CONTROL_TEXT, "every unit has its state in the message");
    for (unsigned i = 0; i < settings->n_certificates && n + 1 < bytes; i++) {
        const struct finding *f = find(s, &settings->certificates[i]);
        text[n++] = (char)('0' + (f ? f->state : CERTIFICATE_UNCHECKED));
    }
    text[n] = '\0';
}

static int tell_states(struct supervisor *s, struct child *c)
{
    struct control_message message = {.type = CONTROL_CERTIFICATES,
                                      .certificates = {.generation = s->current.generation}};
    put_states(s, s->current.settings, message.certificates.states, CONTROL_TEXT);
    return child_send(c, &message, NULL, 0);
}

static void tell_all(struct supervisor *s)
{
    static const struct due due = {tell_states};
    for (unsigned w = 0; w < worker_count(s); w++)
        supervisor_owe(s, worker_at(s, w), &due);
    supervisor_tell(s, EVENT_STATES, &(struct news){.now_ms = clock_monotonic_ms()});
}

static void answer_states(const struct supervisor *s, struct states_asked *asked)
{
    put_states(s, asked->settings, asked->states, sizeof(asked->states));
}

static void put_in(struct supervisor *s, const struct news *news)
{
    const struct handout *h = news->handout;
    put_states(s, h->configuration->settings, h->snapshot->states, CONTROL_TEXT);
}

/* ---- looking ---- */

static void check_now(struct supervisor *s)
{
    own(s)->check_asked = true;
}

static struct child *checker(const struct supervisor *s)
{
    return supervisor_places(s, ROLE_CHECKER);
}

static void start_checker(struct supervisor *s, int64_t now_ms)
{
    uint32_t every_ms = s->current.settings->check.interval_ms;
    bool due = own(s)->check_asked || (every_ms > 0 && now_ms >= own(s)->next_check_ms);
    if (!due || !s->ready || s->stopping || checker(s)->pid != 0)
        return;
    own(s)->check_asked = false;
    own(s)->checks++;
    own(s)->check_faults_now = 0;
    own(s)->check_next = 0;
    own(s)->check_over = false;
    int r = supervisor_start_child(s, checker(s), now_ms);
    if (r)
        log_warning("the certificates' URLs cannot be looked at", LOG_CSTR("error", strerror(-r)));
    own(s)->next_check_ms = now_ms + (r ? RETRY_MS : every_ms);
}

static void log_finding(const struct certificate *c, const struct finding *f)
{
    enum certificate_state state = (enum certificate_state)f->state;
    if (state == CERTIFICATE_SERVED && !f->saying[0])
        log_info("certificate is served by its URL", LOG_TEXT("id", c->id),
                 LOG_TEXT("unit", c->unit), LOG_TEXT("x5u", c->x5u));
    else
        log_write(state == CERTIFICATE_SERVED ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
                  "certificate's URL", LOG_TEXT("id", c->id), LOG_TEXT("unit", c->unit),
                  LOG_TEXT("x5u", c->x5u), LOG_TEXT("state", certificate_state_name(state)),
                  LOG_CSTR("it", f->saying));
}

/* A certificate that was wrong stays wrong when it cannot be reached: verifiers may still have
   it. */
static void lose_sight(const struct certificate *c, struct finding *f, const char *why)
{
    if (!f->out_of_sight)
        log_warning(
            "certificate's URL was wrong, and cannot be reached any more: it counts as wrong",
            LOG_TEXT("id", c->id), LOG_TEXT("unit", c->unit), LOG_TEXT("x5u", c->x5u),
            LOG_CSTR("it", why));
    f->out_of_sight = true;
    f->checked_at_s = clock_real_s();
}

/* The checker reads what servers said: what it says is text of bounded length and a known state. */
static void take_finding(struct supervisor *s, const struct control_certificate *m)
{
    const struct settings *settings = s->current.settings;
    const uint32_t state = m->state;
    if (m->generation != s->current.generation || m->unit >= settings->n_certificates ||
        state > CERTIFICATE_WRONG)
        return;
    const struct certificate *c = &settings->certificates[m->unit];
    struct finding *f = find_or_add(s, c);
    if (!f)
        return;
    if (f->state == CERTIFICATE_WRONG &&
        (state == CERTIFICATE_UNREACHABLE || state == CERTIFICATE_UNCHECKED)) {
        lose_sight(c, f, m->saying);
        return;
    }
    f->out_of_sight = false;
    bool news = f->checked_at_s == 0 || f->state != state || strcmp(f->saying, m->saying) != 0;
    f->state = (uint8_t)state;
    snprintf(f->saying, sizeof(f->saying), "%.*s", (int)sizeof(f->saying) - 1, m->saying);
    f->checked_at_s = clock_real_s();
    if (news)
        log_finding(c, f);
    tell_all(s);
}

/* ---- who asked for a look ---- */

static void tell_one(struct supervisor *s, struct asker *a, void *user)
{
    const char *why = user;
    if (a->ticket <= own(s)->checks)
        asker_answer(a, why ? ASKER_REFUSED : 0, why ? str_of(why) : STR("{\"checked\":true}"));
}

/* Answers those who wait for the look that has just ended; WHY it failed, or NULL. */
static void tell_checked(struct supervisor *s, const char *why)
{
    asker_each(s, &part_certificates, tell_one, (void *)(uintptr_t)why);
}

static void act_check(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text;
    /* A look that is under way may have looked before it was asked for. */
    asker_wait(a, &part_certificates, own(s)->checks + 1, now_ms + ASKER_WAIT_MS);
    check_now(s);
}

/* ---- the checker ---- */

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    (void)c;
    return checker_main(
        &(struct checker_options){s->current.settings, s->current.generation, own(s)->fetcher_fd},
        control_fd);
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    (void)c;
    own(s)->fetcher_fd = -1;
    kit->fetcher_fd = &own(s)->fetcher_fd;
    return 0;
}

/* Whether the finding comes in its turn, each unit once: what is found is told to all workers, and
   logged. */
static bool is_in_turn(struct supervisor *s, const struct heard *h, bool in_turn)
{
    in_turn = in_turn && !own(s)->check_over;
    if (!in_turn)
        supervisor_child_false(s, h->child, "what it has said already, or not in its turn");
    return in_turn;
}

static void hear_certificate(struct supervisor *s, const struct heard *h)
{
    const struct control_certificate *m = &h->message->certificate;
    if (is_in_turn(s, h, own(s)->check_over || m->unit == own(s)->check_next++))
        take_finding(s, m);
}

static void hear_fault(struct supervisor *s, const struct heard *h)
{
    is_in_turn(s, h, own(s)->check_over || ++own(s)->check_faults_now <= CHECKER_FAULTS_MAX);
}

static void hear_checked(struct supervisor *s, const struct heard *h)
{
    if (!is_in_turn(s, h, true))
        return;
    own(s)->check_over = true;
    own(s)->check_faults = own(s)->check_faults_now;
    tell_checked(s, NULL);
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)c;
    (void)death;
    tell_checked(s, "the checker ended before it was done");
}

static const struct word hears[] = {
    {ROLE_CHECKER, CONTROL_CERTIFICATE, hear_certificate},
    {ROLE_CHECKER, CONTROL_CHECK_FAULT, hear_fault},
    {ROLE_CHECKER, CONTROL_CHECKED, hear_checked},
    {.take = NULL},
};

const struct duty duty_checker = {.equip = equip, .enter = enter, .gone = gone};

/* ---- lives ---- */

static void alarm_life(const struct certificate *c, struct finding *f, int64_t now_s)
{
    static const char *const words[] = {
        [LIFE_A_THIRD] = "less than a third of the certificate's life is left: get a new one",
        [LIFE_A_TENTH] = "less than a tenth of the certificate's life is left: get a new one now",
        [LIFE_OVER] = "the certificate has expired and signs nothing",
    };
    enum certificate_life life = certificate_life(c, now_s);
    bool again = f->alarmed_at_s + ALARM_AGAIN_S <= now_s;
    if (life == LIFE_LONG || (life == f->life && !again))
        return;
    f->life = life;
    f->alarmed_at_s = now_s;
    log_write(life == LIFE_A_THIRD ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, words[life],
              LOG_TEXT("id", c->id), LOG_TEXT("unit", c->unit),
              LOG_NUMBER("days_left", (c->not_after_s - now_s) / 86400));
}

/* Looks at the newest unit of each certificate: older ones are meant to end. */
static void look_at_lives(struct supervisor *s, int64_t now_ms)
{
    const struct settings *settings = s->current.settings;
    if (now_ms < own(s)->next_lives_ms || !s->ready)
        return;
    own(s)->next_lives_ms = now_ms + RETRY_MS;
    for (unsigned i = 0; i < settings->n_certificates; i++) {
        const struct certificate *c = &settings->certificates[i];
        bool newest = i == 0 || !str_eq(c->id, settings->certificates[i - 1].id);
        struct finding *f = newest ? find_or_add(s, c) : NULL;
        if (f)
            alarm_life(c, f, clock_real_s());
    }
}

/* ---- directories ---- */

static bool directory_is_lost(const struct certificate *c)
{
    char *z = strndup(c->directory.p, c->directory.n);
    bool lost = z && faccessat(AT_FDCWD, z, R_OK | X_OK, AT_EACCESS) != 0 && errno != EPERM;
    free(z);
    return lost;
}

/* Asks as our own user: the loader and the signer read it as the same one. */
static bool is_unreadable(struct str directory, const char *name, struct problems *problems)
{
    struct buf path = BUF_INIT;
    buf_addf(&path, "%.*s/%s%c", STR_ARG(directory), name, '\0');
    bool lost = !buf_failed(&path) && faccessat(AT_FDCWD, path.p, R_OK, AT_EACCESS) != 0 &&
                errno != EPERM;
    if (lost)
        problems_add(problems, str_of(path.p), 0, "cannot be read: %s", strerror(errno));
    buf_fini(&path);
    return lost;
}

/* So that it is found before a reload or a new signer fails by it: nothing that watches a directory
   tells of rights. */
static bool unit_is_unreadable(struct supervisor *s, const struct certificate *c)
{
    struct problems problems = {0};
    struct finding *f = find_or_add(s, c);
    bool lost = !key_file_is_there(c->directory, &problems);
    lost |= is_unreadable(c->directory, "chain.pem", &problems);
    lost |= is_unreadable(c->directory, "x5u", &problems);
    for (size_t i = 0; lost && f && !f->unreadable && i < problems.n; i++)
        log_error("a certificate's file cannot be used any more", LOG_TEXT("id", c->id),
                  LOG_TEXT("unit", c->unit), LOG_CSTR("file", problems.list[i].file),
                  LOG_CSTR("it", problems.list[i].text));
    if (f)
        f->unreadable = lost;
    problems_fini(&problems);
    return lost;
}

static void look_at_directories(struct supervisor *s, int64_t now_ms)
{
    const struct settings *settings = s->current.settings;
    if (now_ms < own(s)->next_directories_ms || !s->ready)
        return;
    own(s)->next_directories_ms = now_ms + DIRECTORIES_EVERY_MS;
    own(s)->directories_lost = own(s)->units_unreadable = 0;
    for (unsigned i = 0; i < settings->n_certificates; i++) {
        const struct certificate *c = &settings->certificates[i];
        bool lost = directory_is_lost(c);
        own(s)->directories_lost += lost;
        own(s)->units_unreadable += !lost && unit_is_unreadable(s, c);
    }
}

/* ---- alarms ---- */

/* Counts by the newest unit of each certificate, as the lines of the log do. */
static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    const struct settings *settings = s->current.settings;
    for (unsigned i = 0; i < settings->n_certificates; i++) {
        const struct certificate *c = &settings->certificates[i];
        const struct finding *f = find(s, c);
        bool newest = i == 0 || !str_eq(c->id, settings->certificates[i - 1].id);
        values[ALARM_certificate_url] += f && (f->state == CERTIFICATE_UNREACHABLE ||
                                               f->state == CERTIFICATE_WRONG);
        values[ALARM_certificate_life] += newest && f &&
                                          certificate_life(c, clock_real_s()) >= LIFE_A_TENTH;
    }
    values[ALARM_check_lists] = own(s)->check_faults;
    values[ALARM_certificate_directory] = own(s)->directories_lost;
    values[ALARM_certificate_files] = own(s)->units_unreadable;
}

/* ---- new units ---- */

static void watch_one(struct supervisor *s, struct str directory)
{
    char *z = strndup(directory.p, directory.n);
    if (z && inotify_add_watch(own(s)->watch_fd, z, IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
        log_warning("a certificate's directory is not watched", LOG_TEXT("directory", directory),
                    LOG_CSTR("error", strerror(errno)));
    free(z);
}

static struct str parent_of(const struct certificate *c)
{
    size_t end = c->directory.n;
    while (c->unit.n > 0 && end > 0 && c->directory.p[end - 1] != '/')
        end--;
    return str_slice(c->directory, 0, end < c->directory.n ? end - 1 : end);
}

/* Forgets what was found of units that are gone: they come and go for years. */
static void forget_gone_units(struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    struct finding *list = (struct finding *)(void *)own(s)->findings.p;
    size_t kept = 0;
    char name[sizeof(list->unit)];
    for (size_t i = 0; i < own(s)->findings.n / sizeof(*list); i++) {
        bool here = false;
        for (unsigned k = 0; k < settings->n_certificates && !here; k++) {
            name_unit(&settings->certificates[k], name);
            here = strcmp(list[i].unit, name) == 0;
        }
        if (here)
            list[kept++] = list[i];
    }
    own(s)->findings.n = kept * sizeof(*list);
}

/* Of the present configuration, which has just come into force. */
static void watch_directories(struct supervisor *s, const struct news *news)
{
    (void)news;
    const struct settings *settings = s->current.settings;
    forget_gone_units(s);
    if (own(s)->watch_fd >= 0)
        close(own(s)->watch_fd);
    own(s)->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    for (unsigned i = 0; i < settings->n_certificates && own(s)->watch_fd >= 0; i++)
        watch_one(s, parent_of(&settings->certificates[i]));
    if (settings->check.interval_ms > 0)
        check_now(s);
}

/* Which file changed does not matter: a reload looks at everything. */
static void read_watch(struct supervisor *s, int64_t now_ms)
{
    char events[4096];
    unsigned n = 0;
    while (n < WATCH_READS_A_TURN && own(s)->watch_fd >= 0 &&
           read(own(s)->watch_fd, events, sizeof(events)) > 0)
        n++;
    if (n > 0 && own(s)->watch_due_ms == 0)
        own(s)->watch_latest_ms = now_ms + WATCH_LATEST_MS;
    if (n > 0)
        own(s)->watch_due_ms = now_ms + WATCH_SETTLES_MS < own(s)->watch_latest_ms
                                   ? now_ms + WATCH_SETTLES_MS
                                   : own(s)->watch_latest_ms;
    if (own(s)->watch_due_ms == 0 || now_ms < own(s)->watch_due_ms || s->stopping || !s->ready)
        return;
    own(s)->watch_due_ms = 0;
    log_info("reload: a certificate's directory changed");
    supervisor_tell(s, EVENT_RELOAD_WANTED, &(struct news){.now_ms = now_ms});
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    read_watch(s, now_ms);
    look_at_lives(s, now_ms);
    look_at_directories(s, now_ms);
    start_checker(s, now_ms);
}

/* ---- for people ---- */

static void put_count(struct json *j, const char *key, int64_t value)
{
    json_put_key(j, str_of(key));
    json_put_integer(j, value);
}

static void put_counts(const struct supervisor *s, struct json *j)
{
    static const char *const keys[] = {
        [CERTIFICATE_UNCHECKED] = "certificates_unchecked",
        [CERTIFICATE_SERVED] = "certificates_served",
        [CERTIFICATE_UNREACHABLE] = "certificates_unreachable",
        [CERTIFICATE_WRONG] = "certificates_wrong",
    };
    const struct settings *settings = s->current.settings;
    int64_t counts[sizeof(keys) / sizeof(keys[0])] = {0}, now_s = clock_real_s();
    int64_t least_s = INT64_MAX;
    for (unsigned i = 0; i < settings->n_certificates; i++) {
        const struct certificate *c = &settings->certificates[i];
        const struct finding *f = find(s, c);
        bool newest = i == 0 || !str_eq(c->id, settings->certificates[i - 1].id);
        counts[f ? f->state : CERTIFICATE_UNCHECKED]++;
        if (newest && c->not_after_s - now_s < least_s)
            least_s = c->not_after_s - now_s;
    }
    put_count(j, "certificate_checks", (int64_t)own(s)->checks);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        put_count(j, keys[i], counts[i]);
    put_count(j, "certificate_seconds_left", least_s);
}

/* A directory may be called anything, and its name tells units apart: what JSON cannot show of it
   is written as in the log, and so is the backslash then. */
static void show_unit(struct buf *out, struct str unit)
{
    if (str_is_utf8(unit) && str_find(unit, '\\', 0) == unit.n)
        buf_add_str(out, unit);
    else
        buf_add_escaped(out, unit);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    const struct settings *settings = s->current.settings;
    char states[CONTROL_TEXT];
    uint8_t values[sizeof(states)] = {0};
    int64_t now_s = clock_real_s();
    enum reason reason;
    uint32_t active = NO_CERTIFICATE;
    struct switches_asked switched = {.on = NULL};
    supervisor_ask_switches(s, &switched);
    put_states(s, settings, states, sizeof(states));
    for (size_t i = 0; states[i]; i++)
        values[i] = (uint8_t)(states[i] - '0');
    json_put_key(j, STR("certificates"));
    json_begin_array(j);
    for (unsigned i = 0; i < settings->n_certificates; i++) {
        const struct certificate *c = &settings->certificates[i];
        const struct finding *f = find(s, c);
        bool newest = i == 0 || !str_eq(c->id, settings->certificates[i - 1].id);
        enum reason usable = certificate_usable(c, now_s);
        /* The reason that its calls would have; "found" says what is wrong, such as that it is
           revoked. */
        if (usable == REASON_OK && f && f->state == CERTIFICATE_WRONG)
            usable = REASON_CERTIFICATE_NOT_SERVED;
        if (newest)
            active = certificate_choose(&(struct certificate_question){.settings = settings,
                                                                       .states = values,
                                                                       .switches = switched.on,
                                                                       .now_s = now_s},
                                        i, &reason);
        struct buf unit = BUF_INIT;
        show_unit(&unit, c->unit);
        const struct {
            const char *key;
            struct str value;
        } texts[] = {{"id", c->id},
                     {"provider", settings->providers[c->provider].name},
                     {"unit", buf_str(&unit)},
                     {"spc", c->spc},
                     {"subject", c->subject},
                     {"serial", c->serial},
                     {"x5u", c->x5u},
                     {"state", usable == REASON_OK ? STR("usable") : reason_name(usable)},
                     {"url", certificate_state_name(f ? (enum certificate_state)f->state
                                                      : CERTIFICATE_UNCHECKED)},
                     {"found", f ? str_of(f->saying) : STR("")}};
        const struct {
            const char *key;
            int64_t value;
        } numbers[] = {{"not_before", c->not_before_s},
                       {"not_after", c->not_after_s},
                       {"days_left", (c->not_after_s - now_s) / 86400},
                       {"checked_at", f ? f->checked_at_s : 0}};
        json_begin_object(j);
        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
            json_put_key(j, str_of(texts[k].key));
            json_put_string(j, texts[k].value.p ? texts[k].value : STR(""));
        }
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
            json_put_key(j, str_of(numbers[k].key));
            json_put_integer(j, numbers[k].value);
        }
        json_put_key(j, STR("signs"));
        json_put_bool(j, i == active);
        json_end_object(j);
        j->out->failed |= buf_failed(&unit);
        buf_fini(&unit);
    }
    json_end_array(j);
}

/* By what OPTIONS of a trunk are answered too: its calls are signed by this certificate, unless a
   row, a rule or a customer names another. */
static bool signs_for(const struct certificate_question *q, const struct trunk *t)
{
    const uint32_t first = certificate_of_trunk(q->settings, t);
    enum reason reason;
    return first != NO_CERTIFICATE && certificate_choose(q, first, &reason) != NO_CERTIFICATE;
}

static void answer_lacks(const struct supervisor *s, struct lacks_asked *asked)
{
    const struct settings *settings = s->current.settings;
    char states[CONTROL_TEXT];
    uint8_t values[sizeof(states)] = {0};
    const struct certificate_question q = {
        .settings = settings, .states = values, .now_s = clock_real_s()};
    put_states(s, settings, states, sizeof(states));
    for (size_t i = 0; states[i]; i++)
        values[i] = (uint8_t)(states[i] - '0');
    for (unsigned i = 0; i < settings->n_trunks; i++) {
        const struct trunk *t = &settings->trunks[i];
        if (!service_words[t->service].signs || signs_for(&q, t))
            continue;
        asked->lacks[WEB_LACKS_CERTIFICATE] = true;
        asked->provider = settings->providers[t->provider].name;
        return;
    }
}

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    own(s)->watch_fd = -1;
}

static void fini(struct supervisor *s)
{
    buf_fini(&own(s)->findings);
    if (own(s)->watch_fd >= 0)
        close(own(s)->watch_fd);
}

static void watch(const struct supervisor *s, struct watched *watched, int64_t now_ms)
{
    (void)now_ms;
    if (own(s)->watch_fd >= 0)
        supervisor_watch(watched, own(s)->watch_fd);
}

static const struct ask asks[] = {{ADMIN_CHECK, act_check, CONTROL_CHANGE}, {.act = NULL}};

const struct part part_certificates = {
    .name = "certificates",
    .bytes = sizeof(struct certificates),
    .init = init,
    .fini = fini,
    .hears = hears,
    .watch = watch,
    .tick = tick,
    .on = {[EVENT_BEGINS] = watch_directories,
           [EVENT_HANDOUT] = put_in,
           [EVENT_IN_FORCE] = watch_directories},
    .count = count,
    .put_status = put_status,
    .put_counts = put_counts,
    .asks = asks,
    .answers_lacks = answer_lacks,
    .answers_states = answer_states,
};
