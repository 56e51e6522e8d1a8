/* stirctl explain decides in a process of its own, by what the workers have: it is handed over
 * here. */
#include "supervisor_admin.h"
#include "supervisor_names.h"
#include "supervisor_overlay.h"

#include <errno.h>
#include <stird/io/admin.h>
#include <string.h>
#include <unistd.h>

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
    const int overlay_fd = supervisor_overlay_fd(s);
    const int fds[] = {s->current.public_files_fd, s->current.numbers_fd, names_fd, overlay_fd};
    unsigned n = overlay_fd >= 0 ? 4 : 3;
    int r = buf_failed(&out) ? -ENOMEM : names_fd;
    if (r >= 0)
        r = admin_reply(c->fd, 0, buf_str(&out), fds, n);
    if (names_fd >= 0)
        close(names_fd);
    if (r)
        supervisor_admin_answer(c, ADMIN_REFUSED, str_of(strerror(-r)));
    c->waits = false;
    buf_fini(&out);
}

static const struct ask asks[] = {{ADMIN_SNAPSHOT, act_snapshot, CONTROL_LOOK}, {.act = NULL}};

const struct part part_explain = {.name = "explain", .asks = asks};
