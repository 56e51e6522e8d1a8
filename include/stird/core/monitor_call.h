/*
 * monitor_call - a call of our own that leaves by an upstream and is to come back by a trunk that
 * verifies: what the supervisor and its workers say to each other of it. Plain data; texts end with
 * a NUL, which whoever reads them from another process sets (control.def).
 *
 * What survives a back-to-back user agent is told: the two numbers and, where a token of ours
 * arrives, its origid and iat. Call-ID and From tag are not told, for they do not survive.
 */
#ifndef STIRD_MONITOR_CALL_H
#define STIRD_MONITOR_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/core/passport.h>
#include <stird/core/tn.h>
#include <stird/core/x5u.h>

#define MONITORS_MAX         64    /* of a configuration, and calls at once */
#define MONITOR_SECONDS_MAX  120   /* how long a call may last */
#define MONITOR_EVERY_MIN_MS 60000 /* how often one may be placed */
#define MONITOR_SAID_MAX     8
#define MONITOR_TOKENS_MAX   4

#define MONITOR_NAME_BYTES   72 /* a name of the configuration, 64 octets at most */
#define MONITOR_NUMBER_BYTES 16 /* digits */
#define MONITOR_TEXT_BYTES   136

/* When the caller ends it. One that is answered ends by BYE, another one by CANCEL. */
enum monitor_ending {
    MONITOR_ENDS_BY_TIME,    /* when its time is over, or at once when it is answered */
    MONITOR_ENDS_RINGING,    /* as soon as it rings */
    MONITOR_ENDS_IN_ITS_TIME /* when its time is over, answered or not */
};
#define MONITOR_ENDINGS 3

/* To all workers, before it is placed: until then a call from FROM to TO is looked at. */
struct monitor_watch {
    uint64_t ticket;
    int64_t until_ms; /* monotonic; in the past: it is looked for no more */
    int64_t since_s;  /* real time: no token of it is older */
    char from[MONITOR_NUMBER_BYTES], to[MONITOR_NUMBER_BYTES];
    char name[MONITOR_NAME_BYTES]; /* of the monitor; empty: of `stirctl call` */
};

/* To one worker: place it. */
struct monitor_order {
    uint64_t ticket;
    int64_t until_ms; /* monotonic: it is ended then */
    uint32_t ending;  /* enum monitor_ending */
    uint32_t zero;
    char from[MONITOR_NUMBER_BYTES], to[MONITOR_NUMBER_BYTES];
    char trunk[MONITOR_NAME_BYTES];    /* as if it came from that one's SBC */
    char upstream[MONITOR_NAME_BYTES]; /* of that trunk; empty: as its calls go */
    char name[MONITOR_NAME_BYTES];     /* as that of the watch */
};

/* A token that left, or arrived. */
struct monitor_token {
    int64_t iat_s;
    uint8_t valid;  /* of one that arrived */
    uint8_t attest; /* 'A' to 'C'; 0: none */
    uint8_t ours;   /* of one that arrived: it may be that of this call. It names a certificate of
                       ours and both numbers, and is no older */
    uint8_t zero[5];
    char origid[40];
    char x5u[X5U_MAX_BYTES + 8];
};

/* Why a worker did not even begin. */
enum monitor_fault {
    MONITOR_BEGAN,
    MONITOR_NO_TRUNK,  /* the snapshot has no such trunk, or it sends nothing */
    MONITOR_NO_SOCKET, /* no listener reaches its SBC */
    MONITOR_EMERGENCY, /* to such a number nothing is placed */
    MONITOR_DRAINS,
    MONITOR_NO_MEMORY
};
#define MONITOR_FAULTS 6
struct str monitor_fault_text(enum monitor_fault fault);

/* From the worker that placed it, when it has ended. */
struct monitor_placed {
    uint64_t ticket;
    int64_t begun_ms; /* monotonic */
    uint32_t fault;   /* enum monitor_fault */
    uint32_t verdict, reason, cause;
    uint32_t sip_status; /* the final answer; 0: none */
    uint8_t stays_up;    /* somebody answered to whom no BYE can be sent */
    uint8_t stopped;     /* it was ended before its time, since its worker was to end */
    uint8_t zero[2];
    uint32_t n_said, zeroes;
    struct monitor_answer {
        uint32_t status, after_ms;     /* since it was placed */
    } said[MONITOR_SAID_MAX];          /* the first ones */
    char upstream[MONITOR_NAME_BYTES]; /* that had it last; empty: none */
    struct monitor_token token;        /* the last that left with it; attest 0: none did */
};

/* From the worker that recognised it, when it was judged. */
struct monitor_arrival {
    uint64_t ticket;
    int64_t at_ms;              /* monotonic */
    uint32_t class, check;      /* of struct verified */
    uint32_t reason;            /* enum reason: what its Identity is worth */
    uint32_t headers, n_tokens; /* Identity values that came; those of TOKENS */
    uint8_t level;              /* of a call that passed; else 0 */
    uint8_t zero[3];
    char calling[MONITOR_NUMBER_BYTES]; /* empty: it shows none */
    char trunk[MONITOR_NAME_BYTES];
    char signer[MONITOR_TEXT_BYTES]; /* the code of the certificate of the token that decided */
    struct monitor_token tokens[MONITOR_TOKENS_MAX];
};

/* Whether a token of it is marked as ours; VALID: and is good. */
bool monitor_arrival_is_ours(const struct monitor_arrival *arrival, bool valid);

/* Whether one that another process said can be used: numbers in their ranges, digits. */
bool monitor_order_is_sound(const struct monitor_order *order);
bool monitor_watch_is_sound(const struct monitor_watch *watch);
bool monitor_placed_is_sound(const struct monitor_placed *placed);
bool monitor_arrival_is_sound(const struct monitor_arrival *arrival);

/* Copies TEXT into ROOM of N octets, cut to what fits, with zeroes behind it. */
void monitor_put(char *room, size_t n, struct str text);

#endif
