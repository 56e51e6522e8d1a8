/*
 * A reload: load aside, start the next signer, switch the workers, retire the old signer. Until
 * every worker has said that it serves the next snapshot the old state is the state, and any
 * mistake before leaves it so.
 */
#include "supervisor.h"

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
#include <stird/core/masked.h>
#include <string.h>
#include <unistd.h>

/* Calls ask for their signature within the sign timeout; this is for those that never close. */
#define RETIRED_LIMIT_MS    60000
#define RETIRED_GOODBYE_MS  1000
#define PROBLEMS_LOGGED_MAX 100
#define PROBLEMS_BYTES_MAX  (4 * 1024 * 1024)
#define PROBLEMS_PIECE      65536

static bool is_idle(const struct supervisor *s)
{
    return s->reload == RELOAD_NONE && s->loader.pid == 0 && s->next_signer.pid == 0;
}

static struct child *free_retired_slot(struct supervisor *s)
{
    for (unsigned i = 0; i < RETIRED_MAX; i++) {
        if (s->retired[i].pid == 0)
            return &s->retired[i];
    }
    return NULL;
}

static void hurry_oldest_retired(struct supervisor *s, int64_t now_ms)
{
    int64_t *oldest = &s->retired_until_ms[0];
    for (unsigned i = 1; i < RETIRED_MAX; i++) {
        if (s->retired_until_ms[i] < *oldest)
            oldest = &s->retired_until_ms[i];
    }
    if (*oldest > now_ms)
        *oldest = now_ms;
}

static int enter_loader(void *user, int control_fd)
{
    const struct supervisor *s = user;
    log_open("loader", STDERR_FILENO, s->journal);
    return loader_main(
        &(struct loader_options){s->path, &s->current, s->started_with, s->force_asked},
        control_fd);
}

void supervisor_reload(struct supervisor *s, int64_t now_ms)
{
    s->reload_again = true;
    if (!is_idle(s) || !s->ready || s->stopping)
        return;
    if (!free_retired_slot(s)) {
        hurry_oldest_retired(s, now_ms);
        return;
    }
    s->reload_again = false;
    s->reload_ticket = s->reload_tickets;
    buf_reset(&s->reload_problems);
    buf_reset(&s->reload_warnings);
    notify_reloading();
    log_info("reload: reading the configuration");
    supervisor_reopen_records(s);
    supervisor_overlay_tidy(s);
    s->reload = RELOAD_LOADING;
    s->loader_told = false;
    int r = child_start(&s->loader, enter_loader, s, NULL, 0, now_ms);
    s->force_asked = false;
    if (r)
        supervisor_reload_failed(s, strerror(-r));
}

/* It ends at once, as at a stop; nobody waits for it. */
static void let_go(struct child *c)
{
    child_close_control(c);
    child_kill(c, SIGTERM);
}

/* The old state goes on; a worker that has already switched is switched back. */
void supervisor_reload_failed(struct supervisor *s, const char *why)
{
    if (s->reload == RELOAD_NONE)
        return;
    bool switching = s->reload == RELOAD_SWITCHING;
    uint64_t failed_generation = s->next.generation;
    s->failed_reloads++;
    log_error("reload failed, the old configuration stays in force", LOG_CSTR("why", why),
              LOG_NUMBER("generation", (int64_t)s->current.generation));
    s->reload = RELOAD_NONE;
    if (s->loader.control_fd >= 0 && !s->loader_told)
        let_go(&s->loader);
    let_go(&s->next_signer);
    configuration_fini(&s->next);
    for (unsigned w = 0; switching && w < s->n_workers; w++) {
        if (s->in_use[w] == failed_generation && s->workers[w].pid > 0)
            supervisor_send_snapshot(s, w, &s->current, &s->signer);
    }
    s->next_status_ms = 0;
    snprintf(s->reload_failure, sizeof(s->reload_failure), "%s", why);
    supervisor_admin_reloaded(s, s->reload_failure);
    notify_ready();
}

