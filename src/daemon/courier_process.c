#include "courier_process.h"

#include "roles.h"
#include "web_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/conf/settings_file.h>
#include <stird/core/list_login.h>
#include <stird/core/trust_image.h>
#include <stird/fetch/fetch.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COURIER_NICE 10
#define TIMEOUT_MS   20000
#define UNAUTHORIZED 401

/* What is shown to the server of a list. Secret. */
struct pass {
    char *token;      /* NULL: none */
    struct buf login; /* what is sent for a token (list_login.h); empty: nothing */
    const char *why;  /* why the file of either cannot be used, a static sentence */
};

struct courier {
    const struct settings *settings;
    bool blind;          /* it has no authorities by which it could tell web servers */
    char *ca_file;       /* NULL: the system's */
    struct files *files; /* what it read of secrets, cleansed at its end */
    struct pass passes[TRUST_DOMAINS_MAX];
};

/* As `stird -t` and a reload judge it (settings_file.h): what others may read is shown to nobody.
   {NULL, 0}: it cannot be used, which is said. */
static struct str read_secret(const struct courier *c, struct str path, size_t most, struct pass *p)
{
    struct str text = {NULL, 0};
    int r = c->files ? files_read_secret(c->files, path, geteuid(), most, &text) : -ENOMEM;
    if (r == 0)
        return text.p ? text : STR("");
    p->why = files_secret_fault(r);
    return (struct str){NULL, 0};
}

/* It goes into a header. */
static void read_token(const struct courier *c, struct pass *p, struct str path)
{
    const struct str text = read_secret(c, path, TRUST_TOKEN_BYTES_MAX, p);
    if (text.p && !list_token_is_whole(text))
        p->why = "must hold " LIST_TOKEN_FORM;
    else if (text.p)
        p->token = strndup(text.p, str_find(str_slice(text, 0, str_find(text, '\n', 0)), '\r', 0));
}

static void read_login(const struct courier *c, struct pass *p, struct str path)
{
    const struct str text = read_secret(c, path, TRUST_LOGIN_BYTES_MAX, p);
    const char *why = text.p ? list_login_write(text, &p->login) : NULL;
    if (!why)
        return;
    p->why = why;
    buf_reset(&p->login);
}

/* One of the two at most is named. */
static void read_pass(const struct courier *c, struct pass *p, const struct trust_setting *t)
{
    const bool is_token = t->list_token_file.n > 0;
    const struct str path = is_token ? t->list_token_file : t->list_login_file;
    if (path.n == 0)
        return;
    if (is_token)
        read_token(c, p, path);
    else
        read_login(c, p, path);
    if (p->why)
        log_error(is_token ? "the token for a list of authorities cannot be used"
                           : "the login for a list of authorities cannot be used",
                  LOG_TEXT("trust", t->name), LOG_TEXT("file", path), LOG_CSTR("it", p->why));
}

static void read_files(struct courier *c)
{
    const struct str ca = c->settings->fetch.tls_ca;
    if (ca.n > 0)
        c->ca_file = strndup(ca.p, ca.n);
    c->blind = !web_files_are_good(c->ca_file, "fetch.tls_ca");
    for (unsigned i = 0; i < c->settings->n_trusts; i++)
        read_pass(c, &c->passes[i], &c->settings->trusts[i]);
}

static void forget_files(struct courier *c)
{
    for (unsigned i = 0; i < TRUST_DOMAINS_MAX; i++) {
        free(c->passes[i].token);
        buf_fini(&c->passes[i].login);
    }
    free(c->ca_file);
    files_free(c->files);
}

static bool give_up_rights(const struct courier *c)
{
    const char *readable[PRIVILEGES_READABLE_MAX + 1];
    web_files(c->ca_file, readable);
    fetch_prepare();
    const struct role_keeps keeps = {.readable = readable,
                                     .landlock_required = c->settings->landlock_required};
    return roles_narrow(ROLE_COURIER, &keeps) == 0;
}

