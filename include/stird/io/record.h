/*
 * record - what is kept about an INVITE, as typed fields: a worker packs it into one packet, the
 * recorder unpacks it and writes the JSON. So a broken worker can tell lies in a field but can
 * write no line of its own making.
 */
#ifndef STIRD_RECORD_H
#define STIRD_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/json.h>
#include <stird/core/cause.h>
#include <stird/core/numbers.h>
#include <stird/core/outcome.h>
#include <stird/core/reason.h>
#include <stird/core/tried.h>
#include <stird/core/verified.h>

#define RECORD_TOKENS_MAX 8
#define RECORD_TOKEN_MAX  4096 /* octets of one; a longer one is left out: a part is of no use */
#define RECORD_TEXT_MAX   1024 /* octets of a field; a longer text is cut when it is packed */
/* TEXT as a record has it. */
struct str record_text(struct str text);

/* Empty texts and the values named below become null. */
struct record {
    int64_t ts_us; /* real time of arrival */
    struct str node, call_id, trunk, source, orig_tn, dest_tn;
    struct str origid, rule, number_row, customer, certificate, x5u, upstream;
    struct str provider, spc, serial; /* whose obligation it was, and the unit that signed */
    struct str identity_fault;        /* the first of the Identity headers that the call brought */
    uint32_t identity_unreadable;     /* how many of them nobody could read */
    char attest;                      /* 'A', 'B', 'C', or 0 */
    char withheld;                    /* the same of a token that was made and stayed here, */
    enum reason withheld_reason;      /* and what it would have been signed for */
    enum verdict verdict;
    enum reason reason;
    enum number_state number_state; /* NUMBER_STATES: it was not looked up */
    int64_t iat_s;                  /* -1: none */
    int32_t sip_status;             /* 0: none */
    enum cause cause;               /* what ended the call */
    int64_t sign_us, total_us;      /* -1: none */
    uint64_t config_generation, numbers_generation;
    bool emergency;
    struct str monitor; /* whose call of our own it is (monitors); empty: nobody's */
    struct str rate;    /* the rates that were above what rules say; empty: none */
    struct str detail;  /* what of the request is wrong, and where */
    uint32_t count;     /* this was the last of so many INVITEs; 0: it stands alone */
    bool is_verified;   /* VERIFIED says what its Identity is worth */
    struct verified verified;
    struct tried tried[TRIED_MAX]; /* the next hops, in the order in which they were tried */
    uint32_t n_tried;
    struct str tokens[RECORD_TOKENS_MAX]; /* Identity values, of printable ASCII */
    uint32_t n_tokens;
};

/* Adds an Identity value, but for one that a record does not hold. */
void record_add_token(struct record *record, struct str value);

/* Appends the packet. */
void record_pack(struct buf *packet, const struct record *record);
/* Its texts are borrowed from PACKET. False: it is no record; nothing in it is trusted. */
bool record_unpack(struct record *record, struct str packet);
/* A packet of another kind: so many records did not reach the recorder. */
void record_pack_lost(struct buf *packet, uint32_t n);
bool record_unpack_lost(uint32_t *n, struct str packet);
/* The members of the line's object, but for those of the chain (record_chain.h). */
void record_put(struct json *json, const struct record *record);
/* "ts":"2030-01-01T00:00:00.123Z": RFC 3339 in UTC, to the millisecond. */
void record_put_time(struct json *json, int64_t us);
/* The time alone. */
void record_add_time(struct buf *out, int64_t us);

#endif
