/*
 * Urgent changes to the number table (overlay.h). The journal is the truth. What it says beyond the
 * compiled table is compiled to a small table of its own, which each worker consults first; a
 * reload takes the journal into the table, and the small one shrinks.
 */
#include "supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stird/admin.h>
#include <stird/clock.h>
#include <stird/log.h>
#include <stird/numbers_files.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REFUSED 1

/* The table of what the compiled one does not have yet; *FD is -1 when it has all. */
static bool compile(const struct supervisor *s, int *fd, struct problems *problems)
{
    struct buf csv = BUF_INIT;
    bool good = true;
    *fd = -1;
    if (overlay_count(s->overlay, s->overlay_folded) > 0) {
        overlay_table(s->overlay, s->overlay_folded, &csv);
        if (buf_failed(&csv))
            problems_add(problems, overlay_path(s->overlay), 0, "out of memory");
        good = !buf_failed(&csv) &&
               numbers_overlay_compile(overlay_path(s->overlay), buf_str(&csv), fd, problems);
    }
    buf_fini(&csv);
    return good;
}

int supervisor_send_overlay(struct supervisor *s, unsigned w)
{
    const struct control_message message = {.type = CONTROL_OVERLAY, .worker = w};
    bool any = s->overlay_fd >= 0;
    if (s->workers[w].pid == 0)
        return 0;
    return child_send(&s->workers[w], &message, any ? &s->overlay_fd : NULL, any);
}

static void use(struct supervisor *s, int fd)
{
    if (s->overlay_fd >= 0)
        close(s->overlay_fd);
    s->overlay_fd = fd;
    for (unsigned w = 0; w < s->n_workers; w++)
        supervisor_send_overlay(s, w);
}

static void refresh(struct supervisor *s)
{
    struct problems problems = PROBLEMS_INIT;
    int fd;
    if (compile(s, &fd, &problems))
        use(s, fd);
    else
        log_error("the urgent changes cannot be compiled: those of before stay in force");
    problems_fini(&problems);
}

void supervisor_overlay_loading(struct supervisor *s)
{
    uint32_t before = overlay_lines(s->overlay);
    int r = overlay_compact(s->overlay);
    if (r)
        log_warning("the journal of urgent changes stays long", LOG_CSTR("error", strerror(-r)));
    if (overlay_lines(s->overlay) != before) {
        s->overlay_folded = 0; /* its lines have other numbers now */
        refresh(s);
    }
    s->overlay_loading = overlay_lines(s->overlay);
}

/* What the present table has of the first LINES of the journal. */
static uint32_t folded(const struct supervisor *s, uint32_t lines)
{
    return s->current.settings->numbers_compiled.n > 0 ? 0 : lines;
}

void supervisor_overlay_loaded(struct supervisor *s)
{
    s->overlay_folded = folded(s, s->overlay_loading);
    refresh(s);
}

bool supervisor_open_overlay(struct supervisor *s, struct problems *problems)
{
    s->overlay = overlay_read(s->current.settings->state_directory, problems);
    if (!s->overlay)
        return false;
    s->overlay_folded = folded(s, overlay_lines(s->overlay)); /* compiled just now */
    refresh(s);
    return true;
}

/* A table that was compiled elsewhere has none of them: they are in force before it is. */
void supervisor_overlay_switching(struct supervisor *s)
{
    if (s->next.settings->numbers_compiled.n == 0 || s->overlay_folded == 0)
        return;
    s->overlay_folded = 0;
    refresh(s);
}

/* ---- what stirctl asks ---- */

static void split(struct str text, struct str field[OVERLAY_FIELDS])
{
    for (int i = 0; i < OVERLAY_FIELDS; i++)
        field[i] = text.p ? str_cut(&text, '\0') : STR("");
}

static uint32_t user_of(int fd)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t n = sizeof(peer);
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n);
    return peer.uid;
}

static void tell_problems(struct admin_client *c, struct problems *problems)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < problems->n; i++)
        buf_addf(&text, "%s%s", i > 0 ? "; " : "", problems->list[i].text);
    if (buf_failed(&text) || text.n == 0 || text.n > ADMIN_REPLY_MAX)
        supervisor_admin_answer(c, REFUSED, STR("the change cannot be compiled"));
    else
        supervisor_admin_answer(c, REFUSED, buf_str(&text));
    buf_fini(&text);
}

static void tell_done(struct supervisor *s, struct admin_client *c, const char *note)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    json_put_key(&j, STR("in_force"));
    json_put_integer(&j, (int64_t)overlay_count(s->overlay, 0));
    if (note) {
        json_put_key(&j, STR("note"));
        json_put_string(&j, str_of(note));
    }
    json_end_object(&j);
    supervisor_admin_answer(c, buf_failed(&out), buf_str(&out));
    buf_fini(&out);
}

