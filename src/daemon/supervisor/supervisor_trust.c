/*
 * Whom the verification service believes: the image of the domains of trust, made by a process of
 * its own (trust_process.h) at the start, after each reload, whenever a file of a domain has
 * changed, and now and then, since lists end. Workers get each new image at once; when none can be
 * made the one before stays.
 */
#include "asker.h"
#include "patience.h"
#include "questions.h"
#include "supervisor_trust_growth.h"
#include "supervisor_trust_held.h"
#include "supervisor_trust_told.h"

#include "daemon/file_seen.h"
#include "daemon/trust_process.h"
#include "worker_places.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/memory_file.h>
#include <stird/io/admin.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_EVERY_MS 5000
#define MAKE_EVERY_MS  3600000
#define RETRY_MS       60000

#define CLOCK_STEP_S 30

/* What a worker has said of the images that it was given. */
struct worker_trust {
    uint64_t looked_at; /* a generation; 0: none yet */
    bool lacks;         /* it could not take that, and judges by one before */
    struct patience owed;
};

struct trust_part {
    int fd; /* sealed; -1: none was made yet */
    uint64_t generation;
    int making_fd, taken_fd; /* that the present process writes; -1: none */
    struct trust_held held;
    bool wanted, built;
    bool refreshing; /* an asker waits: an image is made after the next round of fetches, also when
                        it brought nothing */
    bool serving;    /* the courier was sent after that was asked for */
    /* Generations of the configuration: made_of is the one for which the present process `trust`
       makes an image, sent_of the one for which the courier was sent. */
    uint64_t made_of, sent_of;
    uint64_t asked, done; /* runs that were begun, that have ended */
    uint64_t failed;      /* in a row */
    int64_t next_files_ms, next_make_ms;
    uint64_t files; /* what the files looked like when it was made */
    struct trust_round round;
    struct trust_found present[TRUST_DOMAINS_MAX], next[TRUST_DOMAINS_MAX];
    struct worker_trust workers[WORKERS_MAX];
    struct trust_growth growth;
    int64_t clock_ahead_s; /* real time less monotonic, when that was looked at */
};

static struct trust_part *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_trust);
}

static struct child *maker(const struct supervisor *s)
{
    return supervisor_places(s, ROLE_TRUST);
}

static struct child *courier(const struct supervisor *s)
{
    return supervisor_places(s, ROLE_COURIER);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- what workers have ---- */

static void tell_askers(struct supervisor *s);

static int send_image(struct supervisor *s, struct child *worker)
{
    const struct control_message m = {.type = CONTROL_TRUST, .trust = {own(s)->generation}};
    struct worker_trust *w = &own(s)->workers[worker->index];
    int r = own(s)->fd >= 0 ? child_send(worker, &m, &own(s)->fd, 1) : 0;
    if (r == 0 && own(s)->fd >= 0 && w->owed.since_ms == 0)
        patience_begin(&w->owed, true, clock_monotonic_ms());
    return r;
}

static const struct due image_due = {send_image};

static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    if (c->role->id != ROLE_WORKER)
        return 0;
    own(s)->workers[c->index] = (struct worker_trust){.looked_at = 0};
    trust_growth_forget(&own(s)->growth, c->index);
    return send_image(s, c);
}

/* How many workers judge by another image than the newest one. */
static unsigned count_without(const struct supervisor *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < worker_count(s) && own(s)->fd >= 0; i++)
        n += worker_at(s, i)->pid > 0 &&
             (own(s)->workers[i].looked_at < own(s)->generation || own(s)->workers[i].lacks);
    return n;
}

/* How many have not yet said whether they do. */
static unsigned count_silent(const struct supervisor *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < worker_count(s) && own(s)->fd >= 0; i++)
        n += worker_at(s, i)->pid > 0 && own(s)->workers[i].looked_at < own(s)->generation;
    return n;
}

