#include "supervisor_trust_held.h"

#include <errno.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_MS 60000

void trust_held_init(struct trust_held *h)
{
    *h = (struct trust_held){.fd = -1};
}

void trust_held_fini(struct trust_held *h)
{
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
}

/* ---- other settings ---- */

/* "": there is no such source. */
static struct str place_of(const struct trust_setting *t, unsigned source)
{
    return source == 0 ? t->list : source <= t->n_crls ? t->crls[source - 1] : STR("");
}

static void go_on(struct trust_held *h, const struct trust_held *was, unsigned from,
                  const struct trust_setting *before, unsigned to,
                  const struct trust_setting *after)
{
    for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
        for (unsigned j = 0; j < TRUST_SOURCES_MAX; j++) {
            const struct str place = place_of(after, i);
            if (place.n == 0 || (i == 0) != (j == 0) || !str_eq(place, place_of(before, j)))
                continue;
            h->places[to][i] = was->places[from][j];
            h->unkept[to][i] = was->unkept[from][j];
        }
}

void trust_held_follow(struct trust_held *h, const struct settings *before,
                       const struct settings *after)
{
    struct trust_held *was = malloc(sizeof(*was));
    if (!was) {
        trust_held_fini(h); /* what is on disk counts */
        trust_held_init(h);
        return;
    }
    *was = *h;
    trust_held_init(h);
    h->fd = was->fd;
    for (unsigned to = 0; before && after && to < after->n_trusts; to++)
        for (unsigned from = 0; from < before->n_trusts; from++)
            if (str_eq(after->trusts[to].name, before->trusts[from].name))
                go_on(h, was, from, &before->trusts[from], to, &after->trusts[to]);
    free(was);
}

/* ---- taking ---- */

static bool is_within(uint64_t at, uint64_t n, uint64_t bytes)
{
    return n <= TRUST_KEPT_TEXT_MAX && at <= bytes && n <= bytes - at;
}

bool trust_held_fits(int fd, const struct trust_found *found, unsigned n)
{
    struct stat st;
    if (fstat(fd, &st))
        return false;
    const uint64_t bytes = (uint64_t)st.st_size;
    uint64_t told = 0;
    bool fits = true;
    for (unsigned d = 0; d < n; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++) {
            const struct trust_kept_place *at = &found[d].sources[i].place;
            fits = fits && is_within(at->list_at, at->list_bytes, bytes) &&
                   is_within(at->signer_at, at->signer_bytes, bytes);
            told += at->list_bytes + at->signer_bytes;
        }
    return fits && told == bytes;
}

void trust_held_take(struct trust_held *h, int fd, const struct trust_found *found, unsigned n)
{
    trust_held_fini(h);
    h->fd = fd;
    for (unsigned d = 0; d < n; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++) {
            h->places[d][i] = found[d].sources[i].place;
            h->unkept[d][i].is_owed |= found[d].sources[i].is_taken && !found[d].is_broken;
        }
}

/* ---- the state directory ---- */

static int write_one(const struct trust_held *h, const struct settings *s, unsigned domain,
                     unsigned source, const char *name)
{
    return name[0] ? trust_kept_write(s->state_directory, name, h->fd, &h->places[domain][source])
                   : -ENOMEM;
}

/* It is said once, and again when it is for something else. Returns whether it was written. */
static bool keep(struct trust_held *h, const struct settings *s, unsigned domain, unsigned source)
{
    char name[TRUST_KEPT_NAME_BYTES];
    struct trust_unkept *u = &h->unkept[domain][source];
    trust_kept_name(name, &s->trusts[domain], source, false);
    u->is_owed |= !name[0] || !trust_kept_is_there(s->state_directory, name);
    if (!u->is_owed)
        return false;
    const int r = write_one(h, s, domain, source, name);
    if (r && r != -u->error)
        log_error("a list of a domain of trust cannot be kept for the next start",
                  LOG_TEXT("trust", s->trusts[domain].name), LOG_CSTR("file", name),
                  LOG_CSTR("error", strerror(-r)));
    u->error = -r;
    u->is_owed = r != 0;
    return r == 0;
}

void trust_held_write(struct trust_held *h, const struct settings *s, int64_t now_ms)
{
    bool wrote = false;
    h->next_write_ms = now_ms + RETRY_MS;
    for (unsigned d = 0; d < s->n_trusts; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++) {
            if (h->places[d][i].list_bytes > 0)
                wrote |= keep(h, s, d, i);
        }
    if (wrote)
        trust_kept_sweep(s);
}

void trust_held_retry(struct trust_held *h, const struct settings *s, int64_t now_ms)
{
    if (now_ms >= h->next_write_ms && trust_held_owed(h) > 0)
        trust_held_write(h, s, now_ms);
}

unsigned trust_held_owed(const struct trust_held *h)
{
    unsigned n = 0;
    for (unsigned d = 0; d < TRUST_DOMAINS_MAX; d++)
        for (unsigned i = 0; i < TRUST_SOURCES_MAX; i++)
            n += h->unkept[d][i].is_owed;
    return n;
}
