#include "reader.h"

#include <errno.h>
#include <stird/base/container_of.h>

#define ARENA_FIRST_BYTES 16384

/* "conf/stird.conf" is in "conf/", "stird.conf" in "". */
static struct str directory_of(struct str path)
{
    size_t n = path.n;
    while (n > 0 && path.p[n - 1] != '/')
        n--;
    return str_slice(path, 0, n);
}

/* False: it cannot be read. */
static bool add_path(struct reader *r, struct draft *draft, struct str path)
{
    struct str text = {"", 0};
    int error = files_read(r->files, path, CONFIGURATION_BYTES_MAX, &text);
    if (error == 0) {
        reader_add_file(r, draft, path, text);
        return true;
    }
    r->incomplete = true;
    if (error == -ENOMEM)
        out_of_memory(r);
    else if (error == -ENOENT && str_eq(path, r->main_file))
        problems_add(r->problems, path, 0,
                     "cannot be read: %s: make a first one by stirctl init, or name another with "
                     "-c",
                     files_fault(error));
    else
        problems_add(r->problems, path, 0, "cannot be read: %s", files_fault(error));
    problems_may_pass(r->problems, -error);
    return false;
}

static void add_drop_ins(struct reader *r, struct draft *draft)
{
    struct str names = {NULL, 0};
    struct str directory = arena_printf(r->arena, "%.*sconf.d", STR_ARG(r->directory));
    int error = files_list(r->files, directory, STR(".conf"), &names);
    if (error == -ENOENT)
        return;
    if (error < 0) {
        r->incomplete = true;
        problems_add(r->problems, directory, 0, "cannot be read: %s", files_fault(error));
        problems_may_pass(r->problems, -error);
        return;
    }
    while (names.n > 0) {
        struct str name = str_cut(&names, '\0');
        add_path(r, draft, arena_printf(r->arena, "%.*s/%.*s", STR_ARG(directory), STR_ARG(name)));
    }
}

typedef void resolve_step(struct reader *r, struct draft *draft);

/* CERTIFICATES come after the providers; both refer to nothing else. Trunks refer to all the
   others. */