static void take_in_use(struct supervisor *s, const struct heard *h)
{
    struct trust_part *t = own(s);
    struct worker_trust *w = &t->workers[h->child->index];
    const struct control_trust_in_use *m = &h->message->trust_in_use;
    if (m->generation <= w->looked_at || m->generation > t->generation) {
        supervisor_child_false(s, h->child, "that it has domains of trust that it was not given");
        return;
    }
    patience_begin(&w->owed, m->generation < t->generation, h->now_ms);
    w->looked_at = m->generation;
    w->lacks = m->is_taken == 0;
    if (w->lacks && t->next_make_ms > h->now_ms + RETRY_MS)
        t->next_make_ms = h->now_ms + RETRY_MS; /* it is given another one then */
    tell_askers(s);
}

static void take_heartbeat(struct supervisor *s, const struct heard *h)
{
    own(s)->workers[h->child->index].owed.beats++;
}

static void kill_silent(struct supervisor *s, int64_t now_ms)
{
    for (unsigned i = 0; i < worker_count(s); i++)
        if (worker_at(s, i)->control_fd >= 0 && patience_is_over(&own(s)->workers[i].owed, now_ms))
            supervisor_kill_idle(
                s, worker_at(s, i),
                "it does not say that it has the domains of trust that it was given", now_ms);
}

/* ---- the files ---- */

static void look_at(uint64_t *seen, struct str path)
{
    file_seen_add(seen, trust_setting_is_url(path) ? STR("") : path);
}

/* A number that changes when a file was exchanged, came or went. */
static uint64_t look_at_files(const struct settings *s)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < s->n_trusts; i++) {
        const struct trust_setting *t = &s->trusts[i];
        const struct str paths[] = {t->anchors,    t->list_anchor, t->list_signer,
                                    t->crl_anchor, t->crl_signer,  t->list};
        for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
            look_at(&seen, paths[p]);
        for (unsigned c = 0; c < t->n_crls; c++)
            look_at(&seen, t->crls[c]);
    }
    return seen;
}

/* ---- making ---- */

/* What a child says that was started under GENERATION is of the settings in force. */
static bool is_present(const struct supervisor *s, uint64_t generation)
{
    return generation == s->current.generation;
}

static void begin(struct supervisor *s, int64_t now_ms)
{
    struct trust_part *t = own(s);
    t->wanted = false;
    t->built = false;
    t->asked++;
    t->made_of = s->current.generation;
    t->next_make_ms = now_ms + MAKE_EVERY_MS;
    t->files = look_at_files(s->current.settings);
    t->making_fd = memory_file_new("trust");
    t->taken_fd = memory_file_new("trust lists");
    memset(t->next, 0, sizeof(t->next));
    int r = t->making_fd < 0  ? t->making_fd
            : t->taken_fd < 0 ? t->taken_fd
                              : supervisor_start_child(s, maker(s), now_ms);
    if (r == 0)
        return;
    log_error("trust cannot be made now: the image before stays", LOG_CSTR("error", strerror(-r)));
    close_fd(&t->making_fd);
    close_fd(&t->taken_fd);
    t->failed++;
    t->done = t->asked;
    t->next_make_ms = now_ms + RETRY_MS;
    tell_askers(s);
}

/* Whoever asked while another round was on waits for the next one. */
static void end_round(struct supervisor *s, int64_t now_s)
{
    struct trust_part *t = own(s);
    t->wanted |= trust_round_end(&t->round, s->current.settings, now_s) || t->refreshing;
    t->refreshing &= !t->serving;
}

static void send_courier(struct supervisor *s, int64_t now_ms)
{
    struct trust_round *round = &own(s)->round;
    const struct settings *settings = s->current.settings;
    const int64_t now_s = clock_real_s();
    if (own(s)->refreshing)
        trust_round_hurry(round);
    if (!trust_round_begin(round, settings, own(s)->refreshing, now_s)) {
        own(s)->wanted |= own(s)->refreshing;
        own(s)->refreshing = false;
        return;
    }
    own(s)->sent_of = s->current.generation;
    own(s)->serving = own(s)->refreshing;
    if (supervisor_start_child(s, courier(s), now_ms))
        end_round(s, now_s);
}

