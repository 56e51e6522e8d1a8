/* The tls group, and what needs it. */
#include "reader.h"

#include <errno.h>
#include <stird/core/list_login.h>
#include <stird/base/container_of.h>

#define PEM_BYTES_MAX (256 * 1024)
#define KEY_BYTES_MAX 16384

/* What the world can break by itself is told, and the rest goes on: a certificate ends though
   nobody has touched a file. */
void tls_certificate_read(struct reader *r, const struct draft *draft, const char *key,
                          struct str path, const char *without, struct tls_dates *dates)
{
    const struct object *root = &draft->object;
    const struct place at = place_of(root, key);
    struct str text;
    int error = files_read(r->files, path, PEM_BYTES_MAX, &text);
    const char *fault = error < 0 ? files_fault(error) : tls_dates_read(dates, text),
               *ended = fault ? NULL : tls_dates_fault(dates, r->now_s);
    if (error == -ENOMEM)
        out_of_memory(r);
    else if (fault && without)
        warn(r, root, at, "%s: %.*s: %s: %s until that is mended", key, STR_ARG(path), fault,
             without);
    else if (error < 0) /* what else is wrong is told by who reads the key beside it */
        complain(r, root, at, "%s: %.*s: %s", key, STR_ARG(path), fault);
    else if (ended)
        warn(r, root, at, "%s: %.*s: %s: peers that look at it refuse it: put a new one here", key,
             STR_ARG(path), ended);
}

/* The key is read by those that serve alone: settings_read_secrets(). */
static const struct {
    const char *key;
    size_t offset;
    bool secret;
} parts[] = {
    {"tls.certificate", offsetof(struct settings, tls_certificate), false},
    {"tls.key", offsetof(struct settings, tls_key), true},
    {"tls.ca", offsetof(struct settings, tls_ca), false},
};
#define PARTS       (sizeof(parts) / sizeof(parts[0]))
#define CERTIFICATE 0

static struct str path_of(const struct settings *s, unsigned part)
{
    return *(const struct str *)(const void *)((const char *)s + parts[part].offset);
}

struct str tls_plain_host_name(struct reader *r, struct str name)
{
    struct str dotless = str_slice(name, 0,
                                   name.n > 1 && name.p[name.n - 1] == '.' ? name.n - 1 : name.n);
    struct str copy = arena_copy(r->arena, dotless);
    for (size_t i = 0; i < copy.n; i++)
        ((char *)(uintptr_t)copy.p)[i] = ascii_lower(copy.p[i]);
    if (!copy.p)
        out_of_memory(r);
    return copy;
}

static void read_part(struct reader *r, struct draft *draft, unsigned i)
{
    struct str path = path_of(&draft->settings, i), text;
    if (i == CERTIFICATE) {
        tls_certificate_read(r, draft, parts[i].key, path, NULL, &draft->settings.tls_dates);
        return;
    }
    int error = files_read(r->files, path, PEM_BYTES_MAX, &text);
    if (error == -ENOMEM)
        out_of_memory(r);
    else if (error < 0)
        complain(r, &draft->object, place_of(&draft->object, parts[i].key), "%s: %.*s: %s",
                 parts[i].key, STR_ARG(path), files_fault(error));
}

struct secret {
    const char *key;
    struct str path, file;
    unsigned line;
    const char *form; /* what it must look like, where anybody looks */
};

static bool is_good(int error, const struct secret *secret, struct problems *problems)
{
    if (error == -ENOMEM)
        problems->out_of_memory = true;
    else if (error < 0)
        problems_add(problems, secret->file, secret->line, "%s: %.*s: %s", secret->key,
                     STR_ARG(secret->path), files_secret_fault(error));
    return error == 0;
}

/* For what no call is lost: a warning. False: no memory. */
static bool warn_of(struct settings *s, const struct secret *secret, const char *why,
                    const char *without)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s: %.*s: %s: %s until that is mended", secret->key, STR_ARG(secret->path),
             why, without);
    bool good = !buf_failed(&text) && settings_warn(s, secret->file, secret->line, buf_str(&text));
    buf_fini(&text);
    return good;
}

static bool look_at(struct files *files, struct settings *s, const struct secret *secret,
                    uid_t owner, size_t max_bytes, bool (*is_whole)(struct str text))
{
    int error = secret->path.n == 0
                    ? 0
                    : files_look_at_secret(files, secret->path, owner, max_bytes, is_whole);
    return error == 0 ||
           (error != -ENOMEM &&
            warn_of(s, secret, error == -EBADMSG ? secret->form : files_secret_fault(error),
                    "the list is not fetched"));
}

