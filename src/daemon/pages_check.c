#include "pages_check.h"

#include "service_user.h"
#include "tls_files.h"

#include <stird/net/listen.h>

#define TLS_BYTES_MAX (1024 * 1024) /* they were read with a narrower limit */

/* A server of pages. */
struct server {
    const char *address_key, *certificate_key;
    const struct address *at;
    struct str certificate, secret;
    const struct tls_dates *dates;
    const char *without;
};
#define SERVERS 2

static void list_servers(const struct settings *s, struct server servers[SERVERS])
{
    servers[0] = (struct server){"web.address",          "web.tls_certificate", &s->web_listen,
                                 s->web_tls_certificate, s->web_tls_key,        &s->web_tls_dates,
                                 "no pages are served"};
    servers[1] = (struct server){"repository.address",       "repository.tls_certificate",
                                 &s->repository_listen,      s->repository_tls_certificate,
                                 s->repository_tls_key,      &s->repository_tls_dates,
                                 "our chains are not served"};
}

static void warn_at(struct settings *s, const char *key, const struct buf *text)
{
    struct str file;
    unsigned line;
    settings_place(s, key, &file, &line);
    settings_warn(s, file, line, buf_str(text));
}

/* What is wrong with either alone has been told where it was read. */
static bool are_both_there(struct files *files, const struct server *v)
{
    struct str secret;
    return v->dates->known && v->secret.n > 0 &&
           files_read_secret(files, v->secret, service_user_uid(), TLS_BYTES_MAX, &secret) == 0;
}

/* Whether they fit and can be served. */
static bool check_files(struct files *files, struct settings *s, const struct server *v,
                        struct problems *problems)
{
    struct problems found = PROBLEMS_INIT;
    if (!are_both_there(files, v))
        return false;
    if (tls_files_check_pages(files, v->certificate, v->secret, &found))
        return true;
    for (size_t i = 0; i < found.n; i++) {
        struct buf text = BUF_INIT;
        buf_addf(&text, "%s: %s: %s: %s until that is mended", v->certificate_key,
                 found.list[i].file, found.list[i].text, v->without);
        warn_at(s, v->certificate_key, &text);
        buf_fini(&text);
    }
    problems->out_of_memory |= found.out_of_memory;
    problems_fini(&found);
    return false;
}

/* Nobody knows whose a key is that is not the certificate's: it may sign calls, and goes to no
   process that serves. */
static void forget_unfit(struct files *files, const struct settings *s,
                         const struct server servers[SERVERS], const bool good[SERVERS])
{
    for (unsigned i = 0; i < SERVERS; i++) {
        bool serves = str_eq(servers[i].secret, s->tls_key); /* it has been checked with that */
        for (unsigned k = 0; k < SERVERS; k++)
            serves = serves || (good[k] && str_eq(servers[k].secret, servers[i].secret));
        if (servers[i].secret.n > 0 && !serves)
            files_forget_secret(files, servers[i].secret);
    }
}

void pages_check_files(struct files *files, struct settings *s, struct problems *problems)
{
    struct server servers[SERVERS];
    bool good[SERVERS];
    list_servers(s, servers);
    for (unsigned i = 0; i < SERVERS; i++)
        good[i] = check_files(files, s, &servers[i], problems);
    forget_unfit(files, s, servers, good);
}

void pages_check_addresses(struct settings *s)
{
    struct server servers[SERVERS];
    list_servers(s, servers);
    for (unsigned i = 0; i < SERVERS; i++) {
        const struct server *v = &servers[i];
        const struct listener l = {.address = *v->at};
        struct buf text = BUF_INIT;
        if (v->at->port == 0 || listener_address_is_here(&l))
            continue;
        buf_addf(&text, "%s: this machine has no address ", v->address_key);
        address_add_host(&text, v->at);
        buf_addf(&text, ": %s until it has", v->without);
        warn_at(s, v->address_key, &text);
        buf_fini(&text);
    }
}

bool pages_check_is_theirs(const struct settings *s, struct str path)
{
    struct server servers[SERVERS];
    bool theirs = false;
    list_servers(s, servers);
    for (unsigned i = 0; i < SERVERS; i++)
        theirs = theirs || str_eq(path, servers[i].certificate) || str_eq(path, servers[i].secret);
    return theirs && !str_eq(path, s->tls_certificate) && !str_eq(path, s->tls_key) &&
           !str_eq(path, s->tls_ca);
}

void pages_check_warn_of_file(struct settings *s, const struct problem *p)
{
    struct buf text = BUF_INIT;
    buf_addf(&text, "%s: until that is mended no pages are served, or our chains are not", p->text);
    settings_warn(s, str_of(p->file), p->line, buf_str(&text));
    buf_fini(&text);
}
