/*
 * A reload: load aside, have what it takes prepared (the next signer), have it taken (by the
 * workers), put it in force. The old state stays until all workers have taken the new one; any
 * mistake before that leaves it in force.
 */
#include "asker.h"
#include "questions.h"

#include "daemon/loader_process.h"
#include "daemon/notify.h"
#include "daemon/outside.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/memory_file.h>
#include <stird/conf/settings_file.h>
#include <stird/core/masked.h>
#include <stird/io/admin.h>
#include <string.h>
#include <unistd.h>

#define PROBLEMS_LOGGED_MAX 100
#define PROBLEMS_BYTES_MAX  (4 * 1024 * 1024)
#define PROBLEMS_PIECE      65536

#define GOODBYE_MS 1000 /* to end by itself */

#define PROBLEMS_TOLD_MAX (64 * 1024)
#define FAILURE_TEXT_MAX  256

enum reload_step {
    RELOAD_NONE,
    RELOAD_LOADING,   /* the loader reads and checks */
    RELOAD_PREPARING, /* parts have what it takes prepared */
    RELOAD_SWITCHING, /* it is handed out */
};

struct reload {
    enum reload_step step;
    bool again;               /* another one is wanted, after the present one or as soon as
                                 possible */
    bool force_asked;         /* of the next one: past numbers.max_shrink_percent */
    bool is_shadow;           /* the present one is only read, for calls to be decided by it too */
    bool loader_told;         /* it has told what is wrong, which was its last word */
    int64_t goodbye_ms;       /* the loader is killed when it has not ended by then; 0: it is not to
                                 end */
    uint64_t last_generation; /* given out, whether it came into force or not */
    uint64_t done, failed;
    char failure[FAILURE_TEXT_MAX]; /* of the last one; empty: it went well */
    struct buf problems;            /* problems that it found, a line each */
    struct buf warnings;            /* the same, of what is probably not meant */
    uint64_t tickets, ticket; /* a reload answers all tickets that were given out before it began */
};

static struct reload *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_reload);
}

static struct child *loader(const struct supervisor *s)
{
    return supervisor_places(s, ROLE_LOADER);
}

static bool is_idle(const struct supervisor *s)
{
    return own(s)->step == RELOAD_NONE && loader(s)->pid == 0;
}

static bool may_begin(const struct supervisor *s, int64_t now_ms)
{
    struct reload_asked asked = {.now_ms = now_ms};
    if (!is_idle(s) || !s->ready || s->stopping)
        return false;
    supervisor_ask_reload(s, &asked);
    return !asked.not_yet;
}

/* ---- the end of one ---- */

static void put_lines(struct json *j, struct str key, struct str text)
{
    json_put_key(j, key);
    json_begin_array(j);
    if (text.n > PROBLEMS_TOLD_MAX) {
        text = str_slice(text, 0, PROBLEMS_TOLD_MAX);
        while (text.n > 0 && text.p[text.n - 1] != '\n')
            text.n--;
    }
    while (text.n > 0)
        json_put_string(j, str_cut(&text, '\n'));
    json_end_array(j);
}

/* WHY it failed, or NULL. */
static void put_end(const struct supervisor *s, struct json *j, const char *why)
{
    json_begin_object(j);
    json_put_key(j, STR("reloaded"));
    json_put_bool(j, why == NULL && !own(s)->is_shadow);
    if (own(s)->is_shadow) {
        json_put_key(j, STR("shadow"));
        json_put_bool(j, why == NULL);
    }
    json_put_key(j, STR("generation"));
    json_put_integer(j, (int64_t)s->current.generation);
    json_put_key(j, STR("number_rows"));
    json_put_integer(j, (int64_t)s->current.numbers.rows);
    if (why) {
        json_put_key(j, STR("why"));
        json_put_string(j, str_of(why));
        put_lines(j, STR("problems"), buf_str(&own(s)->problems));
    } else {
        put_lines(j, STR("warnings"), buf_str(&own(s)->warnings));
    }
    json_end_object(j);
}

struct reply {
    uint32_t status;
    struct buf text;
};

static void tell_one(struct supervisor *s, struct asker *a, void *user)
{
    const struct reply *reply = user;
    if (a->ticket <= own(s)->ticket)
        asker_answer_json(a, reply->status, &reply->text);
}

static void tell_end(struct supervisor *s, const char *why)
{
    struct reply reply = {why ? ASKER_REFUSED : 0, BUF_INIT};
    struct json j = json_writer(&reply.text, false);
    put_end(s, &j, why);
    asker_each(s, &part_reload, tell_one, &reply);
    buf_fini(&reply.text);
    supervisor_tell(s, EVENT_RELOAD_ENDS, &(struct news){.why = why});
}

/* It ends at once, as at a stop; nobody waits for it. */
static void let_go(struct child *c)
{
    child_close_control(c);
    child_kill(c, SIGTERM);
}