void supervisor_reload_problem(struct supervisor *s, const char *text)
{
    if (s->reload_problems.n >= PROBLEMS_BYTES_MAX)
        return;
    buf_add_shown(&s->reload_problems, str_of(text));
    buf_add_char(&s->reload_problems, '\n');
}

/* Read, not mapped: who reads a hole by pread() pays no memory for it. */
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
    if (!read_lines(&s->reload_problems, fd))
        return;
    rest = buf_str(&s->reload_problems);
    for (; rest.n > 0 && logged < PROBLEMS_LOGGED_MAX; logged++)
        log_problem(s, str_cut(&rest, '\n'));
    if (rest.n > 0)
        log_error("configuration: there are more problems: stird -t lists all");
}

/* Of memory alone it is known that nobody waits in it: not of a socket, a terminal, a disk. */
static bool are_sealed(const int *fds, unsigned n_fds)
{
    for (unsigned i = 0; i < n_fds; i++)
        if (!memory_file_is_sealed(fds[i]))
            return false;
    return true;
}

/* What the loader cannot tell, for the rights that it gave up. */
static bool tell_problems(struct supervisor *s, struct problems *problems)
{
    bool good = !problems_any(problems);
    problems_print(problems, &s->reload_problems);
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
        configuration_print_warnings(&s->next, &s->reload_warnings);
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

static void take_loaded(struct supervisor *s, const struct control_message *message, int *fds,
                        int64_t now_ms)
{
    const char *why;
    /* What time it is, the loader need not tell: by that certificates are in force or not. */
    bool good = configuration_from_fds(&s->next, s->path, fds[0], fds[1], clock_real_s(), &why);
    if (!good) {
        supervisor_reload_failed(s, why);
        return;
    }
    s->next.is_forced = message->forced;
    if (!may_write_files(s) || !groups_are_there(s)) {
        supervisor_reload_failed(s, "there are problems in the configuration");
        return;
    }
    s->next.generation = ++s->last_generation;
    s->next.urgent_faults = message->urgent_faults;
    s->next.urgent_unknown = message->urgent_unknown;
    s->reload = RELOAD_SIGNER;
    int r = supervisor_start_signer(s, &s->next_signer, &s->next, now_ms);
    if (r)
        supervisor_reload_failed(s, strerror(-r));
}

void supervisor_loader_message(struct supervisor *s, const struct control_message *message,
                               int *fds, unsigned n_fds, int64_t now_ms)
{
    bool expected = s->reload == RELOAD_LOADING, sealed = are_sealed(fds, n_fds);
    if (expected && sealed && message->type == CONTROL_SNAPSHOT && (n_fds == 2 || n_fds == 3)) {
        if (n_fds == 3 && !read_lines(&s->reload_warnings, fds[2]))
            buf_reset(&s->reload_warnings);
        if (n_fds == 3)
            close(fds[2]);
        take_loaded(s, message, fds, now_ms);
        return;
    }
    if (expected && sealed && message->type == CONTROL_ALARM && n_fds == 1) {
        take_problems(s, fds[0]);
        s->loader_told = true; /* and ends by itself */
        supervisor_reload_failed(s, "there are problems in the configuration");
    } else if (expected) {
        supervisor_child_false(s, &s->loader,
                               "a word that no child of its kind has, or not with what belongs to "
                               "it");
    }
    for (unsigned i = 0; i < n_fds; i++)
        close(fds[i]);
}

void supervisor_next_signer_serves(struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    if (s->reload != RELOAD_SIGNER)
        return;
    s->reload = RELOAD_SWITCHING;
    for (unsigned w = 0; w < s->n_workers; w++) {
        /* A worker that is not there now gets the present state first, then would be late. */
        int r = s->workers[w].state == CHILD_SERVING
                    ? supervisor_send_snapshot(s, w, &s->next, &s->next_signer)
                    : -ESRCH;
        if (r) {
            supervisor_reload_failed(s, "a worker is being replaced at the moment: reload again");
            return;
        }
    }
}

/* Its descriptors and timers move along: from here on it finishes and is let go. */
static void retire_signer(struct supervisor *s, int64_t now_ms)
{
    const struct control_message message = {.type = CONTROL_DRAIN};
    struct child *slot = free_retired_slot(s);
    if (s->signer.pid == 0)
        return;
    child_send(&s->signer, &message, NULL, 0);
    if (!slot) { /* a reload does not begin without one */
        child_kill(&s->signer, SIGKILL);
        slot = &s->retired[0];
    }
    *slot = s->signer;
    slot->restart_at_ms = 0;
    s->retired_generation[slot - s->retired] = s->current.generation;
    s->retired_until_ms[slot - s->retired] = now_ms + RETIRED_LIMIT_MS;
}

static void commit(struct supervisor *s, int64_t now_ms)
{
    retire_signer(s, now_ms);
    s->signer = s->next_signer;
    child_init(&s->next_signer, s->signer.role, 0);
    uint64_t rows_before = s->current.numbers.rows;
    bool forced = s->next.is_forced;
    bool other_file = !str_eq(s->next.settings->records_file, s->current.settings->records_file);
    if (s->current.settings == s->started_with)
        s->current.settings = NULL; /* it stays, to be compared with */
    configuration_fini(&s->current);
    s->current = s->next;
    s->next = CONFIGURATION_INIT;
    s->reload = RELOAD_NONE;
    s->reloads++;
    s->next_status_ms = 0;
    if (other_file)
        supervisor_use_record_file(s, s->current.settings->records_file);
    else
        supervisor_send_record_file(s); /* its limits may be others */
    if (forced)
        supervisor_record_forced(s, rows_before);
    counter_book_in_force(s->book, s->current.settings);
    log_set_level(s->current.settings->log_level);
    supervisor_let_in(s);
    supervisor_watch_certificates(s);
    s->reload_failure[0] = '\0';
    supervisor_admin_reloaded(s, NULL);
    log_info("reload done, the new configuration is in force",
             LOG_NUMBER("generation", (int64_t)s->current.generation),
             LOG_NUMBER("number_rows", (int64_t)s->current.numbers.rows));
    notify_ready();
}

void supervisor_worker_switched(struct supervisor *s, unsigned w, int64_t now_ms)
{
    if (s->reload == RELOAD_SWITCHING) {
        for (unsigned i = 0; i < s->n_workers; i++) {
            if (s->in_use[i] != s->next.generation)
                return;
        }
        commit(s, now_ms);
    } else if (s->in_use[w] != s->current.generation) {
        supervisor_send_snapshot(s, w, &s->current, &s->signer); /* of a reload that failed */
    }
}

/* No call holds a snapshot of its generation: nobody waits for this signer any more. */
static bool is_done(const struct supervisor *s, uint64_t generation)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        if (s->workers[w].pid > 0 && s->oldest[w] <= generation)
            return false;
    }
    return true;
}

void supervisor_drop_retired(struct supervisor *s, int64_t now_ms)
{
    for (unsigned i = 0; i < RETIRED_MAX; i++) {
        struct child *c = &s->retired[i];
        if (c->pid == 0)
            continue;
        bool due = now_ms >= s->retired_until_ms[i];
        if (c->control_fd >= 0 && (due || is_done(s, s->retired_generation[i]))) {
            child_close_control(c); /* which ends it */
            s->retired_until_ms[i] = now_ms + RETIRED_GOODBYE_MS;
        } else if (c->control_fd < 0 && due) {
            child_kill(c, SIGKILL);
            s->retired_until_ms[i] = now_ms + RETIRED_GOODBYE_MS;
        }
    }
}
