/*
 * page_process - what processes that serve pages have in common: a server of pages, the supervisor
 * whom they answer, and an end that cuts nobody short.
 */
#ifndef STIRD_DAEMON_PAGE_PROCESS_H
#define STIRD_DAEMON_PAGE_PROCESS_H

#include "pace.h"
#include "roles.h"

#include <stird/conf/settings_file.h>
#include <stird/io/control.h>
#include <stird/web/http_server.h>

struct page_process {
    enum role role;
    const struct settings *settings;
    int control_fd, listening;
    struct http_server *server; /* NULL: it cannot serve, for which WHY says the reason */
    const char *why;
    struct pace pace;
    /* Hears what every such process does not; may be NULL. The descriptors are closed behind it. */
    void (*hear)(struct page_process *p, const struct control_message *m, const int *fds);
    /* Before and after each turn of the server; may be NULL. */
    void (*before_turn)(struct page_process *p);
    void (*turn)(struct page_process *p);
    int64_t turn_due_ms; /* when there is something for `turn` though nothing came */
    int64_t most_ms;     /* of a connection */
    uint64_t memory;     /* octets that it may hold (budget.h) */
};

/* Makes its server by RULES, without TLS where CERTIFICATE is empty; FILES has the texts of both.
 */
void page_process_make(struct page_process *p, struct http_rules rules, struct files *files,
                       struct str certificate, struct str key);
/* Says M to the supervisor. */
void page_process_say(const struct page_process *p, const struct control_message *m);
/* Gives up its rights, says READY, and serves until the supervisor is gone or lets it go; frees the
   server. Its exit status. */
int page_process_serve(struct page_process *p);

#endif