static void say_failed(struct supervisor *s, const char *why)
{
    if (own(s)->is_shadow) {
        log_warning("the second configuration (reload --shadow) is not taken",
                    LOG_CSTR("why", why));
        return;
    }
    own(s)->failed++;
    log_error("reload failed, the old configuration stays in force", LOG_CSTR("why", why),
              LOG_NUMBER("generation", (int64_t)s->current.generation));
}

/* The old state goes on. */
static void fail(struct supervisor *s, const char *why)
{
    if (own(s)->step == RELOAD_NONE)
        return;
    say_failed(s, why);
    own(s)->step = RELOAD_NONE;
    if (loader(s)->control_fd >= 0 && !own(s)->loader_told)
        let_go(loader(s));
    const int64_t now_ms = clock_monotonic_ms();
    own(s)->goodbye_ms = now_ms + GOODBYE_MS;
    configuration_fini(&s->next);
    if (own(s)->is_shadow) {
        tell_end(s, why);
        own(s)->is_shadow = false;
        return;
    }
    supervisor_tell(s, EVENT_NEXT_DROPPED, &(struct news){.now_ms = now_ms});
    snprintf(own(s)->failure, sizeof(own(s)->failure), "%s", why);
    tell_end(s, own(s)->failure);
    notify_ready();
}

/* ---- the begin of one ---- */

static void reload(struct supervisor *s, int64_t now_ms)
{
    own(s)->again = true;
    if (!may_begin(s, now_ms))
        return;
    own(s)->again = false;
    own(s)->ticket = own(s)->tickets;
    buf_reset(&own(s)->problems);
    buf_reset(&own(s)->warnings);
    if (!own(s)->is_shadow) {
        notify_reloading();
        supervisor_tell(s, EVENT_RELOAD_BEGINS, &(struct news){.now_ms = now_ms});
    }
    log_info(own(s)->is_shadow ? "reload --shadow: reading the configuration"
                               : "reload: reading the configuration");
    own(s)->step = RELOAD_LOADING;
    own(s)->loader_told = false;
    own(s)->goodbye_ms = 0;
    int r = supervisor_start_child(s, loader(s), now_ms);
    own(s)->force_asked = false;
    if (r)
        fail(s, strerror(-r));
}

/* Keeps the line for those who wait to hear why the reload failed. */
static void on_fault(struct supervisor *s, const struct news *news)
{
    if (own(s)->problems.n >= PROBLEMS_BYTES_MAX)
        return;
    buf_add_shown(&own(s)->problems, str_of(news->why));
    buf_add_char(&own(s)->problems, '\n');
}

/* Reads and does not map: a hole costs no memory when it is read by pread(). */
static bool read_lines(struct buf *lines, int fd)
{
    ssize_t n = 1;
    for (off_t at = 0; n > 0 && at < PROBLEMS_BYTES_MAX; at += n) {
        char *room = buf_room(lines, PROBLEMS_PIECE);
        n = room ? pread(fd, room, PROBLEMS_PIECE, at) : -1;
        if (n > 0)
            buf_grew(lines, (size_t)n);
    }
    return !buf_failed(lines);
}

/* A row of a table is told with its number. */
static void log_problem(const struct supervisor *s, struct str text)
{
    struct buf shown = BUF_INIT;
    masked_text(&shown, text, s->current.settings && s->current.settings->mask_numbers);
    log_error("configuration", LOG_TEXT("problem", buf_str(&shown)));
    buf_fini(&shown);
}

static void take_problems(struct supervisor *s, int fd)
{
    struct str rest;
    unsigned logged = 0;
    if (!read_lines(&own(s)->problems, fd))
        return;
    rest = buf_str(&own(s)->problems);
    for (; rest.n > 0 && logged < PROBLEMS_LOGGED_MAX; logged++)
        log_problem(s, str_cut(&rest, '\n'));
    if (rest.n > 0)
        log_error("configuration: there are more problems: stird -t lists all");
}

/* Only sealed memory never keeps its reader waiting; a socket, a terminal or a disk may. */
static bool are_sealed(const int *fds, unsigned n_fds)
{
    for (unsigned i = 0; i < n_fds; i++)
        if (!memory_file_is_sealed(fds[i]))
            return false;
    return true;
}

/* Finds what the loader cannot find, since it has given up the rights for that. */
static bool tell_problems(struct supervisor *s, struct problems *problems)
{
    bool good = !problems_any(problems);
    problems_print(problems, &own(s)->problems);
    for (size_t i = 0; i < problems->n; i++)
        log_problem(s, str_of(problems->list[i].text));
    problems_fini(problems);
    return good;
}

