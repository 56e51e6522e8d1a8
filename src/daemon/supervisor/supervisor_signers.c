/*
 * The signers: the present one, that of a reload, which comes after it, and those that finish what
 * calls of old snapshots have asked. They stay where they are; which of them is what changes.
 */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stird/base/log.h>
#include <stird/base/packet.h>
#include <string.h>
#include <unistd.h>

/* Calls ask for their signature within the sign timeout; this is for those that never close. */
#define RETIRED_LIMIT_MS   60000
#define RETIRED_GOODBYE_MS 1000

#define PLACES (2 + SIGNERS_RETIRED_MAX)

static struct child *place(const struct supervisor *s, unsigned i)
{
    return supervisor_places((struct supervisor *)(uintptr_t)s, ROLE_SIGNER) + i;
}

static bool is_retired(const struct supervisor *s, unsigned i)
{
    const struct child *c = place(s, i);
    return c->pid > 0 && c != s->signer && c != s->next_signer;
}

/* ---- channels between workers and signers ---- */

int supervisor_signer_channel(struct child *signer, unsigned w)
{
    const struct control_message message = {.type = CONTROL_CHANNEL, .channel = {w}};
    int fds[2];
    int r = control_pair(fds);
    if (r)
        return r;
    if (signer->state == CHILD_SERVING)
        child_send(signer, &message, &fds[0], 1);
    packet_refuse_rights(fds[0]);
    packet_refuse_rights(fds[1]);
    close(fds[0]);
    return fds[1];
}

/* Gives each worker a channel to the present signer. */
static void connect_workers(struct supervisor *s)
{
    for (unsigned w = 0; w < s->n_workers; w++) {
        if (s->workers[w].pid == 0)
            continue;
        struct control_message message = {.type = CONTROL_SIGNER,
                                          .signer = {s->current.generation}};
        int channel = supervisor_signer_channel(s->signer, w);
        if (channel < 0) {
            log_error("no channel to the signer", LOG_CSTR("error", strerror(-channel)));
            continue;
        }
        int r = child_send(&s->workers[w], &message, &channel, 1);
        close(channel);
        if (r == 0 || r == -EPIPE)
            continue;
        log_error("a worker is not told of its signer and is replaced", LOG_NUMBER("worker", w + 1),
                  LOG_CSTR("error", strerror(-r)));
        child_kill(&s->workers[w], SIGKILL);
    }
}

/* ---- the one that comes after ---- */

static unsigned count_retired(const struct supervisor *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < PLACES; i++)
        n += is_retired(s, i);
    return n;
}

static void hurry_oldest(struct supervisor *s, int64_t now_ms)
{
    int64_t *oldest = NULL;
    for (unsigned i = 0; i < PLACES; i++)
        if (is_retired(s, i) && (!oldest || s->retired[i].until_ms < *oldest))
            oldest = &s->retired[i].until_ms;
    if (oldest && *oldest > now_ms)
        *oldest = now_ms;
}

bool supervisor_signers_have_room(struct supervisor *s, int64_t now_ms)
{
    if (count_retired(s) < SIGNERS_RETIRED_MAX)
        return true;
    hurry_oldest(s, now_ms);
    return false;
}

int supervisor_start_next_signer(struct supervisor *s, int64_t now_ms)
{
    struct child *c = NULL;
    for (unsigned i = 0; i < PLACES && !c; i++)
        if (place(s, i)->pid == 0 && place(s, i) != s->signer)
            c = place(s, i);
    if (!c) /* a reload does not begin without one */
        return -EBUSY;
    child_init(c, c->role, c->index);
    s->next_signer = c;
    return supervisor_start_child(s, c, now_ms);
}

/* From here on it finishes what is under way, and is let go. */
static void retire(struct supervisor *s, struct child *c, int64_t now_ms)
{
    const struct control_message message = {.type = CONTROL_DRAIN};
    c->kept = false;
    c->restart_at_ms = 0;
    if (c->pid == 0)
        return;
    child_send(c, &message, NULL, 0);
    s->retired[c->index].generation = s->current.generation;
    s->retired[c->index].until_ms = now_ms + RETIRED_LIMIT_MS;
}

void supervisor_switch_signers(struct supervisor *s, int64_t now_ms)
{
    retire(s, s->signer, now_ms);
    s->signer = s->next_signer;
    s->next_signer = NULL;
    s->signer->kept = true;
}

/* ---- those that are retired ---- */

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
    for (unsigned i = 0; i < PLACES; i++) {
        struct child *c = place(s, i);
        if (!is_retired(s, i))
            continue;
        bool due = now_ms >= s->retired[i].until_ms;
        if (c->control_fd >= 0 && (due || is_done(s, s->retired[i].generation))) {
            child_close_control(c); /* which ends it */
            s->retired[i].until_ms = now_ms + RETIRED_GOODBYE_MS;
        } else if (c->control_fd < 0 && due) {
            child_kill(c, SIGKILL);
            s->retired[i].until_ms = now_ms + RETIRED_GOODBYE_MS;
        }
    }
}

int64_t supervisor_retired_deadline(const struct supervisor *s)
{
    int64_t deadline = INT64_MAX;
    for (unsigned i = 0; i < PLACES; i++)
        if (is_retired(s, i) && s->retired[i].until_ms < deadline)
            deadline = s->retired[i].until_ms;
    return deadline;
}

/* ---- the duty ---- */

static unsigned kept(const struct supervisor *s)
{
    (void)s;
    return 1;
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    return signer_main(c == s->next_signer ? s->next.settings : s->current.settings, control_fd);
}

static void serves(struct supervisor *s, struct child *c, int64_t now_ms)
{
    if (c == s->signer)
        connect_workers(s);
    else if (c == s->next_signer)
        supervisor_next_signer_serves(s, now_ms);
}

/* It does not serve as it should: its death starts another, or ends the reload. */
static void take_alarm(struct supervisor *s, const struct heard *h)
{
    const char *text = h->message->alarm.text;
    log_error("alarm", LOG_CSTR("child", h->child->role->name), LOG_NUMBER("pid", h->child->pid),
              LOG_CSTR("text", text));
    if (h->child == s->next_signer)
        supervisor_reload_problem(s, text);
    child_kill(h->child, SIGKILL);
}

static void take_over_ceiling(struct supervisor *s, const struct heard *h)
{
    s->sign_requests_refused += h->message->over_ceiling.requests;
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)death;
    if (c == s->next_signer && s->reload != RELOAD_NONE)
        supervisor_reload_failed(s, "the new signer did not start: see its lines above");
}

static const struct word hears[] = {
    {CONTROL_OVER_CEILING, take_over_ceiling},
    {CONTROL_ALARM, take_alarm},
    {CONTROL_NO_WORD, NULL},
};

const struct duty duty_signer = {
    .kept = kept, .enter = enter, .serves = serves, .hears = hears, .gone = gone};
