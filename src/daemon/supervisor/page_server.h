/*
 * page_server - what the supervisor does for a process that serves pages: its socket, which is
 * opened once and stays, its life, and what it counts. Each part that keeps such a process has one;
 * this knows no part.
 */
#ifndef STIRD_SUPERVISOR_PAGE_SERVER_H
#define STIRD_SUPERVISOR_PAGE_SERVER_H

#include "loop.h"

#include <stird/net/listen.h>

#define PAGE_SERVER_PLACES 2

struct page_server {
    enum role role;
    const char *key;                 /* of its port: "web.port" */
    const struct address *at;        /* of what stird was started with; port 0: it is not wanted */
    struct listener_sockets sockets; /* a TCP socket; the others are -1 */
    struct child *present;
    bool renew;  /* another one is to take its place */
    bool lame;   /* the present one cannot serve */
    bool broken; /* its socket was changed, and could not be set back */
    struct control_served gone, of[PAGE_SERVER_PLACES]; /* of those that ended, and of each now */
};

/* Before the first child; KEY is borrowed for good. */
void page_server_init(struct supervisor *s, struct page_server *p, enum role role, const char *key);
/* AT is borrowed for as long as P. False with problems. */
bool page_server_open(struct supervisor *s, struct page_server *p, const struct address *at,
                      struct problems *problems);
void page_server_fini(struct page_server *p);
bool page_server_is_wanted(const struct page_server *p);
int page_server_listening(const struct page_server *p); /* -1: it is not wanted */
/* Puts another one into its place, where that is asked for. True: it was done now. */
bool page_server_renew(struct supervisor *s, struct page_server *p, int64_t now_ms);
/* C has ended. */
void page_server_gone(struct supervisor *s, struct page_server *p, const struct child *c);
/* What its processes say of themselves. */
void page_server_take_served(struct page_server *p, const struct heard *h);
void page_server_take_alarm(struct page_server *p, const struct heard *h);
/* Nobody is served. */
bool page_server_fails(const struct supervisor *s, const struct page_server *p);
struct control_served page_server_counts(const struct page_server *p);

#endif