static bool has_domains(const struct configuration *c)
{
    return c->settings && c->settings->n_trusts > 0;
}

/* Nothing is due until that has ended. */
static bool is_busy(const struct supervisor *s)
{
    return s->stopping || courier(s)->pid != 0 || maker(s)->pid != 0 || own(s)->making_fd >= 0;
}

/* What was judged by a false clock is judged again, and when lists are due is asked anew: they were
   due by that clock. */
static void watch_clock(struct trust_part *t, int64_t now_ms)
{
    const int64_t ahead_s = clock_real_s() - now_ms / 1000;
    const int64_t step_s = ahead_s - t->clock_ahead_s;
    if (step_s > -CLOCK_STEP_S && step_s < CLOCK_STEP_S)
        return;
    t->clock_ahead_s = ahead_s;
    if (t->asked == 0)
        return;
    t->wanted = true;
    trust_round_hurry(&t->round);
}

/* Of domains that are still what they were made. */
static void watch_states(struct trust_part *t, const struct settings *settings)
{
    for (unsigned i = 0; i < settings->n_trusts; i++)
        trust_found_watch(&settings->trusts[i], &t->present[i], clock_real_s());
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    struct trust_part *t = own(s);
    watch_clock(t, now_ms);
    kill_silent(s, now_ms);
    if (t->fd >= 0)
        trust_growth_look(&t->growth, s, now_ms);
    if (!s->current.settings || is_busy(s))
        return;
    if (s->current.settings->n_trusts > 0 && now_ms >= t->next_files_ms) {
        t->next_files_ms = now_ms + FILES_EVERY_MS;
        t->wanted |= t->files != look_at_files(s->current.settings);
        t->wanted |= now_ms >= t->next_make_ms;
        watch_states(t, s->current.settings);
        trust_held_retry(&t->held, s->current.settings, now_ms);
        trust_round_look(&t->round, s->current.settings);
    }
    if (t->wanted)
        begin(s, now_ms);
    else
        send_courier(s, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    if (!has_domains(&s->current) || is_busy(s))
        return INT64_MAX;
    return own(s)->refreshing ||
                   trust_round_due_s(&own(s)->round, s->current.settings) <= clock_real_s()
               ? now_ms
               : own(s)->next_files_ms;
}

/* It ends at once; what it would say is of other settings. */
static void let_go(struct child *c)
{
    if (c->pid == 0)
        return;
    child_close_control(c);
    child_kill(c, SIGTERM);
}

/* What was found moves to where its domain is now, and goes with it. */
static void carry_over(struct supervisor *s, const struct settings *before)
{
    struct trust_found *was = own(s)->next, *now = own(s)->present;
    const struct settings *after = s->current.settings;
    memcpy(was, now, sizeof(own(s)->next));
    memset(now, 0, sizeof(own(s)->present));
    for (unsigned i = 0; before && after && i < after->n_trusts; i++)
        for (unsigned j = 0; j < before->n_trusts; j++)
            trust_found_carry(&now[i], &was[j], &before->trusts[j], &after->trusts[i]);
}

/* Of which domains the image that there is holds what was made of the places of now. */
static uint32_t made_mask(const struct supervisor *s)
{
    uint32_t mask = 0;
    for (unsigned i = 0; i < s->current.settings->n_trusts; i++)
        if (own(s)->present[i].is_made && own(s)->present[i].authorities > 0)
            mask |= UINT32_C(1) << i;
    return mask;
}

static void refuse_one(struct supervisor *s, struct asker *a, void *user)
{
    (void)s, (void)user;
    asker_answer(a, ASKER_REFUSED, STR("the configuration names no domain of trust"));
}

/* The run that is the first to end what was fetched after now: one that is wanted already, be it
   for what a courier on the way brings, begins before that. */
static uint64_t run_of_next_round(const struct supervisor *s)
{
    return own(s)->asked + 1 + (own(s)->wanted || courier(s)->pid != 0);
}

/* A round with all that is fetched, after the one that may be on its way. */
static void want_round(struct supervisor *s)
{
    own(s)->refreshing = true;
    own(s)->serving = false;
}

/* What was on its way for whoever waits was let go: they wait for a round of the settings of now.
 */
static void wait_on(struct supervisor *s, struct asker *a, void *user)
{
    (void)user;
    a->ticket = run_of_next_round(s);
    want_round(s);
}

/* Where there were domains and there are none now, an image without any is made too: nobody is
   believed any more. */
static void follow(struct supervisor *s, const struct news *news)
{
    let_go(courier(s));
    let_go(maker(s));
    trust_round_follow(&own(s)->round, news->before ? news->before->settings : NULL,
                       s->current.settings);
    trust_held_follow(&own(s)->held, news->before ? news->before->settings : NULL,
                      s->current.settings);
    carry_over(s, news->before ? news->before->settings : NULL);
    own(s)->wanted |= has_domains(&s->current) || (news->before && has_domains(news->before));
    asker_each(s, &part_trust, has_domains(&s->current) ? wait_on : refuse_one, NULL);
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    static int came[2][TRUST_DOMAINS_MAX][TRUST_SOURCES_MAX];
    (void)c;
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++) {
            came[0][d][i] = own(s)->round.of[d][i].fd;
            came[1][d][i] = own(s)->round.of[d][i].signer_fd;
        }
    return trust_main(&(struct trust_options){.settings = s->current.settings,
                                              .image_fd = own(s)->making_fd,
                                              .taken_fd = own(s)->taken_fd,
                                              .held_fd = own(s)->held.fd,
                                              .held = own(s)->held.places,
                                              .before_fd = own(s)->fd,
                                              .before_of = made_mask(s),
                                              .came = came[0],
                                              .came_signers = came[1]},
                      control_fd);
}

