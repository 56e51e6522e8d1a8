/*
 * The control socket: what stirctl asks is answered between two turns of the loop, or, where it
 * wants to wait for a reload, at the reload's end. Nothing here waits.
 */
#include "supervisor.h"

#include "daemon/service_user.h"

#include <errno.h>
#include <stdio.h>
#include <stird/base/json.h>
#include <stird/base/log.h>
#include <stird/io/admin.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_LIMIT_MS     600000
#define REFUSED           1
#define PROBLEMS_TOLD_MAX (64 * 1024)

static void drop(struct admin_client *c)
{
    close(c->fd);
    *c = (struct admin_client){.fd = -1};
}

/* A client that does not read its reply is not waited for. */
void supervisor_admin_answer(struct admin_client *c, uint32_t status, struct str text)
{
    int r = admin_reply(c->fd, status, text, NULL, 0);
    if (r)
        log_warning("an answer on the control socket was not taken",
                    LOG_CSTR("error", strerror(-r)));
    c->waits = false;
}

static void answer_json(struct admin_client *c, uint32_t status, const struct buf *text)
{
    if (buf_failed(text))
        supervisor_admin_answer(c, REFUSED, STR("out of memory"));
    else
        supervisor_admin_answer(c, status, buf_str(text));
}

/* ---- what can be asked ---- */

static void act_status(struct supervisor *s, struct admin_client *c, struct str text,
                       int64_t now_ms)
{
    (void)text;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    supervisor_look_for_alarms_now(s, now_ms);
    supervisor_put_status(s, &j, now_ms);
    answer_json(c, 0, &out);
    buf_fini(&out);
}

static void act_stats(struct supervisor *s, struct admin_client *c, struct str text, int64_t now_ms)
{
    (void)text;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    supervisor_look_for_alarms_now(s, now_ms);
    json_begin_object(&j);
    supervisor_put_statistics(s, &j);
    json_end_object(&j);
    answer_json(c, 0, &out);
    buf_fini(&out);
}

static void act_sources(struct supervisor *s, struct admin_client *c, struct str text,
                        int64_t now_ms)
{
    (void)text, (void)now_ms;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    supervisor_put_refused(s, &j);
    answer_json(c, 0, &out);
    buf_fini(&out);
}

static void act_reload(struct supervisor *s, struct admin_client *c, struct str text,
                       int64_t now_ms)
{
    if (s->stopping || !s->ready) {
        supervisor_admin_answer(
            c, REFUSED, s->stopping ? STR("stird is stopping") : STR("stird is not ready yet"));
        return;
    }
    c->ticket = ++s->reload_tickets;
    if (!c->waits)
        supervisor_admin_answer(c, 0, STR("{\"accepted\":true}"));
    else
        c->deadline_ms = now_ms + WAIT_LIMIT_MS;
    s->force_asked = s->force_asked || str_eq(text, STR("force"));
    supervisor_reload(s, now_ms);
}

/* The very bytes that the workers use, so that stirctl decides as they do. */
static void act_snapshot(struct supervisor *s, struct admin_client *c, struct str text,
                         int64_t now_ms)
{
    (void)text, (void)now_ms;
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    json_put_key(&j, STR("path"));
    json_put_string(&j, s->path);
    json_put_key(&j, STR("read_at"));
    json_put_integer(&j, s->current.read_at_s);
    json_put_key(&j, STR("generation"));
    json_put_integer(&j, (int64_t)s->current.generation);
    json_end_object(&j);
    int names_fd = supervisor_names_to_fd(s);
    const int fds[] = {s->current.public_files_fd, s->current.numbers_fd, names_fd, s->overlay_fd};
    unsigned n = s->overlay_fd >= 0 ? 4 : 3;
    int r = buf_failed(&out) ? -ENOMEM : names_fd;
    if (r >= 0)
        r = admin_reply(c->fd, 0, buf_str(&out), fds, n);
    if (names_fd >= 0)
        close(names_fd);
    if (r)
        supervisor_admin_answer(c, REFUSED, str_of(strerror(-r)));
    c->waits = false;
    buf_fini(&out);
}

static void act_check(struct supervisor *s, struct admin_client *c, struct str text, int64_t now_ms)
{
    (void)text;
    c->waits = c->for_check = true;
    c->ticket = s->checks + 1; /* one that is under way has looked before it was asked */
    c->deadline_ms = now_ms + WAIT_LIMIT_MS;
    supervisor_check_now(s);
}

static const struct {
    void (*act)(struct supervisor *s, struct admin_client *c, struct str text, int64_t now_ms);
    enum control_right right; /* that it takes */
} acts[ADMIN_TYPES] = {
    [ADMIN_STATUS] = {act_status, CONTROL_LOOK},
    [ADMIN_STATS] = {act_stats, CONTROL_LOOK},
    [ADMIN_RELOAD] = {act_reload, CONTROL_CHANGE},
    [ADMIN_SNAPSHOT] = {act_snapshot, CONTROL_LOOK},
    [ADMIN_NUMBERS_SET] = {supervisor_admin_numbers_set, CONTROL_CHANGE},
    [ADMIN_NUMBERS_UNSET] = {supervisor_admin_numbers_unset, CONTROL_CHANGE},
    [ADMIN_NUMBERS_LIST] = {supervisor_admin_numbers_list, CONTROL_LOOK},
    [ADMIN_CHECK] = {act_check, CONTROL_CHANGE},
    [ADMIN_SOURCES] = {act_sources, CONTROL_LOOK},
};

