/*
 * page_server - what the supervisor does for a process that serves pages: its socket, its life, and
 * what it counts. Each part that keeps such a process has one; this knows no part.
 *
 * Calls do without pages, so nothing that is wrong here keeps stird from starting: a socket that
 * cannot be opened is tried again, and so is a certificate whose file is exchanged.
 */
#ifndef STIRD_SUPERVISOR_PAGE_SERVER_H
#define STIRD_SUPERVISOR_PAGE_SERVER_H

#include "loop.h"

#include <stird/net/listen.h>

#define PAGE_SERVER_PLACES 2

struct page_server {
    enum role role;
    const char *group;               /* its settings: "web." */
    const char *key;                 /* of its port: "web.port" */
    const char *kept_as;             /* KEPT_WEB: kept_sockets.h */
    const struct address *at;        /* of what stird was started with; port 0: it is not wanted */
    struct listener_sockets sockets; /* a TCP socket; the others are -1 */
    int error;                       /* -errno, of the last try to open it; 0: there was none */
    int64_t next_try_ms;
    struct child *present;
    bool renew;           /* another one is to take its place */
    bool lame;            /* the present one cannot serve */
    bool broken;          /* its socket was changed, and could not be set
                             back */
    int64_t next_look_ms; /* at the files of its certificate */
    uint64_t files;       /* what they looked like when they were read (file_seen.h) */
    struct control_served gone, of[PAGE_SERVER_PLACES]; /* of those that ended, and of each now */
};

/* What a server of pages is told of the configuration in force. */
struct page_server_basis {
    struct str certificate, key; /* files; empty: it has no TLS */
    const struct tls_dates *dates;
};

/* Before the first child; GROUP and KEY are borrowed for good. */
void page_server_init(struct supervisor *s, struct page_server *p, enum role role,
                      const char *group, const char *key);
/* AT is borrowed for as long as P. */
void page_server_open(struct page_server *p, const struct address *at);
void page_server_fini(struct page_server *p);
bool page_server_is_wanted(const struct page_server *p);
/* -1: it is not wanted, or there is none yet. */
int page_server_listening(const struct page_server *p);
/* Whether the one that serves may go on: NEXT and BEFORE agree in all that it was started with. */
bool page_server_stays(const struct page_server *p, const struct configuration *next,
                       const struct configuration *before);
/* They are about to be read. */
void page_server_note_files(struct page_server *p, const struct page_server_basis *basis);
/* To be called at each turn: tries its socket and its files again. */
void page_server_tick(struct supervisor *s, struct page_server *p,
                      const struct page_server_basis *basis, int64_t now_ms);
/* Whether page_server_renew() puts another one into its place now. */
bool page_server_renews(const struct supervisor *s, const struct page_server *p);
/* The one before has TIMEOUT_MS to answer those who are with it. */
void page_server_renew(struct supervisor *s, struct page_server *p, uint32_t timeout_ms,
                       int64_t now_ms);
/* C has ended. */
void page_server_gone(struct supervisor *s, struct page_server *p, const struct child *c);
/* What its processes say of themselves. */
void page_server_take_served(struct page_server *p, const struct heard *h);
void page_server_take_alarm(struct page_server *p, const struct heard *h);
/* Nobody is served. */
bool page_server_fails(const struct supervisor *s, const struct page_server *p);
struct control_served page_server_counts(const struct page_server *p);

#endif
