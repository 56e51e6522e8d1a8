#include "trust_process.h"

#include "roles.h"
#include "trust_kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/base/regular_file.h>
#include <stird/base/shortage.h>
#include <stird/io/control.h>
#include <stird/io/trust_file.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRUST_NICE      10
#define TEXT_BYTES_MAX  ((size_t)4 << 20)
#define TEXT_BYTES_STEP 65536

/* ---- reading, while there are files ---- */

struct making {
    const struct trust_options *options;
    struct trust_build *builds;
    struct arena *arena;
    int state_fd;   /* of the directory of what is kept; -1: there is none */
    uint64_t taken; /* octets written */
    struct mapped_trust before;
};

/* Takes FD. p == NULL: it cannot be read, or is too long. */
static struct str read_fd(const struct making *m, int fd)
{
    struct buf text = BUF_INIT;
    ssize_t n = 1;
    for (off_t at = 0; n > 0 && text.n <= TEXT_BYTES_MAX; at += n) {
        char *room = buf_room(&text, TEXT_BYTES_STEP);
        n = room ? pread(fd, room, TEXT_BYTES_STEP, at) : -1;
        buf_grew(&text, n > 0 ? (size_t)n : 0);
    }
    bool good = n == 0 && !buf_failed(&text);
    struct str copy = good ? arena_copy(m->arena, buf_str(&text)) : (struct str){NULL, 0};
    buf_fini(&text);
    close(fd);
    return copy;
}

/* *WHY: NULL, or why it cannot be read; a static sentence. */
static struct str read_path(const struct making *m, struct str path, const char **why)
{
    char *z = path.n > 0 ? strndup(path.p, path.n) : NULL;
    int fd = z ? regular_file_open(AT_FDCWD, z, 0) : -ENOENT;
    struct str text = fd >= 0 ? read_fd(m, fd) : (struct str){NULL, 0};
    *why = path.n == 0 || text.p ? NULL
           : !z                  ? TRUST_NO_MEMORY
           : fd == -ENOENT       ? "is not there any more"
           : fd == -EACCES       ? "may not be read by stird"
           : fd >= 0             ? "cannot be read, or is longer than 4 MiB"
                                 : "is no file that can be read";
    if (*why)
        log_error("a file of a domain of trust cannot be read", LOG_TEXT("file", path),
                  LOG_CSTR("it", *why));
    free(z);
    return text;
}

static struct str read_kept(const struct making *m, struct str domain, unsigned source, bool signer)
{
    char name[TRUST_KEPT_NAME_BYTES];
    trust_kept_name(name, domain, source, signer);
    int fd = m->state_fd >= 0
                 ? openat(m->state_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                 : -1;
    return fd >= 0 ? read_fd(m, fd) : (struct str){NULL, 0};
}

static struct str read_came(const struct making *m, int fd)
{
    int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
    return copy >= 0 ? read_fd(m, copy) : (struct str){NULL, 0};
}

static void read_source(const struct making *m, unsigned domain, unsigned source, bool is_url,
                        struct str place, struct trust_source *s)
{
    struct str name = m->options->settings->trusts[domain].name;
    s->url = is_url ? place : STR("");
    s->fresh = is_url ? read_came(m, m->options->came[domain][source])
                      : read_path(m, place, &s->unread);
    s->fresh_signer = read_came(m, m->options->came_signers[domain][source]);
    s->kept = read_kept(m, name, source, false);
    s->kept_signer = read_kept(m, name, source, true);
}

static void read_domain(const struct making *m, unsigned domain)
{
    const struct trust_setting *t = &m->options->settings->trusts[domain];
    struct trust_build *b = &m->builds[domain];
    *b = (struct trust_build){.setting = t, .now_s = clock_real_s()};
    const struct {
        struct str *text, path;
    } files[] = {
        {&b->anchors, t->anchors},         {&b->list_anchor, t->list_anchor},
        {&b->list_signer, t->list_signer}, {&b->crl_anchor, t->crl_anchor},
        {&b->crl_signer, t->crl_signer},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const char *why;
        *files[i].text = read_path(m, files[i].path, &why);
        if (why && !b->unread) {
            b->unread = why;
            b->unread_path = files[i].path;
        }
    }
    if (t->list.n > 0)
        read_source(m, domain, 0, t->list_is_url, t->list, &b->list);
    if (t->list.n > 0 && !t->list_is_url)
        b->list.fresh_signer = b->list_signer;
    for (unsigned i = 0; i < t->n_crls; i++)
        read_source(m, domain, 1 + i, trust_setting_is_url(t->crls[i]), t->crls[i], &b->crls[i]);
}

static int open_state(const struct settings *s)
{
    char *path = NULL;
    if (asprintf(&path, "%.*s/" TRUST_KEPT_DIRECTORY, STR_ARG(s->state_directory)) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(path);
    return fd;
}

static void read_all(struct making *m)
{
    m->state_fd = open_state(m->options->settings);
    for (unsigned i = 0; i < m->options->settings->n_trusts; i++)
        read_domain(m, i);
    if (m->state_fd >= 0)
        close(m->state_fd);
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

/* Writes TEXT down for the supervisor to keep: N octets from AT on. */
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
    bool news = s->took_fresh &&
                !(str_eq(s->fresh, s->kept) && str_eq(s->fresh_signer, s->kept_signer));
    int r = news ? hand_over(m, s->fresh, &told->taken_at, &told->taken_bytes) : 0;
    if (news && r == 0)
        r = hand_over(m, s->fresh_signer, &told->signer_at, &told->signer_bytes);
    snprintf(told->saying, CONTROL_TEXT, "%s", s->refused ? s->refused : "");
    if (s->wanted.n < CONTROL_TEXT)
        snprintf(told->wanted, CONTROL_TEXT, "%.*s", STR_ARG(s->wanted));
    return r == 0 ? control_send(control_fd, &c, NULL, 0) : r;
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
    if (r == 0 && b->setting->list.n > 0)
        r = tell_source(making, control_fd, domain, 0, &b->list);
    for (unsigned i = 0; i < b->setting->n_crls && r == 0; i++)
        r = tell_source(making, control_fd, domain, 1 + i, &b->crls[i]);
    return r;
}

/* A domain whose files are broken: what is said of it is no judgement of what others serve. */
static int tell_broken(int control_fd, unsigned domain, const char *why)
{
    struct control_message m = {.type = CONTROL_TRUST_DOMAIN,
                                .trust_domain = {.domain = domain, .is_broken = 1}};
    snprintf(m.trust_domain.saying, CONTROL_TEXT, "%s", why);
    return control_send(control_fd, &m, NULL, 0);
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
        log_error("a domain of trust cannot be made of its files: what was there before stays",
                  LOG_TEXT("trust", b->setting->name), LOG_CSTR("why", why));
        r = tell_broken(control_fd, domain, why);
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
    int r = !m.builds || !m.arena              ? -ENOMEM
            : roles_narrow(ROLE_TRUST, &keeps) ? -EPERM
                                               : make_all(&m, control_fd);
    free(m.builds);
    arena_free(m.arena);
    trust_file_unmap(&m.before);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
