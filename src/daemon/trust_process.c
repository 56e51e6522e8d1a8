#include "trust_process.h"

#include "roles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/log.h>
#include <stird/io/control.h>
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
    uint64_t taken; /* octets written */
};

static int came(void *user, unsigned domain, unsigned source, bool signer)
{
    const struct trust_options *o = ((const struct making *)user)->options;
    return signer ? o->came_signers[domain][source] : o->came[domain][source];
}

/* An operator named it. */
static void tell_missing(void *user, struct str file)
{
    (void)user;
    log_error("a file of a domain of trust cannot be read", LOG_TEXT("file", file));
}

static void read_all(struct making *m)
{
    const struct settings *s = m->options->settings;
    const struct trust_texts texts = {.settings = s,
                                      .arena = m->arena,
                                      .state_fd = trust_kept_open(s->state_directory),
                                      .came = came,
                                      .missing = tell_missing,
                                      .user = m};
    for (unsigned i = 0; i < s->n_trusts; i++)
        trust_texts_read(&texts, i, clock_real_s(), &m->builds[i]);
    if (texts.state_fd >= 0)
        close(texts.state_fd);
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
                         .is_refused = s->fresh.p && s->refused,
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
    const struct control_message m = {
        .type = CONTROL_TRUST_DOMAIN,
        .trust_domain = {.domain = domain,
                         .authorities = b->authorities,
                         .left_out = b->left_out,
                         .sequence = b->domain.sequence,
                         .expires_s = b->domain.expires_s,
                         .revoked = b->revoked},
    };
    int r = control_send(control_fd, &m, NULL, 0);
    if (r == 0 && b->setting->list.n > 0)
        r = tell_source(making, control_fd, domain, 0, &b->list);
    for (unsigned i = 0; i < b->setting->n_crls && r == 0; i++)
        r = tell_source(making, control_fd, domain, 1 + i, &b->crls[i]);
    return r;
}

/* A domain that cannot be made has no trust at all; the others are not affected. */
static void log_problems(const struct trust_build *b, const struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++)
        log_error("a domain of trust cannot be made of its files",
                  LOG_TEXT("trust", b->setting->name), LOG_CSTR("why", problems->list[i].text));
}

static bool make_domain(const struct making *m, struct trust_build *b)
{
    struct problems problems = PROBLEMS_INIT;
    bool good = trust_build(b, m->arena, &problems);
    log_problems(b, &problems);
    problems_fini(&problems);
    return good;
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
    for (unsigned i = 0; i < n && r == 0; i++) {
        r = make_domain(m, &m->builds[i]) ? tell_domain(m, control_fd, i, &m->builds[i]) : -EINVAL;
        domains[i] = m->builds[i].domain;
    }
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
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