static bool look_at_couriers(struct files *files, struct settings *s, uid_t owner)
{
    bool good = true;
    for (unsigned i = 0; i < s->n_trusts; i++) {
        const struct trust_setting *t = &s->trusts[i];
        const struct secret token = {"list_token_file", t->list_token_file, t->file, t->line,
                                     "must hold " LIST_TOKEN_FORM};
        const struct secret login = {"list_login_file", t->list_login_file, t->file, t->line,
                                     "must hold " LIST_LOGIN_FORM};
        good = look_at(files, s, &token, owner, TRUST_TOKEN_BYTES_MAX, list_token_is_whole) && good;
        good = look_at(files, s, &login, owner, TRUST_LOGIN_BYTES_MAX, list_login_is_whole) && good;
    }
    return good;
}

/* Calls do not need it. */
static bool read_key_of_pages(struct files *files, struct settings *s, const struct secret *key,
                              const char *without, uid_t owner)
{
    struct str text;
    const int error = key->path.n > 0
                          ? files_read_secret(files, key->path, owner, KEY_BYTES_MAX, &text)
                          : 0;
    return error == 0 || (error != -ENOMEM && warn_of(s, key, files_secret_fault(error), without));
}

bool settings_read_secrets(struct files *files, struct settings *s, uid_t owner,
                           struct problems *problems)
{
    const struct secret sip = {"tls.key", s->tls_key, s->tls_key_file, s->tls_key_line, NULL},
                        web = {"web.tls_key", s->web_tls_key, s->web_tls_key_file,
                               s->web_tls_key_line, NULL},
                        repository = {"repository.tls_key", s->repository_tls_key,
                                      s->repository_tls_key_file, s->repository_tls_key_line, NULL};
    struct str text;
    bool good = sip.path.n == 0 ||
                is_good(files_read_secret(files, sip.path, owner, KEY_BYTES_MAX, &text), &sip,
                        problems);
    if (!read_key_of_pages(files, s, &web, "no pages are served", owner) ||
        !read_key_of_pages(files, s, &repository, "our chains are not served", owner) ||
        !look_at_couriers(files, s, owner)) {
        problems->out_of_memory = true;
        return false;
    }
    return good;
}

static bool is_given(const struct draft *draft)
{
    bool any = false;
    for (unsigned i = 0; i < PARTS; i++)
        any = any || path_of(&draft->settings, i).n > 0;
    return any;
}

/* The first listener that offers TLS (and, if VERIFYING, asks for a certificate), or NULL. */
static const struct object *find_listener(const struct draft *draft, bool verifying,
                                          struct str only)
{
    for (unsigned i = 0; i < draft->listeners.n; i++) {
        const struct draft_listener *d = container_of(draft->listeners.items[i],
                                                      struct draft_listener, object);
        if (d->listener.transports[TRANSPORT_TLS] && (!verifying || d->listener.verify_client) &&
            (only.n == 0 || str_eq(only, d->listener.name)))
            return &d->object;
    }
    return NULL;
}

static void check_trunks(struct reader *r, const struct draft *draft)
{
    for (unsigned i = 0; i < draft->trunks.n; i++) {
        const struct draft_trunk *d = container_of(draft->trunks.items[i], struct draft_trunk,
                                                   object);
        if (d->trunk.tls_name.n > 0 && !find_listener(draft, true, d->trunk.listener))
            complain(r, &d->object, place_of(&d->object, "tls_name"),
                     "tls_name: no call can match, for no listener of its calls has transports = "
                     "[ \"tls\" ] and verify_client = \"require\"");
        if (d->trunk.tls_peer_name.n > 0 && !find_listener(draft, false, (struct str){NULL, 0}))
            complain(r, &d->object, place_of(&d->object, "tls_peer_name"),
                     "tls_peer_name has a meaning only with a listener that has transports = [ "
                     "\"tls\" ]: take it out");
    }
}

void resolve_tls(struct reader *r, struct draft *draft)
{
    const struct object *needed = find_listener(draft, false, (struct str){NULL, 0});
    struct place key = place_of(&draft->object, "tls.key");
    draft->settings.tls_key_file = key.file;
    draft->settings.tls_key_line = key.line;
    check_trunks(r, draft);
    if (!needed && !is_given(draft))
        return;
    for (unsigned i = 0; i < PARTS; i++) {
        if (path_of(&draft->settings, i).n > 0 && parts[i].secret)
            continue;
        if (path_of(&draft->settings, i).n > 0)
            read_part(r, draft, i);
        else if (needed)
            complain(r, needed, place_of(needed, "transports"),
                     "\"tls\" needs %s, which is missing", parts[i].key);
        else
            complain(r, &draft->object, draft->object.at,
                     "tls.certificate, tls.key and tls.ca go together: %s is missing",
                     parts[i].key);
    }
}
