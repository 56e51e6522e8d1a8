#include "trust_process.h"

#include "roles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/shortage.h>
#include <stird/io/control.h>
#include <stird/io/trust_file.h>
#include <stird/io/trust_kept.h>
#include <stird/io/trust_texts.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRUST_NICE 10

/* ---- reading, while there are files ---- */

struct making {
    const struct trust_options *options;
    struct trust_build *builds;
    struct arena *arena;
    uint64_t taken;  /* octets written */
    bool lacks_held; /* what was held could not be read: nothing can be made without it */
    struct mapped_trust before;
};

static int came(void *user, unsigned domain, unsigned source, bool signer)
{
    const struct trust_options *o = ((const struct making *)user)->options;
    return signer ? o->came_signers[domain][source] : o->came[domain][source];
}

/* What cannot be had is empty, and is not asked for on disk, where another one may lie. */
static struct str read_held(const struct making *m, uint64_t at, uint64_t n)
{
    char *text = n > 0 ? arena_alloc(m->arena, (size_t)n) : NULL;
    uint64_t has = 0;
    while (text && has < n) {
        ssize_t got = pread(m->options->held_fd, text + has, n - has, (off_t)(at + has));
        if (got <= 0)
            break;
        has += (uint64_t)got;
    }
    return has == n ? (struct str){text, (size_t)n} : (struct str){NULL, 0};
}

static bool held(void *user, unsigned domain, unsigned source, struct str *list, struct str *signer)
{
    struct making *m = user;
    const struct trust_kept_place *at = &m->options->held[domain][source];
    if (at->list_bytes == 0)
        return false;
    *list = read_held(m, at->list_at, at->list_bytes);
    *signer = read_held(m, at->signer_at, at->signer_bytes);
    m->lacks_held |= list->n != at->list_bytes || signer->n != at->signer_bytes;
    return true;
}

/* An operator named it. */
static void tell_missing(void *user, struct str file, const char *why)
{
    (void)user;
    log_error("a file of a domain of trust cannot be read", LOG_TEXT("file", file),
              LOG_CSTR("it", why));
}

static void read_all(struct making *m)
{
    const struct settings *s = m->options->settings;
    const struct trust_texts texts = {.settings = s,
                                      .arena = m->arena,
                                      .state_fd = trust_kept_open(s->state_directory),
                                      .came = came,
                                      .held = held,
                                      .missing = tell_missing,
                                      .user = m};
    for (unsigned i = 0; i < s->n_trusts; i++)
        trust_texts_read(&texts, i, clock_real_s(), &m->builds[i]);
    if (texts.state_fd >= 0)
        close(texts.state_fd);
    const char *why = NULL;
    if (m->options->before_fd >= 0 && !trust_file_map(&m->before, m->options->before_fd, 0, &why))
        log_error("the image of trust before cannot be read", LOG_CSTR("why", why));
}

/* ---- making, without any ---- */

static int write_all(int fd, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        if (n <= 0)
            return -EIO;
        at += (size_t)n;
    }
    return 0;
}

/* Writes TEXT down for the supervisor to hold: N octets from AT on. */
static int hand_over(struct making *m, struct str text, uint64_t *at, uint64_t *n)
{
    *at = m->taken;
    *n = text.n;
    m->taken += text.n;
    return write_all(m->options->taken_fd, text);
}

static int tell_source(struct making *m, int control_fd, unsigned domain, unsigned source,
                       const struct trust_source *s)
{
    struct control_message c = {
        .type = CONTROL_TRUST_SOURCE,
        .trust_source = {.domain = domain,
                         .source = source,
                         .is_used = s->is_used,
                         .is_refused = s->refused != NULL,
                         .is_new = s->fresh.p || s->unread,
                         .until_s = s->until_s},
    };
    struct control_trust_source *told = &c.trust_source;
    const struct str list = s->took_fresh ? s->fresh : s->kept;
    const struct str signer = s->took_fresh ? s->fresh_signer : s->kept_signer;
    told->is_taken = s->took_fresh &&
                     !(str_eq(s->fresh, s->kept) && str_eq(s->fresh_signer, s->kept_signer));
    told->kept_error = s->took_fresh ? 0 : (uint32_t)-s->kept_error;
    int r = list.n > 0 ? hand_over(m, list, &told->list_at, &told->list_bytes) : 0;
    if (list.n > 0 && r == 0)
        r = hand_over(m, signer, &told->signer_at, &told->signer_bytes);
    snprintf(told->saying, CONTROL_TEXT, "%s", s->refused ? s->refused : "");
    if (s->wanted.n < CONTROL_TEXT)
        snprintf(told->wanted, CONTROL_TEXT, "%.*s", STR_ARG(s->wanted));
    return r == 0 ? control_send(control_fd, &c, NULL, 0) : r;
}

static int tell_sources(struct making *m, int control_fd, unsigned domain,
                        const struct trust_build *b)
{
    int r = b->setting->list.n > 0 ? tell_source(m, control_fd, domain, 0, &b->list) : 0;
    for (unsigned i = 0; i < b->setting->n_crls && r == 0; i++)
        r = tell_source(m, control_fd, domain, 1 + i, &b->crls[i]);
    return r;
}