/* ---- clients ---- */

static void read_client(struct supervisor *s, struct admin_client *c, int64_t now_ms)
{
    struct admin_request_head head;
    char text[ADMIN_TEXT_MAX + 1];
    int r = admin_take(c->fd, &head, text);
    if (r == -EAGAIN)
        return;
    if (r <= 0 || head.type >= ADMIN_TYPES || !acts[head.type].act) {
        if (r == -EBADMSG || r > 0)
            supervisor_admin_answer(c, REFUSED, STR("stirctl and stird are of different versions"));
        drop(c);
        return;
    }
    /* Replies that wait hold descriptors of ours, of which there are so many. */
    if (!admin_is_read(c->fd)) {
        control_refusals_add(&s->refusals, CONTROL_REFUSED_UNREAD, c->peer.pid, c->peer.uid,
                             now_ms);
        drop(c);
        return;
    }
    c->deadline_ms = now_ms + ADMIN_SILENCE_MS;
    c->waits = head.wait != 0;
    if (acts[head.type].right > c->peer.right)
        supervisor_admin_answer(c, REFUSED,
                                STR("you may look, and this changes something: it takes root, or "
                                    "a member of the group of control.group"));
    else
        acts[head.type].act(s, c, (struct str){text, head.text_bytes}, now_ms);
}

void supervisor_serve_admin(struct supervisor *s, int64_t now_ms)
{
    for (unsigned i = 0; i < ADMIN_CLIENTS_MAX; i++) {
        struct admin_client *c = &s->clients[i];
        if (c->fd >= 0)
            read_client(s, c, now_ms);
        if (c->fd >= 0 && c->for_numbers && now_ms >= c->deadline_ms)
            supervisor_numbers_late(s, c);
        if (c->fd >= 0 && now_ms >= c->deadline_ms)
            drop(c);
    }
    if (s->admin_fd >= 0)
        supervisor_accept_callers(s, now_ms);
}

void supervisor_close_admin(struct supervisor *s)
{
    for (unsigned i = 0; i < ADMIN_CLIENTS_MAX; i++) {
        if (s->clients[i].fd >= 0)
            drop(&s->clients[i]);
    }
    if (s->admin_fd < 0)
        return;
    close(s->admin_fd);
    s->admin_fd = -1;
    if (s->admin_path)
        unlink(s->admin_path);
}

int supervisor_let_in(struct supervisor *s)
{
    const struct control_groups *groups = &s->current.groups;
    int r = admin_let_in(str_of(s->admin_path), service_user_gid(),
                         !control_groups_are_one(groups));
    if (r)
        log_warning("the control socket's rights cannot be set", LOG_CSTR("error", strerror(-r)));
    return r;
}

/* ---- the end of a reload ---- */

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

void supervisor_admin_reloaded(struct supervisor *s, const char *why)
{
    struct buf out = BUF_INIT;
    struct json j = json_writer(&out, false);
    json_begin_object(&j);
    json_put_key(&j, STR("reloaded"));
    json_put_bool(&j, why == NULL);
    json_put_key(&j, STR("generation"));
    json_put_integer(&j, (int64_t)s->current.generation);
    json_put_key(&j, STR("number_rows"));
    json_put_integer(&j, (int64_t)s->current.numbers.rows);
    if (why) {
        json_put_key(&j, STR("why"));
        json_put_string(&j, str_of(why));
        put_lines(&j, STR("problems"), buf_str(&s->reload_problems));
    } else {
        put_lines(&j, STR("warnings"), buf_str(&s->reload_warnings));
    }
    json_end_object(&j);
    for (unsigned i = 0; i < ADMIN_CLIENTS_MAX; i++) {
        struct admin_client *c = &s->clients[i];
        if (c->fd >= 0 && c->waits && !c->for_check && !c->for_numbers && c->ticket > 0 &&
            c->ticket <= s->reload_ticket)
            answer_json(c, why ? REFUSED : 0, &out);
    }
    buf_fini(&out);
}

void supervisor_admin_checked(struct supervisor *s, const char *why)
{
    for (unsigned i = 0; i < ADMIN_CLIENTS_MAX; i++) {
        struct admin_client *c = &s->clients[i];
        if (c->fd < 0 || !c->for_check || c->ticket > s->checks)
            continue;
        supervisor_admin_answer(c, why ? REFUSED : 0,
                                why ? str_of(why) : STR("{\"checked\":true}"));
        c->waits = c->for_check = false;
    }
}
