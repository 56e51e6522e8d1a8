/* Hands stirctl explain what the workers have: it decides by that, in a process of its own. */
#include "asker.h"
#include "questions.h"

#include <errno.h>
#include <stird/io/admin.h>
#include <string.h>
#include <unistd.h>

static void put_source(const struct supervisor *s, const struct exhibit *e, struct buf *out)
{
    struct json j = json_writer(out, false);
    json_begin_object(&j);
    json_put_key(&j, STR("path"));
    json_put_string(&j, s->path);
    json_put_key(&j, STR("read_at"));
    json_put_integer(&j, s->current.read_at_s);
    json_put_key(&j, STR("generation"));
    json_put_integer(&j, (int64_t)s->current.generation);
    json_put_key(&j, STR("trust"));
    json_put_integer(&j, e->trust_fd >= 0 ? (int64_t)e->trust_generation : 0);
    json_put_key(&j, STR("switches"));
    json_put_bool(&j, e->switches_fd >= 0);
    json_put_key(&j, STR("cut_off"));
    json_put_bool(&j, e->is_cut_off);
    json_end_object(&j);
}

/* The very bytes that the workers use, so that stirctl decides as they do. */
static void act_snapshot(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text, (void)now_ms;
    struct buf out = BUF_INIT;
    struct exhibit e = {.names_fd = -ENOENT, .overlay_fd = -1, .trust_fd = -1, .switches_fd = -1};
    supervisor_ask_exhibit(s, &e);
    put_source(s, &e, &out);
    int fds[ADMIN_FDS_MAX] = {s->current.public_files_fd, s->current.numbers_fd, e.names_fd};
    unsigned n = 3;
    if (e.overlay_fd >= 0)
        fds[n++] = e.overlay_fd;
    if (e.trust_fd >= 0)
        fds[n++] = e.trust_fd;
    if (e.switches_fd >= 0)
        fds[n++] = e.switches_fd;
    int r = buf_failed(&out) ? -ENOMEM : e.names_fd < 0 ? e.names_fd : 0;
    if (r == 0)
        r = a->answer(a, 0, buf_str(&out), fds, n);
    if (e.names_fd >= 0)
        close(e.names_fd);
    if (r)
        asker_answer(a, ASKER_REFUSED, str_of(strerror(-r)));
    a->waits = false;
    buf_fini(&out);
}

static const struct ask asks[] = {{ADMIN_SNAPSHOT, act_snapshot, CONTROL_LOOK}, {.act = NULL}};

const struct part part_explain = {.name = "explain", .asks = asks};