static void keep_fd(struct kit *kit, int fd)
{
    if (fd >= 0 && kit->n < CHILD_KEEP_MAX)
        kit_keep(kit, fd);
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    (void)c;
    kit_keep(kit, own(s)->making_fd);
    kit_keep(kit, own(s)->taken_fd);
    keep_fd(kit, own(s)->fd);
    keep_fd(kit, own(s)->held.fd);
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++) {
            keep_fd(kit, own(s)->round.of[d][i].fd);
            keep_fd(kit, own(s)->round.of[d][i].signer_fd);
        }
    return 0;
}

/* ---- the courier ---- */

static int enter_courier(const struct supervisor *s, const struct child *c, int control_fd)
{
    const struct trust_round *round = &own(s)->round;
    (void)c;
    return courier_main(s->current.settings, round->errands, round->n, control_fd);
}

static int equip_courier(struct supervisor *s, const struct child *c, struct kit *kit)
{
    (void)c;
    for (unsigned i = 0; i < own(s)->round.n; i++)
        kit_keep(kit, own(s)->round.errands[i].fd);
    return 0;
}

static void take_brought(struct supervisor *s, const struct heard *h)
{
    if (!is_present(s, own(s)->sent_of))
        return;
    if (!trust_round_take(&own(s)->round, s->current.settings, &h->message->brought,
                          clock_real_s()))
        supervisor_child_false(s, h->child, "what is no errand, or what it has said already");
}

static void courier_gone(struct supervisor *s, struct child *c, const struct death *death)
{
    (void)c, (void)death;
    end_round(s, clock_real_s());
}

const struct duty duty_courier = {
    .enter = enter_courier, .equip = equip_courier, .gone = courier_gone};

