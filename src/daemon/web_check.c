#include "web_check.h"

#include "aside.h"

#include <stdlib.h>
#include <stird/conf/settings_file.h>
#include <stird/fetch/web_authorities.h>
#include <string.h>

static bool has_lists(const struct settings *s)
{
    bool any = false;
    for (unsigned i = 0; i < s->n_trusts; i++) {
        any = any || s->trusts[i].list_is_url;
        for (unsigned c = 0; c < s->trusts[i].n_crls; c++)
            any = any || trust_setting_is_url(s->trusts[i].crls[c]);
    }
    return any;
}

struct use {
    const char *key; /* of the file; without one the system's authorities count */
    struct str file;
    bool is_wanted;
    const char *without;
};
#define USES 2

static void list_uses(const struct settings *s, struct use uses[USES])
{
    uses[0] = (struct use){"fetch.tls_ca", s->fetch.tls_ca, settings_fetch(s) || has_lists(s),
                           "nothing is fetched, and verified calls are open"};
    uses[1] = (struct use){"check.tls_ca", s->check.tls_ca,
                           s->check.interval_ms > 0 && s->n_certificates > 0,
                           "it is not known what the URLs of our certificates serve"};
}

static void warn(struct settings *s, const char *key, struct str text)
{
    struct str file;
    unsigned line;
    settings_place(s, key, &file, &line);
    settings_warn(s, file, line, text);
}

static void check_named(struct settings *s, const struct use *u)
{
    struct buf text = BUF_INIT;
    const char *file;
    char *path = strndup(u->file.p, u->file.n);
    const char *fault = path ? web_authorities_fault(path, &file) : NULL;
    if (fault) {
        buf_addf(&text, "%s: %s: %s: until that is mended %s: name a file of certificates in PEM",
                 u->key, path, fault, u->without);
        warn(s, u->key, buf_str(&text));
    }
    buf_fini(&text);
    free(path);
}

void web_check_named(struct settings *s)
{
    struct use uses[USES];
    list_uses(s, uses);
    for (unsigned i = 0; i < USES; i++)
        if (uses[i].file.n > 0)
            check_named(s, &uses[i]);
}

static void look(void *user, struct problems *problems)
{
    const char *file, *fault = web_authorities_fault(NULL, &file);
    (void)user;
    if (fault)
        problems_add(problems, STR(""), 0, "%s: %s", file, fault);
}

void web_check_system(struct settings *s)
{
    struct problems found = PROBLEMS_INIT;
    struct use uses[USES];
    list_uses(s, uses);
    for (unsigned i = 0; i < USES; i++) {
        struct buf text = BUF_INIT;
        if (uses[i].file.n > 0 || !uses[i].is_wanted)
            continue;
        if (found.n == 0 &&
            aside_check("the system's authorities of web servers", look, NULL, &found))
            return;
        buf_addf(&text,
                 "the system's authorities of web servers: %s: %s: apt install ca-certificates, or "
                 "name a file by %s",
                 found.n > 0 ? found.list[0].text : "out of memory", uses[i].without, uses[i].key);
        warn(s, uses[i].key, buf_str(&text));
        buf_fini(&text);
    }
    problems_fini(&found);
}
