#include <stird/core/published_unit.h>

#include <stird/core/certificate.h>
#include <stird/core/x5u.h>

bool published_unit_path(const struct settings *s, struct str x5u, struct str *path)
{
    struct x5u_parts parts;
    if (s->repository_port == 0 || x5u.n == 0 || x5u_split(x5u, &parts))
        return false;
    *path = parts.path;
    return s->repository_host.n == 0 || x5u_same_host(parts.host, s->repository_host);
}

static bool is_at(const struct settings *s, uint32_t i, struct str path)
{
    struct str own;
    return published_unit_path(s, s->certificates[i].x5u, &own) && str_eq(own, path);
}

/* 2: it signs; 1: it is in force; 0: neither. */
static unsigned rank(const struct certificate_question *q, uint32_t i)
{
    const struct certificate *c = &q->settings->certificates[i];
    enum reason reason;
    if (certificate_choose(q, certificate_find(q->settings, c->id), &reason) == i)
        return 2;
    return certificate_usable(c, q->now_s) == REASON_OK;
}

uint32_t published_unit(const struct certificate_question *q, struct str path)
{
    uint32_t chosen = NO_CERTIFICATE;
    unsigned best = 0;
    for (uint32_t i = 0; i < q->settings->n_certificates; i++) {
        if (!is_at(q->settings, i, path))
            continue;
        const unsigned here = rank(q, i);
        if (chosen == NO_CERTIFICATE || here > best) {
            chosen = i;
            best = here;
        }
    }
    return chosen;
}
