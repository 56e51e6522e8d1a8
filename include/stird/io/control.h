/*
 * control - what the supervisor and its children say to each other: records over SOCK_SEQPACKET,
 * where each word has its own form and descriptors may go along (SCM_RIGHTS). EOF means that the
 * other end is dead. The table of all words is control.def.
 */
#ifndef STIRD_CONTROL_H
#define STIRD_CONTROL_H

#include <stdint.h>
#include <stird/base/str.h>
#include <stird/core/fetch_tally.h>
#include <stird/core/hop_state.h>
#include <stird/core/known_name.h>
#include <stird/core/monitor_call.h>
#include <stird/core/refused_source.h>
#include <stird/core/shadow_change.h>
#include <stird/core/x5u.h>
#include <stird/io/call_trace.h>
#include <stird/io/failed_call.h>
#include <stird/io/snapshot.h>

#define CONTROL_FDS_MAX  4
#define CONTROL_HELD_MAX 16  /* so many snapshots can a worker list */
#define CONTROL_TEXT     256 /* octets, the NUL at their end included */

enum control_type {
    CONTROL_NO_WORD, /* no word */
#define CONTROL(word, ...)      CONTROL_##word,
#define CONTROL_BARE(word, ...) CONTROL_##word,
#include <stird/io/control.def>
    CONTROL_TYPES
};

#define CONTROL_WORD(word) (UINT64_C(1) << CONTROL_##word)

/* Of the configuration, or of the urgent changes. */
struct control_generation {
    uint64_t generation;
};

struct control_worker {
    uint32_t worker;
};

struct control_snapshot {
    uint64_t generation, numbers_generation;
    uint64_t page; /* for its parts: by this number the worker says that it holds the snapshot */
    int64_t read_at_s; /* when the files were read; the time for settings_read() */
    uint8_t secret[SNAPSHOT_SECRET_BYTES];
    char path[CONTROL_TEXT]; /* the main configuration file, key into the files */
    char node[CONTROL_TEXT]; /* settings' node: a worker has no right to ask for the host's name */
    char states[CONTROL_TEXT]; /* of its certificates: a character for each unit, '0' + its state */
};

struct control_certificates {
    uint64_t generation;
    char states[CONTROL_TEXT]; /* as above; to the publisher more by this of a unit that an operator
                                  has chosen */
};
#define CONTROL_UNIT_CHOSEN 4

struct control_shadow {
    uint64_t generation;
    int64_t read_at_s;       /* as those of control_snapshot */
    char path[CONTROL_TEXT]; /* the same */
};

struct control_shadow_in_use {
    uint64_t generation;
    uint32_t taken; /* 0: it cannot be, and the log says why */
};

struct control_drop {
    uint64_t generation; /* comes back in the answer */
    char url[X5U_MAX_BYTES + 1];
    char zero[7];
};

struct control_trace {
    uint64_t id;      /* comes back in the answer */
    int64_t until_ms; /* monotonic: it ends by itself */
    uint32_t kind;    /* enum call_trace_kind */
    uint32_t zero;
    char value[CALL_TRACE_TEXT];
};

struct control_records {
    uint64_t max_bytes; /* when to ask for another file; 0: never */
    int64_t max_age_ms; /* the same */
    uint32_t log_level; /* enum log_level */
    char node[CONTROL_TEXT];
};

struct control_log {
    uint32_t level; /* enum log_level; CONTROL_LOG_OF_SETTINGS: as the settings say */
    uint32_t zero;
};
#define CONTROL_LOG_OF_SETTINGS UINT32_MAX

struct control_forced {
    uint64_t rows[2]; /* of the number table before, and now */
};

struct control_heartbeat {
    uint64_t oldest;                 /* the generation that a call still holds */
    uint64_t held[CONTROL_HELD_MAX]; /* pages of the snapshots held, the newest first; 0: none */
};

struct control_over_ceiling {
    uint64_t requests; /* how many were refused since the last one was told */
    uint32_t worker;
};

struct control_fetched {
    struct fetch_tally tally;
};

struct control_served {
    uint64_t answered, refused, unreadable, unshaken, crowded, thrown_out; /* http_server.h */
};

struct control_alarm {
    char text[CONTROL_TEXT];
};

