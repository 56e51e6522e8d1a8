/*
 * descriptor_store - listening sockets that outlive this process: the service manager keeps a
 * duplicate of each under a name (FDSTORE=1 of sd_notify(3)) and hands them to the next start
 * (sd_listen_fds(3)). What arrives meanwhile waits in them.
 *
 * A fact of the process, like its environment: one store, of the supervisor alone. Without a
 * service manager it is empty and keeps nothing.
 */
#ifndef STIRD_DAEMON_DESCRIPTOR_STORE_H
#define STIRD_DAEMON_DESCRIPTOR_STORE_H

#include <stdbool.h>
#include <stird/base/address.h>

#define STORE_NAME_BYTES 96

/* The name of the socket of WHAT ("udp", "web") at an address: no colon, which separates names in
   $LISTEN_FDNAMES. NUMBER of OF sockets there; OF 1: it is the only one. */
void descriptor_store_name(char name[STORE_NAME_BYTES], const char *what, const struct address *at,
                           unsigned number, unsigned of);

/* Takes what the start was given out of the environment. Before any descriptor is opened that is
   not a standard one. */
void descriptor_store_open(void);
/* How many it was given. */
unsigned descriptor_store_given(void);
/* A duplicate of the one that was given under NAME, which is the caller's; -1: there is none. What
   it really is, the caller has to see. */
int descriptor_store_take(const char *name);
/* The one of NAME will be taken later. */
void descriptor_store_expect(const char *name);
/* The one of NAME is of no use. */
void descriptor_store_refuse(const char *name);
/*
 * Closes what was given and not taken, or refused, here and in the manager's store, and waits a
 * second at most until that has done so: only then are the ports free.
 */
void descriptor_store_close_rest(void);
/* Closes what was given, of which the duplicates are in use now. */
void descriptor_store_end_start(void);

/* The manager is to keep FD, which the caller closes after this has returned, or later. One of that
   name that it has already is replaced, if REPLACES, and then this waits, a second at most, until
   it is closed. */
void descriptor_store_keep(const char *name, int fd, bool replaces);
/* Whether the manager was told of sockets to keep; whether it does, it does not say. */
bool descriptor_store_is_kept(void);
/* Tells the manager what it could not be told yet. Call now and then; true: nothing is left. */
bool descriptor_store_flush(void);

#endif
