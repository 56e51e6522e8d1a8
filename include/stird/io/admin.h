/*
 * admin - what stirctl and the supervisor say to each other: one request packet, one reply packet
 * over a SOCK_SEQPACKET unix socket, descriptors along with the reply (SCM_RIGHTS).
 *
 * The socket is "control" in the runtime directory: root, stird's user and a group may use all of
 * it, members of another may look (daemon/control_groups.h). It is not the network, yet the
 * supervisor believes no length and no text that comes from it.
 */
#ifndef STIRD_ADMIN_H
#define STIRD_ADMIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>
#include <sys/types.h>

#define ADMIN_SOCKET_NAME "control"
#define ADMIN_VERSION     1u
#define ADMIN_TEXT_MAX    1024         /* of a request */
#define ADMIN_REPLY_MAX   (128 * 1024) /* text of a reply */
#define ADMIN_FDS_MAX     6

enum admin_type {
    ADMIN_STATUS = 1,    /* reply: JSON */
    ADMIN_STATS,         /* reply: JSON */
    ADMIN_RELOAD,        /* the reply comes when the reload has ended, if `wait`; text: "force" past
                            numbers.max_shrink_percent, "shadow": beside what is in force, both of
                            them with a blank between; else empty */
    ADMIN_SNAPSHOT,      /* fds: files without secrets, number table, known names, and overlay,
                            trust, switches where there are; reply: JSON */
    ADMIN_NUMBERS_SET,   /* text: one row as in a number table: number,customer,state,... */
    ADMIN_NUMBERS_UNSET, /* text: number, or number,customer */
    ADMIN_NUMBERS_LIST,  /* reply: JSON, the overlay's entries */
    ADMIN_CHECK,         /* the reply comes when the certificates' URLs have been looked at */
    ADMIN_SOURCES,       /* reply: JSON, who is not heard or not let through */
    ADMIN_TRUST,         /* reply: JSON, the domains of trust */
    ADMIN_TRUST_REFRESH, /* the same, when they have been made anew */
    ADMIN_DROP,       /* text: the URL of a certificate of others. The reply comes when neither the
                         fetcher nor a worker has it any more */
    ADMIN_RATES,      /* text: rule, customer, number (or empty), a tab between them; reply: JSON,
                         what the rule has counted of them */
    ADMIN_TRACE_ADD,  /* text: kind, value and seconds, a NUL between them (call_trace.h). Reply:
                         JSON, when all workers have begun */
    ADMIN_TRACE_LIST, /* reply: JSON */
    ADMIN_TRACE_MEMORY, /* text: its number. Reply: JSON; fds: its memory */
    ADMIN_TRACE_REMOVE, /* text: its number. Reply: JSON */
    ADMIN_SWITCH,       /* text: kind, name, value, for how many seconds, until which second, note
                           (switches.h), with a NUL between them; the reply comes when each worker has
                           it: JSON, all that are on */
    ADMIN_SWITCH_BACK,  /* text: kind, name; the same */
    ADMIN_SWITCHES,     /* reply: JSON, the same */
    ADMIN_SHADOW,       /* reply: JSON, what a second configuration would change of calls */
    ADMIN_SHADOW_END,   /* drops it */
    ADMIN_RESTART, /* text: "now": a stop that comes soon is the first half of a restart. Reply:
                      JSON, what is to be restarted */
    ADMIN_CALL, /* text: trunk, upstream (or empty), from, to, ms, ending (monitor_call.h), with a
                   NUL between them. Reply: JSON, when the call has ended */
    ADMIN_MONITORS, /* reply: JSON, the monitors and their last results */
    ADMIN_TYPES
};

struct admin_request_head {
    uint32_t version, type, wait, text_bytes; /* the text follows */
};

struct admin_reply_head {
    uint32_t version;
    uint32_t refused; /* 0: done; else the text says why, and `status` is the exit status */
    uint32_t status, text_bytes;
};

/* ---- stirctl's side ---- */

/* Connected, or -errno. */
int admin_connect(struct str path);
/*
 * Sends one request and waits up to TIMEOUT_MS for its reply. TEXT gets the reply's text, *STATUS
 * its exit status (0: done); the caller owns FDS[0..*N_FDS). 0, or -errno when there was no reply.
 */
int admin_ask(int fd, enum admin_type type, bool wait, struct str text, int timeout_ms,
              struct buf *reply, int *status, int fds[ADMIN_FDS_MAX], unsigned *n_fds);

/* ---- the supervisor's side; both never wait ---- */

/* Listens at PATH, with mode 0660. The descriptor, or -errno; -EADDRINUSE when another process
   answers there. */
int admin_listen(struct str path);
/*
 * Sets who can connect to PATH, where we listen: root, our user and members of GROUP; or EVERYBODY,
 * and then the server has to tell them apart.
 */
int admin_let_in(struct str path, gid_t group, bool everybody);
/*
 * 1: a request, TEXT (of ADMIN_TEXT_MAX + 1 octets) is NUL-terminated. 0: the peer is gone.
 * -errno, among them -EAGAIN and -EBADMSG (another version, or no request).
 */
int admin_take(int fd, struct admin_request_head *head, char *text);
/* Whether the peer has read all its replies. No reply waits in a queue: one that does not fit is
   not sent. */
bool admin_is_read(int fd);
/* STATUS 0: done. The descriptors stay the caller's. 0 or -errno. */
int admin_reply(int fd, uint32_t status, struct str text, const int *fds, unsigned n_fds);

#endif