static bool may_write_files(struct supervisor *s)
{
    struct problems problems = PROBLEMS_INIT;
    const struct setting_warning *said = s->next.settings->warnings;
    if (geteuid() == 0) {
        s->next.settings->warnings = NULL; /* the loader has logged these */
        outside_check_files(s->next.settings, s->current.settings, &problems);
        configuration_log_warnings(&s->next);
        configuration_print_warnings(&s->next, &own(s)->warnings);
    }
    s->next.settings->warnings = said;
    return tell_problems(s, &problems);
}

static bool groups_are_there(struct supervisor *s)
{
    struct problems problems = PROBLEMS_INIT;
    control_groups_find(&s->next.groups, s->next.settings, s->path, &problems);
    return tell_problems(s, &problems);
}

/* Hands it to who has calls decided by it too; the present one stays in force. */
static void give_to_shadow(struct supervisor *s, int64_t now_ms)
{
    own(s)->step = RELOAD_NONE;
    supervisor_tell(s, EVENT_SHADOW_READ, &(struct news){.now_ms = now_ms});
    configuration_fini(&s->next);
    tell_end(s, NULL);
    own(s)->is_shadow = false;
}

static void take_loaded(struct supervisor *s, const struct control_loaded *message, int *fds,
                        int64_t now_ms)
{
    const char *why;
    /* The time, by which certificates are in force or not, is not taken from the loader. */
    bool good = configuration_from_fds(&s->next, s->path, fds[0], fds[1], clock_real_s(), &why);
    if (!good) {
        fail(s, why);
        return;
    }
    s->next.is_forced = message->forced;
    if (!may_write_files(s) || !groups_are_there(s)) {
        fail(s, "there are problems in the configuration");
        return;
    }
    s->next.generation = ++own(s)->last_generation;
    s->next.urgent_faults = counters_sum(0, message->urgent_faults);
    s->next.urgent_unknown = counters_sum(0, message->urgent_unknown);
    if (own(s)->is_shadow) {
        give_to_shadow(s, now_ms);
        return;
    }
    own(s)->step = RELOAD_PREPARING;
    supervisor_tell(s, EVENT_NEXT_READ, &(struct news){.now_ms = now_ms});
}

/* ---- the loader ---- */

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    (void)c;
    return loader_main(
        &(struct loader_options){s->path, &s->current, s->started_with, own(s)->force_asked},
        control_fd);
}

/* False: the loader is not heard any more, or what came with its word is not sealed. */
static bool is_expected(struct supervisor *s, const struct heard *h)
{
    if (own(s)->step != RELOAD_LOADING)
        return false;
    if (!are_sealed(h->fds, h->n_fds)) {
        supervisor_child_false(s, h->child, "a word with what does not belong to it");
        return false;
    }
    return true;
}

static void hear_loaded(struct supervisor *s, const struct heard *h)
{
    if (!is_expected(s, h))
        return;
    if (h->n_fds == 3 && !read_lines(&own(s)->warnings, h->fds[2]))
        buf_reset(&own(s)->warnings);
    own(s)->goodbye_ms = h->now_ms + GOODBYE_MS; /* LOADED is its last word */
    take_loaded(s, &h->message->loaded, h->fds, h->now_ms);
    h->fds[0] = h->fds[1] = -1;
}

static void hear_mistakes(struct supervisor *s, const struct heard *h)
{
    if (!is_expected(s, h))
        return;
    take_problems(s, h->fds[0]);
    own(s)->loader_told = true; /* the loader ends by itself */
    fail(s, "there are problems in the configuration");
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)c;
    (void)death;
    if (own(s)->step == RELOAD_LOADING)
        fail(s, "the loader died");
}

static const struct word hears[] = {
    {ROLE_LOADER, CONTROL_LOADED, hear_loaded},
    {ROLE_LOADER, CONTROL_MISTAKES, hear_mistakes},
    {.take = NULL},
};

const struct duty duty_loader = {.enter = enter, .gone = gone};

/* ---- the switch ---- */

static void on_prepared(struct supervisor *s, const struct news *news)
{
    (void)news;
    if (own(s)->step == RELOAD_PREPARING)
        own(s)->step = RELOAD_SWITCHING;
}

static void commit(struct supervisor *s, int64_t now_ms)
{
    struct configuration before = s->current;
    s->current = s->next;
    s->next = CONFIGURATION_INIT;
    own(s)->step = RELOAD_NONE;
    own(s)->done++;
    supervisor_tell(s, EVENT_IN_FORCE, &(struct news){.before = &before, .now_ms = now_ms});
    if (before.settings == s->started_with)
        before.settings = NULL; /* the settings of the start stay, to be compared with */
    configuration_fini(&before);
    own(s)->failure[0] = '\0';
    tell_end(s, NULL);
    log_info("reload done, the new configuration is in force",
             LOG_NUMBER("generation", (int64_t)s->current.generation),
             LOG_NUMBER("number_rows", (int64_t)s->current.numbers.rows));
    notify_ready();
}