static int tell_domain(struct making *making, int control_fd, unsigned domain,
                       const struct trust_build *b)
{
    struct control_message m = {
        .type = CONTROL_TRUST_DOMAIN,
        .trust_domain = {.domain = domain,
                         .authorities = b->authorities,
                         .left_out = b->left_out,
                         .sequence = b->domain.sequence,
                         .expires_s = b->domain.expires_s,
                         .until_s = trust_anchors_until_s(b->domain.trust),
                         .revoked = b->revoked},
    };
    snprintf(m.trust_domain.saying, CONTROL_TEXT, "%s", b->left_out_why ? b->left_out_why : "");
    int r = control_send(control_fd, &m, NULL, 0);
    return r == 0 ? tell_sources(making, control_fd, domain, b) : r;
}

/* A domain whose files are broken: what is said of it is no judgement of what others serve, and its
   last good lists are those that it had. */
static int tell_broken(struct making *making, int control_fd, unsigned domain,
                       const struct trust_build *b, const char *why)
{
    struct control_message m = {.type = CONTROL_TRUST_DOMAIN,
                                .trust_domain = {.domain = domain, .is_broken = 1}};
    snprintf(m.trust_domain.saying, CONTROL_TEXT, "%s", why);
    int r = control_send(control_fd, &m, NULL, 0);
    return r == 0 ? tell_sources(making, control_fd, domain, b) : r;
}

/* What the image before has of it; NULL: nothing. */
static const struct trust_image_domain *find_before(const struct making *m, unsigned domain)
{
    const struct trust_image *i = m->before.image;
    const struct trust_setting *t = &m->options->settings->trusts[domain];
    for (unsigned d = 0; i && d < trust_image_domains(i); d++)
        if (m->options->before_of & UINT32_C(1) << domain &&
            str_eq(trust_image_domain(i, d)->name, t->name))
            return trust_image_domain(i, d);
    return NULL;
}

/* *D is B's domain by the settings of now, with what was there before; else it has no authority,
   and is unavailable. */
static bool stays(const struct making *m, unsigned domain, struct trust_build *b,
                  struct trust_image_domain *d)
{
    const struct trust_image_domain *before = find_before(m, domain);
    trust_build_fini(b);
    *d = b->domain;
    d->sequence = before ? before->sequence : 0;
    d->expires_s = before ? before->expires_s : 0;
    d->has_grace = before != NULL;
    d->trust = before ? before->trust : (b->domain.trust = trust_new());
    return d->trust != NULL;
}

/* The others are not affected by one whose files are broken. */
static int make_domain(struct making *m, unsigned domain, int control_fd,
                       struct trust_image_domain *made)
{
    const unsigned long before = shortages();
    struct trust_build *b = &m->builds[domain];
    struct problems problems = PROBLEMS_INIT;
    char why[CONTROL_TEXT];
    int r = 0;
    if (trust_build(b, m->arena, &problems)) {
        *made = b->domain;
        r = tell_domain(m, control_fd, domain, b);
    } else if (shortages() != before || problems.n == 0 || !stays(m, domain, b, made)) {
        r = -ENOMEM;
    } else {
        const struct problem *first = &problems.list[0];
        snprintf(why, sizeof(why), "%s%s%s", first->file, first->file[0] ? " " : "", first->text);
        if (find_before(m, domain))
            log_error("a domain of trust cannot be made of its files: what was there before stays",
                      LOG_TEXT("trust", b->setting->name), LOG_CSTR("why", why));
        else
            log_error("a domain of trust cannot be made of its files: it believes nobody",
                      LOG_TEXT("trust", b->setting->name), LOG_CSTR("why", why));
        b->list.took_fresh = false; /* as the image before has it */
        for (unsigned i = 0; i < b->setting->n_crls; i++)
            b->crls[i].took_fresh = false;
        r = tell_broken(m, control_fd, domain, b, why);
    }
    problems_fini(&problems);
    return r;
}

static int write_image(int fd, const struct trust_image_domain *domains, unsigned n)
{
    struct buf image = BUF_INIT;
    int r = trust_image_write(&image, domains, n) ? write_all(fd, buf_str(&image)) : -ENOMEM;
    buf_fini(&image);
    return r;
}

static int make_all(struct making *m, int control_fd)
{
    struct trust_image_domain domains[TRUST_DOMAINS_MAX] = {{.n_countries = 0}};
    const unsigned n = m->options->settings->n_trusts;
    const struct control_message built = {.type = CONTROL_TRUST_BUILT};
    int r = 0;
    for (unsigned i = 0; i < n && r == 0; i++)
        r = make_domain(m, i, control_fd, &domains[i]);
    if (r == 0)
        r = write_image(m->options->image_fd, domains, n);
    for (unsigned i = 0; i < n; i++)
        trust_build_fini(&m->builds[i]);
    return r == 0 ? control_send(control_fd, &built, NULL, 0) : r;
}

int trust_main(const struct trust_options *options, int control_fd)
{
    const struct settings *s = options->settings;
    const struct role_keeps keeps = {.landlock_required = s->landlock_required};
    struct making m = {.options = options,
                       .builds = calloc(s->n_trusts + 1, sizeof(struct trust_build)),
                       .arena = arena_new(65536)};
    if (setpriority(PRIO_PROCESS, 0, TRUST_NICE))
        log_debug("trust is made beside the calls", LOG_CSTR("error", strerror(errno)));
    if (m.builds && m.arena)
        read_all(&m);
    int r = !m.builds || !m.arena || m.lacks_held ? -ENOMEM
            : roles_narrow(ROLE_TRUST, &keeps)    ? -EPERM
                                                  : make_all(&m, control_fd);
    free(m.builds);
    arena_free(m.arena);
    trust_file_unmap(&m.before);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
