#include "trust_from_files.h"

#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/base/memory_file.h>
#include <stird/core/trust_build.h>
#include <stird/io/trust_kept.h>
#include <stird/io/trust_texts.h>
#include <string.h>
#include <unistd.h>

static void tell_missing(void *user, struct str file, const char *why)
{
    (void)user;
    warn_said("stirctl: %.*s: of a domain of trust: %s\n", STR_ARG(file), why);
}

/* ---- what is not at hand ---- */

static void tell_source(const struct trust_build *b, const struct trust_source *s, const char *what)
{
    const struct str name = b->setting->name;
    if (s->refused && s->fresh.p)
        warn_said("stirctl: trust %.*s: its %s is not used: it %s\n", STR_ARG(name), what,
                  s->refused);
    if (s->is_used || s->url.n == 0)
        return;
    warn_said("stirctl: trust %.*s: its %s %.*s is fetched by the stird that runs alone,\n"
              "         and %s\n",
              STR_ARG(name), what, STR_ARG(s->url),
              s->kept_error   ? "what it kept cannot be read: be root, or the user of stird"
              : s->kept.n > 0 ? "the one that it kept cannot be used any more"
                              : "none was kept");
}

static void tell_sources(const struct trust_build *b)
{
    if (b->setting->list.n > 0)
        tell_source(b, &b->list, "list");
    for (unsigned i = 0; i < b->setting->n_crls; i++)
        tell_source(b, &b->crls[i], "revocation list");
}

/* ---- making ---- */

/* A domain that cannot be made believes nobody; the others are not affected. False: no memory. */
static bool make_domain(const struct trust_texts *texts, unsigned i, struct trust_build *b)
{
    struct problems problems = PROBLEMS_INIT;
    trust_texts_read(texts, i, clock_real_s(), b);
    bool good = trust_build(b, texts->arena, &problems);
    for (size_t k = 0; k < problems.n; k++)
        warn_said("stirctl: trust %.*s: cannot be made of its files:\n         %s%s%s\n",
                  STR_ARG(b->setting->name), problems.list[k].file,
                  problems.list[k].file[0] ? " " : "", problems.list[k].text);
    problems_fini(&problems);
    if (good) {
        tell_sources(b);
        return true;
    }
    trust_build_fini(b);
    b->domain.trust = trust_new();
    return b->domain.trust != NULL;
}

static bool write_all(int fd, struct str text)
{
    size_t at = 0;
    for (ssize_t n = 1; n > 0 && at<text.n; at += n> 0 ? (size_t)n : 0)
        n = write(fd, text.p + at, text.n - at);
    return at == text.n;
}

static void map(const struct trust_image_domain *domains, unsigned n, struct mapped_trust *mapped)
{
    struct buf image = BUF_INIT;
    const char *why = strerror(ENOMEM);
    int fd = trust_image_write(&image, domains, n) ? memory_file_new("trust") : -1;
    if (fd < 0 || !write_all(fd, buf_str(&image)) || memory_file_seal(fd) != 0 ||
        !trust_file_map(mapped, fd, 0, &why))
        warn_said("stirctl: the domains of trust: %s\n", why);
    if (fd >= 0)
        close(fd);
    buf_fini(&image);
}

static void make(const struct trust_texts *texts, struct trust_build *builds,
                 struct mapped_trust *mapped)
{
    struct trust_image_domain domains[TRUST_DOMAINS_MAX] = {{.n_countries = 0}};
    const unsigned n = texts->settings->n_trusts;
    bool good = true;
    for (unsigned i = 0; i < n; i++) {
        good = make_domain(texts, i, &builds[i]) && good;
        domains[i] = builds[i].domain;
    }
    if (good)
        map(domains, n, mapped);
    for (unsigned i = 0; i < n; i++)
        trust_build_fini(&builds[i]);
}

void trust_from_files(const struct settings *settings, struct mapped_trust *mapped)
{
    struct trust_build *builds = calloc(settings->n_trusts + 1u, sizeof(*builds));
    const struct trust_texts texts = {.settings = settings,
                                      .arena = arena_new(65536),
                                      .state_fd = trust_kept_open(settings->state_directory),
                                      .missing = tell_missing};
    *mapped = (struct mapped_trust){.image = NULL};
    if (builds && texts.arena && settings->n_trusts > 0)
        make(&texts, builds, mapped);
    if (texts.state_fd >= 0)
        close(texts.state_fd);
    arena_free(texts.arena);
    free(builds);
}