/* Checked by the compile, then written, and only then in force. */
static bool commit(struct supervisor *s, struct admin_client *c)
{
    struct problems problems = PROBLEMS_INIT;
    int fd = -1;
    bool good = compile(s, &fd, &problems);
    if (!good) {
        overlay_revert(s->overlay);
        tell_problems(c, &problems);
    } else {
        int r = overlay_write(s->overlay);
        good = r == 0;
        if (!good) {
            if (fd >= 0)
                close(fd);
            log_error("an urgent change of a number could not be written and is not in force",
                      LOG_CSTR("error", strerror(-r)));
            supervisor_admin_answer(c, REFUSED, str_of(strerror(-r)));
        }
    }
    if (good)
        use(s, fd);
    problems_fini(&problems);
    return good;
}

static void log_change(const char *what, const struct str field[OVERLAY_FIELDS], uint32_t uid)
{
    log_info(what, LOG_TEXT("number", field[OVERLAY_NUMBER]),
             LOG_TEXT("customer", field[OVERLAY_CUSTOMER]), LOG_TEXT("state", field[OVERLAY_STATE]),
             LOG_NUMBER("user", uid));
}

void supervisor_admin_numbers_set(struct supervisor *s, struct admin_client *c, struct str text,
                                  int64_t now_ms)
{
    (void)now_ms;
    struct str field[OVERLAY_FIELDS];
    uint32_t uid = user_of(c->fd);
    split(text, field);
    const char *why = overlay_set(s->overlay, field, clock_real_s(), uid);
    if (why) {
        supervisor_admin_answer(c, REFUSED, str_of(why));
    } else if (commit(s, c)) {
        log_change("a number was changed ahead of the tables", field, uid);
        tell_done(s, c, NULL);
    }
}

void supervisor_admin_numbers_unset(struct supervisor *s, struct admin_client *c, struct str text,
                                    int64_t now_ms)
{
    struct str field[OVERLAY_FIELDS];
    uint32_t uid = user_of(c->fd);
    bool folded = false;
    split(text, field);
    const char *why = overlay_unset(s->overlay, field[OVERLAY_NUMBER], field[OVERLAY_CUSTOMER],
                                    clock_real_s(), uid, s->overlay_folded, &folded);
    if (why) {
        supervisor_admin_answer(c, REFUSED, str_of(why));
    } else if (commit(s, c)) {
        log_change("an urgent change of a number was taken back", field, uid);
        tell_done(s, c,
                  folded ? "the compiled table still has it: a reload that begins now takes it out"
                         : NULL);
        if (folded)
            supervisor_reload(s, now_ms);
    }
}

struct listing {
    struct json *json;
    uint32_t folded;
};

static void put_time(struct json *j, int64_t seconds)
{
    char text[32];
    struct tm broken;
    time_t t = (time_t)seconds;
    size_t n = 0;
    if (gmtime_r(&t, &broken))
        n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &broken);
    json_put_string(j, (struct str){text, n});
}

static void put_entry(void *user, uint32_t line, const struct str *field, int64_t changed_s,
                      uint32_t uid)
{
    static const char *const names[OVERLAY_FIELDS] = {
        "number", "customer", "state", "not_before", "not_after", "cert", "note"};
    struct listing *listing = user;
    struct json *j = listing->json;
    if (j->out->n > ADMIN_REPLY_MAX / 2)
        return; /* the count below tells that there are more */
    json_begin_object(j);
    for (int i = 0; i < OVERLAY_FIELDS; i++) {
        json_put_key(j, str_of(names[i]));
        json_put_string(j, field[i]);
    }
    json_put_key(j, STR("line"));
    json_put_integer(j, line);
    json_put_key(j, STR("changed"));
    put_time(j, changed_s);
    json_put_key(j, STR("user"));
    json_put_integer(j, uid);
    json_put_key(j, STR("in_table"));
    json_put_bool(j, line <= listing->folded);
    json_end_object(j);
}

void supervisor_admin_numbers_list(struct supervisor *s, struct admin_client *c, struct str text,
                                   int64_t now_ms)
{
    (void)text, (void)now_ms;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    struct listing listing = {&j, s->overlay_folded};
    json_begin_object(&j);
    json_put_key(&j, STR("journal"));
    json_put_string(&j, overlay_path(s->overlay));
    json_put_key(&j, STR("entries"));
    json_begin_array(&j);
    overlay_each(s->overlay, put_entry, &listing);
    json_end_array(&j);
    json_put_key(&j, STR("in_force"));
    json_put_integer(&j, (int64_t)overlay_count(s->overlay, 0));
    json_end_object(&j);
    supervisor_admin_answer(c, buf_failed(&out), buf_str(&out));
    buf_fini(&out);
}