struct control_loaded {
    uint64_t urgent_faults, urgent_unknown; /* as in struct configuration */
    uint32_t forced;                        /* past numbers.max_shrink_percent */
};

struct control_certificate {
    uint64_t generation; /* of the configuration whose unit it is */
    uint32_t unit;
    uint32_t state; /* enum certificate_state */
    char saying[CONTROL_TEXT];
};

struct control_trust_domain {
    uint32_t domain; /* index of the settings */
    uint32_t authorities, left_out;
    uint32_t is_broken; /* its files cannot be used: what was there before stays, if anything was */
    int64_t sequence, expires_s; /* of its list */
    int64_t until_s;             /* when the last of its authorities ends */
    uint64_t revoked;
    char saying[CONTROL_TEXT]; /* why it is broken, or what was left out */
};

struct control_trust_source {
    uint32_t domain, source; /* 0: its list of authorities; then its revocation lists, from 1 */
    uint32_t is_used, is_refused;
    uint32_t is_new; /* something was there to be judged; false: nothing came since the last time */
    uint32_t is_taken;   /* and it was taken: what counts is another one than before */
    uint32_t kept_error; /* errno: why the last good one cannot be read; 0: it is not needed */
    uint32_t zero;
    uint64_t list_at, list_bytes, signer_at, signer_bytes; /* of the last good one, in memory */
    int64_t until_s;
    char saying[CONTROL_TEXT]; /* why it is refused */
    char wanted[CONTROL_TEXT]; /* the URL of its signer's certificate */
};

struct control_trust_in_use {
    uint64_t generation;
    uint64_t is_taken; /* 0: it cannot be used, and the one before stays */
};

struct control_brought {
    uint32_t errand, came;
    uint32_t blind; /* the courier has no authorities by which it could tell web servers */
    char saying[CONTROL_TEXT]; /* why nothing came */
};

struct control_table {
    uint32_t columns_open; /* see struct numbers_summary */
};

/* The payload of its type; the rest is zero in what was read. */
struct control_message {
    uint32_t type; /* enum control_type */
    uint32_t zero;
    union {
#define CONTROL(word, member, payload, ...) payload member;
#define CONTROL_BARE(word, ...)
#include <stird/io/control.def>
    };
};

/* Its name in capitals, for people; NULL: there is no such word. */
const char *control_name(uint32_t type);

/* The octets that M is sent as; they lie in M. Empty when M is no word, or one that goes with more
   or fewer descriptors. */
struct str control_encode(const struct control_message *m, unsigned n_fds);
/* False, with *M all zero, when OCTETS with N_FDS descriptors are no word. */
bool control_decode(struct control_message *m, struct str octets, unsigned n_fds);

/*
 * 0 or -errno, -EINVAL where the word has another form, -EPERM (and a line in the log) where this
 * process has given up nothing and may not say it before; the descriptors stay the caller's.
 */
int control_send(int fd, const struct control_message *message, const int *fds, unsigned n_fds);
/* This process is a child, and says only these words (CONTROL_WORD, or 0) before it has given up
   what its role does not need. Nobody says READY before. */
void control_say_only(uint64_t words);
/* Notes that this process has given up what its role does not need; it may say anything from now
   on. Only roles_narrow() calls this. */
void control_gave_up_rights(void);
/*
 * 1: a message; the caller owns FDS[0..*N_FDS). 0: the other end is gone. -errno, among them
 * -EAGAIN, -ENOMSG (an empty packet: it says nothing), -EBADMSG (no word: of another size than its
 * type has, of no type, or with more or fewer descriptors than go with it) and -EMFILE (it is lost:
 * there was no room for its descriptors; others can follow).
 */
int control_receive(int fd, struct control_message *message, int fds[CONTROL_FDS_MAX],
                    unsigned *n_fds);
/* Hands all words that have come to HEAR, which owns what came with each. One that is lost
   (-EMFILE) is a line in the log: who waits for it asks again. False: the other end is gone. For
   children whose words may be heard one after the other. */
bool control_hear(int fd,
                  void (*hear)(void *user, const struct control_message *m, const int *fds,
                               unsigned n_fds),
                  void *user);
/* A non-blocking close-on-exec SEQPACKET pair; 0 or -errno. */
int control_pair(int fds[2]);

#endif