/* ---- what it says ---- */

static struct trust_source_found *source_of(struct supervisor *s, const struct heard *h,
                                            uint32_t domain, uint32_t source)
{
    const struct settings *settings = s->current.settings;
    if (!is_present(s, own(s)->made_of))
        return NULL;
    if (domain < settings->n_trusts && source <= settings->trusts[domain].n_crls && !own(s)->built)
        return &own(s)->next[domain].sources[source];
    supervisor_child_false(s, h->child, "what is no domain of trust, or not in its turn");
    return NULL;
}

static void take_domain(struct supervisor *s, const struct heard *h)
{
    const struct control_trust_domain *m = &h->message->trust_domain;
    if (!source_of(s, h, m->domain, 0))
        return;
    struct trust_found *d = &own(s)->next[m->domain];
    d->is_made = true;
    d->is_broken = m->is_broken != 0;
    d->until_s = m->until_s;
    memcpy(d->saying, m->saying, sizeof(d->saying));
    d->authorities = m->authorities;
    d->left_out = m->left_out;
    d->sequence = m->sequence;
    d->expires_s = m->expires_s;
    d->revoked = m->revoked;
}

static void take_source(struct supervisor *s, const struct heard *h)
{
    const struct control_trust_source *m = &h->message->trust_source;
    struct trust_source_found *to = source_of(s, h, m->domain, m->source);
    if (!to)
        return;
    to->is_new = m->is_new != 0;
    to->is_used = m->is_used != 0;
    to->is_refused = m->is_refused != 0;
    to->until_s = m->until_s;
    to->is_taken = m->is_taken != 0;
    to->kept_error = (int)m->kept_error;
    to->place = (struct trust_kept_place){m->list_at, m->list_bytes, m->signer_at, m->signer_bytes};
    memcpy(to->saying, m->saying, sizeof(to->saying));
    memcpy(to->wanted, m->wanted, sizeof(to->wanted));
}

static void judge_round(struct supervisor *s)
{
    for (unsigned i = 0; i < s->current.settings->n_trusts; i++)
        for (unsigned at = 0; at < TRUST_SOURCES_MAX; at++) {
            struct trust_source_found *from = &own(s)->present[i].sources[at];
            const bool broken = own(s)->present[i].is_broken; /* then nobody has judged it */
            trust_round_judged(&own(s)->round, i, at, from->is_refused || broken,
                               broken ? "" : from->wanted,
                               from->is_used ? from->until_s : INT64_MAX, clock_real_s());
            from->is_refused &= own(s)->round.of[i][at].signer_url[0] == '\0';
        }
}

/* It may be that nothing was taken: then workers are still at what was taken before. */
static bool takes_lists(const struct supervisor *s)
{
    bool takes = own(s)->generation == 1;
    for (unsigned i = 0; i < s->current.settings->n_trusts; i++)
        for (unsigned at = 0; at < TRUST_SOURCES_MAX; at++)
            takes |= own(s)->present[i].sources[at].is_taken;
    return takes;
}

/* What was found is of the settings in force now. */
static void take_found(struct supervisor *s)
{
    struct trust_part *t = own(s);
    const struct settings *settings = s->current.settings;
    for (unsigned i = 0; i < settings->n_trusts; i++)
        trust_found_take(&t->present[i], &t->next[i], clock_real_s());
    judge_round(s);
    for (unsigned i = 0; i < settings->n_trusts; i++)
        trust_found_log(&settings->trusts[i], &t->present[i], t->generation, clock_real_s());
    if (takes_lists(s))
        trust_growth_begin(&own(s)->growth, s);
}

