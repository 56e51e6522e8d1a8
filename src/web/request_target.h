/*
 * request_target - what a request asks for, and of whom: the path and the host of its first line
 * and its Host (RFC 9112 section 3.2). Pure. Private to web.
 */
#ifndef STIRD_WEB_REQUEST_TARGET_H
#define STIRD_WEB_REQUEST_TARGET_H

#include <stdbool.h>
#include <stird/base/str.h>

/* Of the texts that it was read from. */
struct request_target {
    struct str path;
    struct str host; /* without its port; with a user's name whole; empty: the request names none */
};

/* TARGET without its query, in origin-form or in absolute-form, whose host counts and not HOST. */
struct request_target request_target_read(struct str target, struct str host);
/* Whether HOST is NAME, or what no name server can lead elsewhere: an address, localhost, none;
   never with a user's name. A browser that somebody's page has led here by a name of theirs (DNS
   rebinding) says that name.
 */
bool request_target_is_known(struct str host, struct str name);

#endif
