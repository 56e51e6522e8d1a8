/*
 * ledger - the record of an INVITE, and how it gets from a worker to the recorder.
 *
 * A worker never writes a file: it sends its records (record.h), several in a packet
 * (record_batch.h), to the recorder process without waiting; one that cannot be sent is counted.
 */
#ifndef STIRD_LEDGER_H
#define STIRD_LEDGER_H

#include <stdint.h>
#include <stird/core/call.h>
#include <stird/core/cause.h>
#include <stird/core/outcome.h>
#include <stird/core/settings.h>
#include <stird/core/tried.h>

/* A token that a next hop was sent, also where the call went on without one. */
struct ledger_token {
    char attest; /* NUL: there was none */
    char origid[ORIGID_TEXT_LENGTH];
    int64_t iat_s;
    uint32_t certificate;     /* index into settings' list */
    const struct str *tokens; /* Identity values, with records.tokens */
    uint32_t n_tokens;
};

struct ledger_entry {
    const struct settings *settings;
    const struct call *call; /* trunk may be NULL: refused before it was known */
    const struct outcome *outcome;
    struct str upstream;       /* the one that took the call, or empty */
    struct str monitor;        /* whose call of our own it is; empty: nobody's */
    int sip_status;            /* the final answer towards the caller; 0: none */
    enum cause cause;          /* what ended it */
    const struct tried *tried; /* the next hops that were asked */
    uint32_t n_tried;
    const struct str *tokens; /* the Identity values that were made for it */
    uint32_t n_tokens;
    const struct ledger_token *seen; /* the last one that was sent */
    int64_t ts_us;                   /* real time of arrival */
    int64_t sign_us,
        total_us; /* how long the signer took, and how long until the INVITE left; -1: not known */
    uint64_t config_generation, numbers_generation;
    uint32_t
        count; /* it stands for so many INVITEs, of which this was the last; 0: for itself alone */
};

/* Whether records hold tokens: they say numbers, so not where these are masked. */
bool ledger_wants_tokens(const struct settings *settings);
/* Appends the packet for the recorder; numbers are masked where the settings say so. */
void ledger_pack(struct buf *packet, const struct ledger_entry *entry);

/* Sends PACKET on FD (SOCK_SEQPACKET, non-blocking); false when it was dropped. */
bool ledger_send(int fd, struct str packet);

#endif