/* Whether each domain was told of, and something was written. */
static bool is_whole(const struct supervisor *s)
{
    struct stat st;
    bool whole = own(s)->making_fd >= 0 && fstat(own(s)->making_fd, &st) == 0 && st.st_size > 0;
    for (unsigned i = 0; i < s->current.settings->n_trusts; i++)
        whole = whole && own(s)->next[i].is_made;
    return whole && trust_held_fits(own(s)->taken_fd, own(s)->next, s->current.settings->n_trusts);
}

/* It has written the image, and nobody writes it any more. */
static void take_built(struct supervisor *s, const struct heard *h)
{
    struct trust_part *t = own(s);
    if (!is_present(s, t->made_of))
        return;
    if (t->built || !is_whole(s)) {
        supervisor_child_false(s, h->child, "what is no domain of trust, or not in its turn");
        return;
    }
    t->built = true;
    int r = memory_file_seal(t->making_fd);
    r = r == 0 ? memory_file_seal(t->taken_fd) : r;
    if (r) {
        supervisor_child_false(s, h->child, "that memory is written which it still holds");
        return;
    }
    close_fd(&t->fd);
    t->fd = t->making_fd;
    t->making_fd = -1;
    t->generation++;
    t->failed = 0;
    take_found(s);
    trust_held_take(&t->held, t->taken_fd, t->next, s->current.settings->n_trusts);
    t->taken_fd = -1;
    trust_held_write(&t->held, s->current.settings, h->now_ms);
    for (unsigned w = 0; w < worker_count(s); w++)
        supervisor_owe(s, worker_at(s, w), &image_due);
}

static const struct word hears[] = {
    {ROLE_TRUST, CONTROL_TRUST_DOMAIN, take_domain},
    {ROLE_TRUST, CONTROL_TRUST_SOURCE, take_source},
    {ROLE_TRUST, CONTROL_TRUST_BUILT, take_built},
    {ROLE_COURIER, CONTROL_BROUGHT, take_brought},
    {ROLE_WORKER, CONTROL_TRUST_IN_USE, take_in_use},
    {ROLE_WORKER, CONTROL_HEARTBEAT, take_heartbeat},
    {.take = NULL},
};

/* ---- who asks ---- */

static void put_all(const struct supervisor *s, struct buf *out)
{
    struct json j = json_writer(out, false);
    json_begin_object(&j);
    trust_found_put_number(&j, "generation", (int64_t)own(s)->generation);
    trust_found_put_number(&j, "workers_without", count_without(s));
    json_put_key(&j, STR("trust"));
    json_begin_array(&j);
    for (unsigned i = 0; i < s->current.settings->n_trusts; i++)
        trust_found_put(&j, &s->current.settings->trusts[i], &own(s)->present[i],
                        own(s)->round.of[i], own(s)->held.unkept[i], own(s)->failed > 0,
                        clock_real_s());
    json_end_array(&j);
    json_end_object(&j);
}

static void answer_trust(const struct supervisor *s, struct trust_asked *asked)
{
    put_all(s, asked->out);
}

/* Whether something is not as it was asked for: whoever asks by a program sees it by the status. */
static bool is_wanting(const struct supervisor *s)
{
    bool wanting = own(s)->failed > 0 || count_without(s) > 0;
    for (unsigned i = 0; i < s->current.settings->n_trusts && !wanting; i++)
        wanting = trust_found_is_refused(&own(s)->present[i], own(s)->round.of[i]);
    return wanting;
}

static void tell_one(struct supervisor *s, struct asker *a, void *user)
{
    const struct buf *out = user;
    if (a->ticket <= own(s)->done)
        asker_answer_json(a, is_wanting(s) ? ASKER_REFUSED : 0, out);
}

/* What is in force is so when all workers judge by it. */
static void tell_askers(struct supervisor *s)
{
    struct buf out = BUF_INIT;
    if (!has_domains(&s->current) || count_silent(s) > 0)
        return;
    put_all(s, &out);
    asker_each(s, &part_trust, tell_one, &out);
    buf_fini(&out);
}

