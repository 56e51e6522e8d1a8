#include "courier_process.h"

#include "roles.h"
#include "web_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/log.h>
#include <stird/base/regular_file.h>
#include <stird/core/trust_image.h>
#include <stird/fetch/fetch.h>
#include <stird/io/control.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define COURIER_NICE 10
#define TIMEOUT_MS   20000

struct courier {
    const struct settings *settings;
    char *ca_file;                   /* NULL: the system's */
    char *tokens[TRUST_DOMAINS_MAX]; /* NULL: none */
};

/* The first line of the file: it goes into a header. */
static char *read_token(struct str path)
{
    char *z = path.n > 0 ? strndup(path.p, path.n) : NULL;
    char *token = z ? calloc(1, TRUST_TOKEN_BYTES_MAX + 1) : NULL;
    int fd = token ? regular_file_open(AT_FDCWD, z, 0) : -1;
    ssize_t n = fd >= 0 ? read(fd, token, TRUST_TOKEN_BYTES_MAX) : -1;
    if (n >= 0)
        token[strcspn(token, "\r\n")] = '\0';
    if (path.n > 0 && n < 0)
        log_error("the token for a list of authorities cannot be read", LOG_TEXT("file", path));
    if (fd >= 0)
        close(fd);
    free(z);
    if (n > 0)
        return token;
    free(token);
    return NULL;
}

static void read_files(struct courier *c)
{
    const struct str ca = c->settings->fetch.tls_ca;
    if (ca.n > 0)
        c->ca_file = strndup(ca.p, ca.n);
    for (unsigned i = 0; i < c->settings->n_trusts; i++)
        c->tokens[i] = read_token(c->settings->trusts[i].list_token_file);
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

static int run(const struct courier *c, const struct courier_errand *e, unsigned errand,
               int control_fd)
{
    const struct fetch_options options = {.timeout_ms = TIMEOUT_MS,
                                          .is_list = true,
                                          .bearer = e->is_list ? c->tokens[e->domain] : NULL,
                                          .allow_private = c->settings->fetch.lab,
                                          .ca_file = c->ca_file};
    struct control_message m = {.type = CONTROL_BROUGHT, .brought = {.errand = errand}};
    struct fetch_reply reply;
    bool came = fetch(&options, e->url, &reply) && reply.outcome == FETCH_OK;
    m.brought.came = came && write_all(e->fd, buf_str(&reply.body));
    snprintf(m.brought.saying, CONTROL_TEXT, "%s",
             m.brought.came ? ""
             : reply.why[0] ? reply.why
                            : "it is too long, or there is no memory");
    fetch_reply_fini(&reply);
    return control_send(control_fd, &m, NULL, 0);
}

int courier_main(const struct settings *settings, const struct courier_errand *errands, unsigned n,
                 int control_fd)
{
    struct courier c = {.settings = settings};
    if (setpriority(PRIO_PROCESS, 0, COURIER_NICE))
        log_debug("lists are fetched beside the calls", LOG_CSTR("error", strerror(errno)));
    read_files(&c);
    int r = give_up_rights(&c) ? 0 : -EPERM;
    for (unsigned i = 0; i < n && r == 0; i++)
        r = run(&c, &errands[i], i, control_fd);
    for (unsigned i = 0; i < TRUST_DOMAINS_MAX; i++)
        free(c.tokens[i]);
    free(c.ca_file);
    return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
