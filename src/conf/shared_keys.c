/*
 * A key that signs calls must be the signer's alone: whoever serves TLS with it, or takes over a
 * process that does, can say who calls. So no key for TLS is one of a unit's, whichever listens.
 */
#include "reader.h"

#include <stird/base/container_of.h>
#include <stird/core/shown_certificate.h>

#define PEM_BYTES_MAX (256 * 1024)

static const struct server {
    const char *certificate_key, *secret_key;
    size_t certificate, secret;
} servers[] = {
    {"tls.certificate", "tls.key", offsetof(struct settings, tls_certificate),
     offsetof(struct settings, tls_key)},
    {"web.tls_certificate", "web.tls_key", offsetof(struct settings, web_tls_certificate),
     offsetof(struct settings, web_tls_key)},
    {"repository.tls_certificate", "repository.tls_key",
     offsetof(struct settings, repository_tls_certificate),
     offsetof(struct settings, repository_tls_key)},
};

static struct str text_at(const struct settings *s, size_t offset)
{
    return *(const struct str *)(const void *)((const char *)s + offset);
}

static bool lies_in(struct str path, struct str directory)
{
    return directory.n > 0 && path.n > directory.n + 1 && path.p[directory.n] == '/' &&
           str_eq(str_slice(path, 0, directory.n), directory);
}

/* Certificate and key of a server have to fit together, so the public key tells of the private one,
   which only those who serve read. */
static const struct certificate *unit_with(const struct settings *s, struct str text)
{
    struct shown_certificate *shown = shown_certificate_read(text);
    const struct certificate *found = NULL;
    for (unsigned i = 0; shown && !found && i < s->n_certificates; i++)
        if (shown_certificate_has_key_of(shown, &s->certificates[i]))
            found = &s->certificates[i];
    shown_certificate_free(shown);
    return found;
}

static bool has_key_of_unit(struct reader *r, const struct draft *draft, const struct server *v)
{
    const struct settings *s = &draft->settings;
    struct str text, path = text_at(s, v->certificate);
    const bool is_read = path.n > 0 && files_read(r->files, path, PEM_BYTES_MAX, &text) == 0;
    const struct certificate *unit = is_read ? unit_with(s, text) : NULL;
    if (unit)
        complain(r, &draft->object, place_of(&draft->object, v->certificate_key),
                 "%s: %.*s has the key of certificate \"%.*s\"%s%.*s, which signs calls and is the "
                 "signer's alone: get a certificate of the web, with a key of its own, for %s",
                 v->certificate_key, STR_ARG(path), STR_ARG(unit->id),
                 unit->unit.n > 0 ? ", unit " : "", STR_ARG(unit->unit), v->secret_key);
    return unit != NULL;
}

/* Also where the unit beside it has expired, or has a mistake. */
static void check_place(struct reader *r, const struct draft *draft, const struct server *v)
{
    const struct str path = text_at(&draft->settings, v->secret);
    for (unsigned i = 0; i < draft->certificates.n; i++) {
        const struct draft_certificate *d = container_of(draft->certificates.items[i],
                                                         struct draft_certificate, object);
        if (!lies_in(path, d->directory))
            continue;
        complain(
            r, &draft->object, place_of(&draft->object, v->secret_key),
            "%s: %.*s lies in the directory of certificate \"%.*s\", whose keys sign calls and are the "
            "signer's alone: name a key of its own",
            v->secret_key, STR_ARG(path), STR_ARG(d->id));
        return;
    }
}

void keys_find_shared(struct reader *r, const struct draft *draft)
{
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
        if (!has_key_of_unit(r, draft, &servers[i]))
            check_place(r, draft, &servers[i]);
}