static void worker_gone(struct supervisor *s, const struct news *news)
{
    (void)news;
    if (s->current.settings && !s->stopping)
        tell_askers(s);
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    struct trust_part *t = own(s);
    const bool dropped = !is_present(s, t->made_of);
    (void)c;
    if (dropped) {
        t->wanted = true;
    } else if (!t->built) {
        trust_round_failed(&t->round, clock_real_s());
        log_error("trust was not made: the image before, if any, stays");
        t->failed++;
        t->next_make_ms = death->now_ms + RETRY_MS;
    }
    close_fd(&t->making_fd);
    close_fd(&t->taken_fd);
    if (dropped || trust_round_is_half(&t->round))
        return;
    t->done = t->asked;
    tell_askers(s);
}

static void act_list(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct buf out = BUF_INIT;
    (void)text, (void)now_ms;
    put_all(s, &out);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

/* A run that is under way may have read the files before it was asked for. */
static void act_refresh(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text;
    if (!has_domains(&s->current)) {
        asker_answer(a, ASKER_REFUSED, STR("the configuration names no domain of trust"));
        return;
    }
    asker_wait(a, &part_trust, run_of_next_round(s), now_ms + ASKER_WAIT_MS);
    want_round(s);
}

/* ---- the part ---- */

const struct duty duty_trust = {.enter = enter, .equip = equip, .gone = gone};

static void init(struct supervisor *s)
{
    trust_round_init(&own(s)->round);
    trust_held_init(&own(s)->held);
    own(s)->fd = own(s)->making_fd = own(s)->taken_fd = -1;
}

static void fini(struct supervisor *s)
{
    trust_round_reset(&own(s)->round);
    trust_held_fini(&own(s)->held);
    close_fd(&own(s)->fd);
    close_fd(&own(s)->making_fd);
    close_fd(&own(s)->taken_fd);
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    const struct settings *settings = s->current.settings;
    const int64_t now_s = clock_real_s();
    uint64_t broken = 0;
    for (unsigned i = 0; settings && i < settings->n_trusts; i++) {
        const struct trust_found *d = &own(s)->present[i];
        for (unsigned at = 0; at < TRUST_SOURCES_MAX; at++) {
            values[ALARM_trust_refused] += d->sources[at].is_refused ||
                                           own(s)->round.of[i][at].saying[0];
            values[ALARM_trust_unread] += d->sources[at].kept_error != 0;
        }
        if (!d->is_made)
            continue;
        broken += d->is_broken;
        values[ALARM_trust_list] += strcmp(trust_found_state(&settings->trusts[i], d, now_s),
                                           "in force") != 0;
        values[ALARM_trust_crl] += trust_found_lacks_crls(&settings->trusts[i], d, now_s);
        values[ALARM_trust_entries] += d->left_out;
    }
    values[ALARM_trust_failed] = own(s)->failed + broken;
    values[ALARM_trust_growth] = own(s)->growth.times;
    values[ALARM_trust_not_kept] = trust_held_owed(&own(s)->held);
}

static const struct ask asks[] = {{ADMIN_TRUST, act_list, CONTROL_LOOK},
                                  {ADMIN_TRUST_REFRESH, act_refresh, CONTROL_CHANGE},
                                  {.act = NULL}};

static void exhibit(const struct supervisor *s, struct exhibit *e)
{
    e->trust_fd = own(s)->fd;
    e->trust_generation = own(s)->generation;
}

const struct part part_trust = {
    .name = "trust",
    .bytes = sizeof(struct trust_part),
    .init = init,
    .fini = fini,
    .give = give,
    .hears = hears,
    .deadline = deadline,
    .tick = tick,
    .on = {[EVENT_BEGINS] = follow, [EVENT_IN_FORCE] = follow, [EVENT_CHILD_GONE] = worker_gone},
    .count = count,
    .asks = asks,
    .answers_exhibit = exhibit,
    .answers_trust = answer_trust};
