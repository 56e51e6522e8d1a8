/*
 * Whom the verification service believes: the image of the domains of trust, made by a process of
 * its own (trust_process.h) at the start, after each reload, whenever a file of a domain has
 * changed, and once a while, since lists end. Workers get a new image as it comes; where it cannot
 * be made the one before stays.
 */
#include "asker.h"

#include "daemon/trust_kept.h"
#include "daemon/trust_process.h"
#include "worker_places.h"

#include <errno.h>
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

struct source {
    bool is_used, is_refused;
    int64_t until_s;
    uint64_t taken_at, taken_bytes, signer_at, signer_bytes; /* of what is to be kept */
    char saying[CONTROL_TEXT];
};

struct domain {
    unsigned authorities, left_out;
    int64_t sequence, expires_s;
    uint64_t revoked;
    struct source sources[TRUST_SOURCES_MAX];
};

struct trust_part {
    int fd; /* sealed; -1: none was made yet */
    uint64_t generation;
    int making_fd, taken_fd; /* that are written now; -1: none */
    uint64_t lost;           /* lists that could not be kept */
    bool wanted, built;
    uint64_t asked, done; /* runs that were begun, that have ended */
    uint64_t failed;      /* in a row */
    int64_t next_files_ms, next_make_ms;
    uint64_t files; /* what the files looked like when it was made */
    struct domain present[TRUST_DOMAINS_MAX], next[TRUST_DOMAINS_MAX];
};

static struct trust_part *own(const struct supervisor *s)
{
    return supervisor_part(s, &part_trust);
}

