/*
 * control - what the supervisor and its children say to each other: fixed records over
 * SOCK_SEQPACKET, descriptors along with them (SCM_RIGHTS). EOF means that the other end is dead.
 */
#ifndef STIRD_CONTROL_H
#define STIRD_CONTROL_H

#include <stdint.h>
#include <stird/core/hop_state.h>
#include <stird/core/known_name.h>
#include <stird/core/refused_source.h>
#include <stird/io/failed_call.h>
#include <stird/io/snapshot.h>

#define CONTROL_FDS_MAX 4

enum control_type {
    /* supervisor to worker */
    CONTROL_SNAPSHOT = 1, /* fds: files (memfd), numbers (memfd), signer channel, and what its
                             trunks and upstreams are counted in (counter_page.h) */
    CONTROL_SIGNER,       /* fds: signer channel; replaces the one of `generation`, if current */
    CONTROL_OVERLAY,      /* fds: urgent changes (memfd), or none; for calls from now on. Their own
                             `generation`, which the worker says back */
    CONTROL_CERTIFICATES, /* `text`: the states of the certificates of `generation` */
    CONTROL_NAMES,        /* fds: known names (memfd); before the first SNAPSHOT */
    CONTROL_INBOX, /* fds: the inbox of `worker` (its own, or the way to another's), which replaces
                      a spoiled one */
    CONTROL_DRAIN, /* finish what runs, then CONTROL_DRAINED; the second time: exit. To a signer:
                      another has its place, and it signs what is under way */
    /* supervisor to signer */
    CONTROL_CHANNEL, /* fds: a worker's channel to serve */
    /* supervisor to signer and recorder */
    CONTROL_PING, /* to be answered by CONTROL_PONG at once */
    /* supervisor to recorder */
    CONTROL_RECORDS, /* fds: the record file, opened for reading and appending, which replaces the
                        present one; the one before it, if there is one. `text`: the node */
    CONTROL_FORCED,  /* a reload took a number table that shrank by more than it should */
    CONTROL_RECORD_SOURCE, /* fds: a worker's record channel to read */
    /* children to supervisor; docs/security.md says of each what the supervisor does when it is
       false, said too often, or never */
    CONTROL_READY, /* serving; for the signer: a test signature was made and verified */
    CONTROL_PONG,
    CONTROL_HEARTBEAT, /* from a worker's event loop, every 500 ms; `generation` is the oldest that
                          a call still holds */
    CONTROL_NAME,      /* from a worker: what an upstream's `name` means now */
    CONTROL_REFUSED,   /* from a worker: `refused`, a source that it does not hear */
    CONTROL_HOP,       /* from a worker: `hop`, a next hop that came, went or answered */
    CONTROL_FAILED,    /* from a worker: `failed`, a call that failed */
    CONTROL_SNAPSHOT_IN_USE, /* the worker serves `generation` */
    CONTROL_OVERLAY_IN_USE,  /* the worker has the urgent changes of `generation` */
    CONTROL_DRAINED,
    CONTROL_CERTIFICATE,  /* from the checker: unit `worker` of `generation`; `text`: '0' + its
                             state, then words */
    CONTROL_ROTATE,       /* from the recorder: its file is full or old */
    CONTROL_OVER_CEILING, /* from a signer: it refused `generation` requests of a worker that asks
                             for more than its calls can need */
    CONTROL_ALARM         /* `text` says what; a worker or signer that says it is replaced */
};

struct control_message {
    uint32_t type;
    uint32_t worker;
    uint64_t generation, numbers_generation;
    uint32_t forced;         /* of a loader's SNAPSHOT: past numbers.max_shrink_percent */
    uint64_t rows[2];        /* of FORCED: of the number table before, and now */
    uint64_t max_bytes;      /* of RECORDS: when to ask for another file; 0: never */
    int64_t max_age_ms;      /* the same */
    uint32_t log_level;      /* of RECORDS: enum log_level */
    uint32_t columns_open;   /* of a SNAPSHOT of tables alone: see struct numbers_summary */
    uint64_t urgent_faults;  /* of a SNAPSHOT from the loader: see struct configuration */
    uint64_t urgent_unknown; /* SNAPSHOT: as in struct configuration */
    int64_t read_at_s; /* of a SNAPSHOT: when the files were read; the time for settings_read() */
    uint8_t secret[SNAPSHOT_SECRET_BYTES]; /* of a SNAPSHOT */
    struct known_name name;                /* of a NAME */
    struct refused_source refused;         /* of a REFUSED */
    struct hop_state hop;                  /* of a HOP */
    struct failed_call failed;             /* of a FAILED */
    char path[256]; /* of a SNAPSHOT: the main configuration file, key into `files` */
    char text[256]; /* of an ALARM; of a SNAPSHOT as of CERTIFICATES */
};

/* 0 or -errno; the descriptors stay the caller's. */
int control_send(int fd, const struct control_message *message, const int *fds, unsigned n_fds);
/*
 * 1: a message; the caller owns FDS[0..*N_FDS). 0: the other end is gone. -errno, among them
 * -EAGAIN, -ENOMSG (an empty packet: it says nothing), -EBADMSG (wrong size: a different binary; or
 * more descriptors than any has) and -EMFILE (it is lost: there was no room for its descriptors;
 * others can follow).
 */
int control_receive(int fd, struct control_message *message, int fds[CONTROL_FDS_MAX],
                    unsigned *n_fds);
/* A non-blocking close-on-exec SEQPACKET pair; 0 or -errno. */
int control_pair(int fds[2]);

#endif