static bool write_all(int fd, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

static struct fetch_options options_of(const struct courier *c)
{
    return (struct fetch_options){
        .timeout_ms = TIMEOUT_MS, .allow_private = c->settings->fetch.lab, .ca_file = c->ca_file};
}

/* As `stird -t` says it. */
static const char *why_not(const struct courier *c, unsigned domain)
{
    return c->passes[domain].why ? c->passes[domain].why : files_secret_fault(-ENOMEM);
}

/* Has a token given for the user and the password. False: WHY says why not. */
static bool log_in(const struct courier *c, unsigned domain, char token[TRUST_TOKEN_BYTES_MAX + 1],
                   char why[CONTROL_TEXT])
{
    struct fetch_options options = options_of(c);
    struct fetch_reply reply;
    options.post = c->passes[domain].login.n > 0 ? c->passes[domain].login.p : NULL;
    if (!options.post) {
        snprintf(why, CONTROL_TEXT, "list_login_file: %s", why_not(c, domain));
        return false;
    }
    const bool came = fetch(&options, c->settings->trusts[domain].list_login, &reply) &&
                      reply.outcome == FETCH_OK;
    const char *fault = came           ? list_login_read(buf_str(&reply.body), token)
                        : reply.why[0] ? reply.why
                                       : "it is too long, or there is no memory";
    if (fault)
        snprintf(why, CONTROL_TEXT, came ? "the login %s" : "the login: %s", fault);
    if (reply.body.p)
        explicit_bzero(reply.body.p, reply.body.n);
    fetch_reply_fini(&reply);
    return !fault;
}

/* Some administrators want the token of a login behind Bearer (RFC 6750), others by itself. */
static bool get(const struct courier *c, const struct courier_errand *e, const char *token,
                bool is_bare, struct fetch_reply *reply)
{
    struct fetch_options options = options_of(c);
    options.is_list = true;
    options.bearer = token;
    options.is_bare = is_bare;
    return fetch(&options, e->url, reply) && reply->outcome == FETCH_OK;
}

static bool bring(const struct courier *c, const struct courier_errand *e, char why[CONTROL_TEXT])
{
    char given[TRUST_TOKEN_BYTES_MAX + 1];
    const char *token = e->is_list ? c->passes[e->domain].token : NULL;
    const bool logs_in = e->is_list && c->settings->trusts[e->domain].list_login.n > 0;
    struct fetch_reply reply;
    if (logs_in && !log_in(c, e->domain, given, why))
        return false;
    if (e->is_list && !token && c->settings->trusts[e->domain].list_token_file.n > 0) {
        snprintf(why, CONTROL_TEXT, "list_token_file: %s", why_not(c, e->domain));
        return false;
    }
    bool came = get(c, e, logs_in ? given : token, false, &reply);
    if (!came && logs_in && reply.status == UNAUTHORIZED) {
        fetch_reply_fini(&reply);
        came = get(c, e, given, true, &reply);
    }
    came = came && write_all(e->fd, buf_str(&reply.body));
    if (!came)
        snprintf(why, CONTROL_TEXT, "%s",
                 reply.why[0] ? reply.why : "it is too long, or there is no memory");
    explicit_bzero(given, sizeof(given));
    fetch_reply_fini(&reply);
    return came;
}

static int run(const struct courier *c, const struct courier_errand *e, unsigned errand,
               int control_fd)
{
    struct control_message m = {.type = CONTROL_BROUGHT,
                                .brought = {.errand = errand, .blind = c->blind}};
    if (c->blind)
        snprintf(m.brought.saying, CONTROL_TEXT, WEB_FILES_BLIND);
    else
        m.brought.came = bring(c, e, m.brought.saying);
    return control_send(control_fd, &m, NULL, 0);
}

int courier_main(const struct settings *settings, const struct courier_errand *errands, unsigned n,
                 int control_fd)
{
    struct courier c = {.settings = settings};
    if (setpriority(PRIO_PROCESS, 0, COURIER_NICE))
        log_debug("lists are fetched beside the calls", LOG_CSTR("error", strerror(errno)));
    c.files = files_new();
    read_files(&c);
    int r = give_up_rights(&c) ? 0 : -EPERM;
    for (unsigned i = 0; i < n && r == 0; i++)
        r = run(&c, &errands[i], i, control_fd);
    forget_files(&c);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