static void on_taken(struct supervisor *s, const struct news *news)
{
    if (own(s)->step == RELOAD_SWITCHING)
        commit(s, news->now_ms);
}

/* ---- what ends one ---- */

static void on_fails(struct supervisor *s, const struct news *news)
{
    fail(s, news->why);
}

static void on_stopping(struct supervisor *s, const struct news *news)
{
    (void)news;
    fail(s, "stird is stopping");
}

/* ---- who wants one ---- */

static void on_wanted(struct supervisor *s, const struct news *news)
{
    reload(s, news->now_ms);
}

/* Kills a loader that should have ended by itself: while it is there no other reload can begin. */
static void end_who_stays(struct supervisor *s, int64_t now_ms)
{
    if (own(s)->goodbye_ms == 0 || now_ms < own(s)->goodbye_ms)
        return;
    own(s)->goodbye_ms = 0;
    child_kill(loader(s), SIGKILL);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    return own(s)->goodbye_ms ? own(s)->goodbye_ms : INT64_MAX;
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    end_who_stays(s, now_ms);
    if (own(s)->again)
        reload(s, now_ms);
}

static void act_reload(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    if (s->stopping || !s->ready) {
        asker_answer(a, ASKER_REFUSED,
                     s->stopping ? STR("stird is stopping") : STR("stird is not ready yet"));
        return;
    }
    const bool shadow = str_eq(text, STR("shadow")) || str_eq(text, STR("force shadow"));
    if (shadow && (own(s)->again || !may_begin(s, now_ms))) {
        asker_answer(a, ASKER_REFUSED, STR("a reload is under way: ask again"));
        return;
    }
    own(s)->is_shadow = own(s)->is_shadow || shadow;
    own(s)->tickets++;
    if (a->waits)
        asker_wait(a, &part_reload, own(s)->tickets, now_ms + ASKER_WAIT_MS);
    else
        asker_answer(a, 0, STR("{\"accepted\":true}"));
    own(s)->force_asked = own(s)->force_asked || str_starts(text, STR("force"));
    reload(s, now_ms);
}

/* ---- the part ---- */

static void init(struct supervisor *s)
{
    own(s)->last_generation = 1; /* that of the start */
}

static void fini(struct supervisor *s)
{
    buf_fini(&own(s)->problems);
    buf_fini(&own(s)->warnings);
}

static void count_change(void *user, const struct setting_change *change)
{
    (void)change;
    ++*(uint64_t *)user;
}

static uint64_t changes(const struct supervisor *s)
{
    uint64_t n = 0;
    settings_need_restart(s->current.settings, s->started_with, count_change, &n);
    return n;
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    values[ALARM_reload_failed] = own(s)->failure[0] != '\0';
    values[ALARM_needs_restart] = changes(s);
}

static void put_integer(struct json *j, struct str key, int64_t value)
{
    json_put_key(j, key);
    json_put_integer(j, value);
}

static void put_status(const struct supervisor *s, struct json *j, int64_t now_ms)
{
    (void)now_ms;
    json_put_key(j, STR("configuration"));
    json_begin_object(j);
    json_put_key(j, STR("file"));
    json_put_string(j, s->path);
    put_integer(j, STR("generation"), (int64_t)s->current.generation);
    put_integer(j, STR("read_at"), s->current.read_at_s);
    put_integer(j, STR("reloads"), (int64_t)own(s)->done);
    put_integer(j, STR("failed_reloads"), (int64_t)own(s)->failed);
    json_put_key(j, STR("reloading"));
    json_put_bool(j, own(s)->step != RELOAD_NONE);
    json_put_key(j, STR("last_failure"));
    if (own(s)->failure[0])
        json_put_string(j, str_of(own(s)->failure));
    else
        json_put_null(j);
    json_end_object(j);
}

static void add_counts(const struct supervisor *s, struct service_counters *c)
{
    c->reloads = own(s)->done;
    c->failed_reloads = own(s)->failed;
}

static const struct ask asks[] = {{ADMIN_RELOAD, act_reload, CONTROL_CHANGE}, {.act = NULL}};

const struct part part_reload = {
    .name = "reload",
    .bytes = sizeof(struct reload),
    .init = init,
    .fini = fini,
    .hears = hears,
    .deadline = deadline,
    .tick = tick,
    .on = {[EVENT_STOPPING] = on_stopping,
           [EVENT_RELOAD_WANTED] = on_wanted,
           [EVENT_NEXT_FAULT] = on_fault,
           [EVENT_NEXT_PREPARED] = on_prepared,
           [EVENT_NEXT_TAKEN] = on_taken,
           [EVENT_NEXT_FAILS] = on_fails},
    .count = count,
    .put_status = put_status,
    .add_counts = add_counts,
    .asks = asks,
};