static struct child *maker(const struct supervisor *s)
{
    return supervisor_places(s, ROLE_TRUST);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- what workers have ---- */

static int send_image(struct supervisor *s, struct child *worker)
{
    const struct control_message m = {.type = CONTROL_TRUST, .trust = {own(s)->generation}};
    return own(s)->fd >= 0 ? child_send(worker, &m, &own(s)->fd, 1) : 0;
}

static const struct due image_due = {send_image};

static int give(struct supervisor *s, struct child *c, int64_t now_ms)
{
    (void)now_ms;
    return c->role->id == ROLE_WORKER ? send_image(s, c) : 0;
}

/* ---- the files ---- */

static void look_at(uint64_t *seen, struct str path)
{
    struct stat st = {0};
    char *z = path.n > 0 && !trust_setting_is_url(path) ? strndup(path.p, path.n) : NULL;
    if (z && stat(z, &st) == 0)
        *seen = *seen * 1099511628211u + ((uint64_t)st.st_ino ^ (uint64_t)st.st_size << 20 ^
                                          (uint64_t)st.st_mtim.tv_sec << 32 ^
                                          (uint64_t)st.st_mtim.tv_nsec);
    else
        *seen = *seen * 1099511628211u + 1;
    free(z);
}

/* A number that is another one when a file was exchanged, came or went. */
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

static void begin(struct supervisor *s, int64_t now_ms)
{
    struct trust_part *t = own(s);
    t->wanted = false;
    t->built = false;
    t->asked++;
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
}

static void tick(struct supervisor *s, int64_t now_ms)
{
    struct trust_part *t = own(s);
    if (!s->current.settings || s->stopping || maker(s)->pid != 0 || t->making_fd >= 0)
        return;
    if (s->current.settings->n_trusts > 0 && now_ms >= t->next_files_ms) {
        t->next_files_ms = now_ms + FILES_EVERY_MS;
        t->wanted |= t->files != look_at_files(s->current.settings);
        t->wanted |= now_ms >= t->next_make_ms;
    }
    if (t->wanted)
        begin(s, now_ms);
}

static int64_t deadline(const struct supervisor *s, int64_t now_ms)
{
    (void)now_ms;
    return s->current.settings && s->current.settings->n_trusts > 0 ? own(s)->next_files_ms
                                                                    : INT64_MAX;
}

static bool has_domains(const struct configuration *c)
{
    return c->settings && c->settings->n_trusts > 0;
}

/* One without domains is made too where there were some: nobody is believed any more. */
static void follow(struct supervisor *s, const struct news *news)
{
    own(s)->wanted |= has_domains(&s->current) || (news->before && has_domains(news->before));
}

static int enter(const struct supervisor *s, const struct child *c, int control_fd)
{
    static int none[TRUST_DOMAINS_MAX][TRUST_SOURCES_MAX];
    (void)c;
    memset(none, -1, sizeof(none));
    return trust_main(&(struct trust_options){.settings = s->current.settings,
                                              .image_fd = own(s)->making_fd,
                                              .taken_fd = own(s)->taken_fd,
                                              .came = none,
                                              .came_signers = none},
                      control_fd);
}

static int equip(struct supervisor *s, const struct child *c, struct kit *kit)
{
    (void)c;
    kit_keep(kit, own(s)->making_fd);
    kit_keep(kit, own(s)->taken_fd);
    return 0;
}

/* ---- what it says ---- */

static struct source *source_of(struct supervisor *s, const struct heard *h, uint32_t domain,
                                uint32_t source)
{
    const struct settings *settings = s->current.settings;
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
    struct domain *d = &own(s)->next[m->domain];
    d->authorities = m->authorities;
    d->left_out = m->left_out;
    d->sequence = m->sequence;
    d->expires_s = m->expires_s;
    d->revoked = m->revoked;
}

static void take_source(struct supervisor *s, const struct heard *h)
{
    const struct control_trust_source *m = &h->message->trust_source;
    struct source *to = source_of(s, h, m->domain, m->source);
    if (!to)
        return;
    to->is_used = m->is_used != 0;
    to->is_refused = m->is_refused != 0;
    to->until_s = m->until_s;
    to->taken_at = m->taken_at;
    to->taken_bytes = m->taken_bytes;
    to->signer_at = m->signer_at;
    to->signer_bytes = m->signer_bytes;
    memcpy(to->saying, m->saying, sizeof(to->saying));
}

static void log_domains(const struct supervisor *s)
{
    const struct settings *settings = s->current.settings;
    for (unsigned i = 0; i < settings->n_trusts; i++) {
        const struct domain *d = &own(s)->present[i];
        log_info("a domain of trust is in force", LOG_TEXT("trust", settings->trusts[i].name),
                 LOG_NUMBER("authorities", d->authorities),
                 LOG_NUMBER("revoked", (int64_t)d->revoked),
                 LOG_NUMBER("generation", (int64_t)own(s)->generation));
        if (d->left_out > 0)
            log_error("entries of a list of authorities are not used",
                      LOG_TEXT("trust", settings->trusts[i].name),
                      LOG_NUMBER("entries", d->left_out));
        for (unsigned at = 0; at < TRUST_SOURCES_MAX; at++)
            if (d->sources[at].is_refused)
                log_error("a list of a domain of trust is not taken",
                          LOG_TEXT("trust", settings->trusts[i].name), LOG_NUMBER("source", at),
                          LOG_CSTR("it", d->sources[at].saying));
    }
}

#define KEPT_BYTES_MAX ((size_t)4 << 20)

/* As the last good one; what cannot be kept is in force all the same, until the next start. */
static void keep_part(struct supervisor *s, unsigned domain, unsigned source, bool signer,
                      uint64_t at, uint64_t n)
{
    char name[TRUST_KEPT_NAME_BYTES];
    const struct settings *settings = s->current.settings;
    trust_kept_name(name, settings->trusts[domain].name, source, signer);
    int r = n > KEPT_BYTES_MAX
                ? -EFBIG
                : trust_kept_write(settings->state_directory, name, own(s)->taken_fd, at, n);
    if (r == 0)
        return;
    own(s)->lost++;
    log_error("a list of a domain of trust cannot be kept for the next start",
              LOG_CSTR("file", name), LOG_CSTR("error", strerror(-r)));
}

static void keep_all(struct supervisor *s)
{
    for (unsigned i = 0; i < s->current.settings->n_trusts; i++)
        for (unsigned at = 0; at < TRUST_SOURCES_MAX; at++) {
            const struct source *from = &own(s)->present[i].sources[at];
            if (from->taken_bytes == 0)
                continue;
            keep_part(s, i, at, true, from->signer_at, from->signer_bytes);
            keep_part(s, i, at, false, from->taken_at, from->taken_bytes);
        }
}

/* It has written the image, and nobody writes it any more. */
static void take_built(struct supervisor *s, const struct heard *h)
{
    struct trust_part *t = own(s);
    if (t->built || t->making_fd < 0) {
        supervisor_child_false(s, h->child, "what is no domain of trust, or not in its turn");
        return;
    }
    t->built = true;
    int r = memory_file_seal(t->making_fd);
    if (r) {
        supervisor_child_false(s, h->child, "that memory is written which it still holds");
        return;
    }
    close_fd(&t->fd);
    t->fd = t->making_fd;
    t->making_fd = -1;
    t->generation++;
    t->failed = 0;
    t->done = t->asked;
    memcpy(t->present, t->next, sizeof(t->present));
    log_domains(s);
    own(s)->lost = 0;
    keep_all(s);
    close_fd(&t->taken_fd);
    for (unsigned w = 0; w < worker_count(s); w++)
        supervisor_owe(s, worker_at(s, w), &image_due);
}

static const struct word hears[] = {
    {ROLE_TRUST, CONTROL_TRUST_DOMAIN, take_domain},
    {ROLE_TRUST, CONTROL_TRUST_SOURCE, take_source},
    {ROLE_TRUST, CONTROL_TRUST_BUILT, take_built},
    {.take = NULL},
};

/* ---- who asks ---- */

static const char *state_word(const struct trust_setting *t, const struct domain *d, int64_t now_s)
{
    if (d->authorities == 0)
        return "unavailable";
    if (t->list.n == 0 || now_s < d->expires_s)
        return "in force";
    return now_s - d->expires_s < t->stale_ms / 1000 ? "stale" : "unavailable";
}

static void put_text(struct json *j, const char *key, struct str text)
{
    json_put_key(j, str_of(key));
    json_put_string(j, text);
}

static void put_number(struct json *j, const char *key, int64_t number)
{
    json_put_key(j, str_of(key));
    json_put_integer(j, number);
}

static void put_source(struct json *j, struct str place, const struct source *source)
{
    json_begin_object(j);
    put_text(j, "source", place);
    json_put_key(j, STR("used"));
    json_put_bool(j, source->is_used);
    if (source->is_used && source->until_s < INT64_MAX)
        put_number(j, "until", source->until_s);
    if (source->is_refused)
        put_text(j, "refused", str_of(source->saying));
    json_end_object(j);
}

static void put_domain(struct json *j, const struct trust_setting *t, const struct domain *d)
{
    json_begin_object(j);
    put_text(j, "name", t->name);
    put_text(j, "state", str_of(state_word(t, d, clock_real_s())));
    put_number(j, "authorities", d->authorities);
    put_number(j, "revoked", (int64_t)d->revoked);
    if (t->list.n > 0) {
        put_number(j, "sequence", d->sequence);
        put_number(j, "expires", d->expires_s);
        put_number(j, "left_out", d->left_out);
    }
    json_put_key(j, STR("sources"));
    json_begin_array(j);
    if (t->list.n > 0)
        put_source(j, t->list, &d->sources[0]);
    for (unsigned i = 0; i < t->n_crls; i++)
        put_source(j, t->crls[i], &d->sources[1 + i]);
    json_end_array(j);
    json_end_object(j);
}

static void put_all(const struct supervisor *s, struct buf *out)
{
    struct json j = json_writer(out, false);
    json_begin_object(&j);
    put_number(&j, "generation", (int64_t)own(s)->generation);
    json_put_key(&j, STR("trust"));
    json_begin_array(&j);
    for (unsigned i = 0; i < s->current.settings->n_trusts; i++)
        put_domain(&j, &s->current.settings->trusts[i], &own(s)->present[i]);
    json_end_array(&j);
    json_end_object(&j);
}

static void tell_one(struct supervisor *s, struct asker *a, void *user)
{
    const struct buf *out = user;
    if (a->ticket <= own(s)->done)
        asker_answer_json(a, own(s)->failed > 0 ? ASKER_REFUSED : 0, out);
}

static void gone(struct supervisor *s, struct child *c, const struct death *death)
{
    struct trust_part *t = own(s);
    struct buf out = BUF_INIT;
    (void)c;
    if (!t->built) {
        log_error("trust was not made: the image before stays");
        t->failed++;
        t->next_make_ms = death->now_ms + RETRY_MS;
    }
    close_fd(&t->making_fd);
    close_fd(&t->taken_fd);
    t->done = t->asked;
    put_all(s, &out);
    asker_each(s, &part_trust, tell_one, &out);
    buf_fini(&out);
}

static void act_list(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    struct buf out = BUF_INIT;
    (void)text, (void)now_ms;
    put_all(s, &out);
    asker_answer_json(a, 0, &out);
    buf_fini(&out);
}

/* A run that is under way has read the files before it was asked. */
static void act_refresh(struct supervisor *s, struct asker *a, struct str text, int64_t now_ms)
{
    (void)text;
    if (!has_domains(&s->current)) {
        asker_answer(a, ASKER_REFUSED, STR("the configuration names no domain of trust"));
        return;
    }
    asker_wait(a, &part_trust, own(s)->asked + 1, now_ms + ASKER_WAIT_MS);
    own(s)->wanted = true;
}

/* ---- the part ---- */

const struct duty duty_trust = {.enter = enter, .equip = equip, .gone = gone};

static void init(struct supervisor *s)
{
    own(s)->fd = own(s)->making_fd = own(s)->taken_fd = -1;
}

static void fini(struct supervisor *s)
{
    close_fd(&own(s)->fd);
    close_fd(&own(s)->making_fd);
    close_fd(&own(s)->taken_fd);
}

/* Lists of revocations that are not there, or ended more than a day ago. */
static unsigned count_crls(const struct trust_setting *t, const struct domain *d, int64_t now_s)
{
    unsigned n = 0;
    for (unsigned i = 1; i <= t->n_crls; i++)
        n += !d->sources[i].is_used || d->sources[i].until_s + TRUST_CRL_GRACE_S < now_s;
    return n;
}

static void count(const struct supervisor *s, uint64_t values[ALARMS])
{
    const struct settings *settings = s->current.settings;
    const int64_t now_s = clock_real_s();
    for (unsigned i = 0; settings && own(s)->generation > 0 && i < settings->n_trusts; i++) {
        const struct domain *d = &own(s)->present[i];
        values[ALARM_trust_list] += strcmp(state_word(&settings->trusts[i], d, now_s),
                                           "in force") != 0;
        values[ALARM_trust_crl] += count_crls(&settings->trusts[i], d, now_s);
        values[ALARM_trust_entries] += d->left_out;
        for (unsigned at = 0; at < TRUST_SOURCES_MAX; at++)
            values[ALARM_trust_refused] += d->sources[at].is_refused;
    }
    values[ALARM_trust_failed] = own(s)->failed;
    values[ALARM_trust_not_kept] = own(s)->lost;
}

static const struct ask asks[] = {{ADMIN_TRUST, act_list, CONTROL_LOOK},
                                  {ADMIN_TRUST_REFRESH, act_refresh, CONTROL_CHANGE},
                                  {.act = NULL}};

const struct part part_trust = {.name = "trust",
                                .bytes = sizeof(struct trust_part),
                                .init = init,
                                .fini = fini,
                                .give = give,
                                .hears = hears,
                                .deadline = deadline,
                                .tick = tick,
                                .on = {[EVENT_BEGINS] = follow, [EVENT_IN_FORCE] = follow},
                                .count = count,
                                .asks = asks};