static void resolve_with(struct reader *r, struct draft *draft, resolve_step *certificates,
                         resolve_step *trusts, resolve_step *tls, resolve_step *web)
{
    resolve_step *const steps[] = {
        resolve_providers,
        certificates,
        resolve_open_certificates,
        resolve_listeners,
        resolve_aliases,
        resolve_upstreams,
        resolve_dialects,
        trusts,
        resolve_verifications,
        resolve_trunks,
        resolve_root,
        resolve_customers,
        resolve_rules,
        resolve_monitors,
        tls,
        web,
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        steps[i](r, draft);
    sources_find_overlaps(r, draft);
    aliases_find_conflicts(r, draft);
    verification_find_idle(r, draft);
    rules_find_idle(r, draft);
    identities_find_staying(r, draft);
    limits_find_conflicts(r, draft);
    answers_find_long(r, draft);
    struct settings *s = &draft->settings;
    s->sources = source_table_new(r->arena, s->trunks, s->n_trunks, s->upstreams, s->n_upstreams);
    if (!s->sources)
        out_of_memory(r);
}

static void resolve(struct reader *r, struct draft *draft)
{
    resolve_with(r, draft, resolve_certificates, resolve_trusts, resolve_tls, resolve_pages);
    resolve_signers(r, draft);
}

/* Problems of certificates stand whatever comes behind the syntax error. */
static void resolve_certificates_said(struct reader *r, struct draft *draft)
{
    struct problems *quiet = r->problems;
    r->problems = r->of_certificates;
    resolve_certificates(r, draft);
    r->problems = quiet;
}

static void resolve_beginnings(struct reader *r, struct draft *draft)
{
    resolve_with(r, draft, resolve_certificates_said, resolve_trusts, resolve_tls, resolve_pages);
}

/* Of certificates their names and places alone. */
static void resolve_paths(struct reader *r, struct draft *draft)
{
    unsigned n = draft->certificates.n;
    struct certificate *list = reader_array(r, n, sizeof(*list));
    for (unsigned i = 0; list && i < n; i++) {
        const struct draft_certificate *d = container_of(draft->certificates.items[i],
                                                         struct draft_certificate, object);
        list[i] = (struct certificate){.id = d->id,
                                       .directory = d->directory,
                                       .provider = provider_of_certificate(&draft->settings, d->id),
                                       .provider_open = provider_is_open(&draft->settings, d->id)};
    }
    draft->settings.certificates = list;
    draft->settings.n_certificates = list ? n : 0;
}

static void leave_out(struct reader *r, struct draft *draft)
{
    (void)r, (void)draft;
}

static void resolve_for_tables(struct reader *r, struct draft *draft)
{
    resolve_with(r, draft, resolve_paths, leave_out, leave_out, leave_out);
}

static struct draft *read_draft(struct reader *r,
                                void (*judge)(struct reader *r, struct draft *draft))
{
    struct object *object = reader_new_object(r, &root_table);
    if (!object)
        return NULL;
    struct draft *draft = container_of(object, struct draft, object);
    draft->settings.arena = r->arena;
    draft->object.at = (struct place){.file = r->main_file};
    draft->object.label = (struct str){"", 0};
    /* A main file that cannot be read says enough: it is the wrong one, or we have no right. */
    if (add_path(r, draft, r->main_file))
        add_drop_ins(r, draft);
    reader_finish_object(r, &draft->object);
    if (!r->incomplete || r->beginnings)
        judge(r, draft);
    return draft;
}

static struct settings *read_settings(struct files *files, struct str path, int64_t now_s,
                                      void (*judge)(struct reader *r, struct draft *draft),
                                      struct problems *of_certificates, struct problems *problems,
                                      bool *usable)
{
    *usable = false;
    struct arena *arena = arena_new(ARENA_FIRST_BYTES);
    if (!arena) {
        problems->out_of_memory = true;
        return NULL;
    }
    struct reader r = {.files = files,
                       .arena = arena,
                       .problems = problems,
                       .now_s = now_s,
                       .beginnings = of_certificates != NULL,
                       .of_certificates = of_certificates};
    size_t before = problems->n;
    r.main_file = arena_copy(arena, path);
    r.directory = directory_of(r.main_file);
    struct draft *draft = read_draft(&r, judge);
    if (!draft) {
        arena_free(arena);
        return NULL;
    }
    struct settings *settings = &draft->settings;
    settings->warnings = r.first_warning;
    *usable = problems->n == before && !problems->out_of_memory;
    if ((r.incomplete && !r.beginnings) || problems->out_of_memory) {
        settings_free(settings);
        settings = NULL;
    }
    return settings;
}

struct settings *settings_read_all(struct files *files, struct str path, int64_t now_s,
                                   struct problems *problems, bool *usable)
{
    return read_settings(files, path, now_s, resolve, NULL, problems, usable);
}

struct settings *settings_read_beginnings(struct files *files, struct str path, int64_t now_s,
                                          struct problems *of_certificates)
{
    struct problems told = PROBLEMS_INIT;
    bool usable;
    struct settings *s = read_settings(files, path, now_s, resolve_beginnings, of_certificates,
                                       &told, &usable);
    problems_fini(&told);
    return s;
}

struct settings *settings_read_paths(struct files *files, struct str path,
                                     struct problems *problems, bool *usable)
{
    return read_settings(files, path, 0, resolve_paths, NULL, problems, usable);
}

static struct settings *if_usable(struct settings *settings, bool usable)
{
    if (usable)
        return settings;
    settings_free(settings);
    return NULL;
}

struct settings *settings_read(struct files *files, struct str path, int64_t now_s,
                               struct problems *problems)
{
    bool usable;
    struct settings *settings = settings_read_all(files, path, now_s, problems, &usable);
    return if_usable(settings, usable);
}

struct settings *settings_read_for_tables(struct files *files, struct str path, int64_t now_s,
                                          struct problems *problems)
{
    bool usable;
    struct settings *s = read_settings(files, path, now_s, resolve_for_tables, NULL, problems,
                                       &usable);
    return if_usable(s, usable);
}
