#include "named_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct visitor {
    void (*visit)(void *user, struct str path);
    void *user;
};

static bool is_table(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".csv") == 0;
}

/* Visits a directory of number tables, but not its subdirectories. */
static void visit_tables(const struct visitor *v, const char *path)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        char *name = NULL;
        if (!is_table(entry->d_name) || asprintf(&name, "%s/%s", path, entry->d_name) < 0)
            continue;
        v->visit(v->user, str_of(name));
        free(name);
    }
    if (directory)
        closedir(directory);
}

static void visit_all(const struct visitor *v, const struct str *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *z = paths[i].n > 0 ? strndup(paths[i].p, paths[i].n) : NULL;
        if (z) {
            v->visit(v->user, paths[i]);
            visit_tables(v, z);
        }
        free(z);
    }
}

static bool is_one_of(const struct str *paths, size_t n, struct str path)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(paths[i], path))
            return true;
    return false;
}

static void visit_trust(const struct visitor *v, const struct trust_setting *t)
{
    const struct str paths[] = {t->anchors, t->list_anchor, t->list_signer, t->crl_anchor,
                                t->crl_signer};
    visit_all(v, paths, sizeof(paths) / sizeof(paths[0]));
    if (!t->list_is_url)
        visit_all(v, &t->list, 1);
    for (unsigned i = 0; i < t->n_crls; i++)
        if (!trust_setting_is_url(t->crls[i]))
            visit_all(v, &t->crls[i], 1);
}

#define OTHERS 5

static void others_of(const struct settings *s, struct str others[OTHERS])
{
    const struct str all[OTHERS] = {s->numbers_compiled, s->check.anchors, s->check.crls,
                                    s->check.crl_anchors, s->check.tls_ca};
    memcpy(others, all, sizeof(all));
}

bool named_files_go_without(const struct settings *s, struct str path)
{
    struct str others[OTHERS];
    bool is = str_eq(path, s->fetch.tls_ca);
    others_of(s, others);
    for (unsigned i = 0; i < s->n_trusts && !is; i++) {
        const struct trust_setting *t = &s->trusts[i];
        const struct str paths[] = {t->anchors,    t->list_anchor, t->list_signer,
                                    t->crl_anchor, t->crl_signer,  t->list};
        is = is_one_of(paths, sizeof(paths) / sizeof(paths[0]), path) ||
             is_one_of(t->crls, t->n_crls, path);
    }
    return is && !is_one_of(others, OTHERS, path) && !str_eq(path, s->tls_ca) &&
           !str_eq(path, s->tls_certificate);
}

void named_files_each(const struct files *files, const struct settings *s,
                      void (*visit)(void *user, struct str path), void *user)
{
    const struct visitor v = {visit, user};
    struct str others[OTHERS];
    others_of(s, others);
    files_each(files, visit, user);
    visit_all(&v, s->numbers_files, s->n_numbers_files);
    visit_all(&v, s->customers_files, s->n_customers_files);
    for (unsigned i = 0; i < s->n_trusts; i++)
        visit_trust(&v, &s->trusts[i]);
    visit_all(&v, others, OTHERS);
    visit_all(&v, &s->fetch.tls_ca, 1);
}
