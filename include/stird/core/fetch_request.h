/*
 * fetch_request - what a worker and the fetcher say to each other over a SOCK_SEQPACKET socket, one
 * record a packet. Pure.
 *
 * Neither believes the other: each length, choice and time is checked by the reader. Nothing of a
 * call is in it. Same machine, same binary: host byte order, and the version field catches a
 * mixture after an upgrade.
 */
#ifndef STIRD_FETCH_REQUEST_H
#define STIRD_FETCH_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/str.h>
#include <stird/core/x5u.h>

#define FETCH_WIRE_VERSION 4
#define FETCH_BODY_MAX     32768
#define FETCH_WAIT_MAX_MS  5000
#define FETCH_NO_TRUNK     UINT32_MAX
#define FETCH_DOUBT_S      300 /* what is at fault is fetched again after that, and no sooner */
#define FETCH_CLOCK_SLACK_S                                                                        \
    300 /* what was fetched more ahead of now was so by a clock that has been set right since */
#define FETCH_TIME_MAX_S ((int64_t)1 << 40) /* a later value is not a time */

enum fetch_outcome {
#define OUTCOME(name, word, kept, hosts, tells, text) FETCH_##name,
#include <stird/core/fetch_outcome.def>
#undef OUTCOME
    FETCH_OUTCOMES
};

const char *fetch_outcome_word(enum fetch_outcome outcome);
const char *fetch_outcome_text(enum fetch_outcome outcome);

/* Where an answer comes from. */
enum fetch_source {
    FETCH_FROM_KEPT,   /* it was kept already, or it was known that it cannot be had */
    FETCH_FROM_OTHERS, /* somebody else was having it fetched: this one waited too */
    FETCH_FROM_SERVER, /* fetched for this question */
    FETCH_FROM_STALE,  /* it was kept, its time is over, and it cannot be renewed now */
    FETCH_SOURCES
};

const char *fetch_source_word(enum fetch_source source);

enum fetch_kind {
    FETCH_ASK,
    FETCH_RENEW,   /* what is kept does not fit: is there something newer? With fetched_s, when the
                      asker's own was fetched, it is at fault for some call: a later one is new to
                      him */
    FETCH_FORMER,  /* what came leads to no anchor, and has_former: what did lead there? It is
                      answered at once */
    FETCH_PROVEN,  /* a note that gets no answer: what was fetched then leads to an anchor, until
                      ends_s, and a call's signature verified by it; said again while it is used */
    FETCH_REFUSED, /* a note: what was fetched then is garbage */
    FETCH_OVER,    /* a note: what was fetched then is over, or not in force yet: it says so to all
                      who ask, but only until its server may have another one */
    FETCH_KINDS
};

struct fetch_question {
    enum fetch_kind kind;
    uint64_t ticket;   /* comes back in the answer */
    uint32_t wait_ms;  /* it is answered by then, whatever happens: at most FETCH_WAIT_MAX_MS; 0: at
                          once */
    uint32_t trunk;    /* the trunk whose budget a new URL counts against: index of the settings;
                          FETCH_NO_TRUNK */
    int64_t fetched_s; /* for notes: as the answer had it; for FETCH_RENEW, or 0 */
    int64_t ends_s;    /* for FETCH_PROVEN: from then on nobody may use it; since 1970 */
    struct str url;    /* borrowed */
};

struct fetch_answer {
    enum fetch_outcome outcome;
    enum fetch_source source;
    uint64_t ticket;
    uint16_t status;     /* the status of HTTP; 0: there was no answer */
    int64_t fetched_s;   /* of the body: since 1970, by the clock of this machine */
    int64_t until_s;     /* from then on it is stale */
    uint32_t fetched_ms; /* how long that took */
    bool has_former;     /* nobody has said yet what this body is worth, and an older one of the URL
                            leads to an anchor */
    struct str body;     /* borrowed; with FETCH_OK alone */
    /* Of what came from a server just now, of printable ASCII, borrowed. */
    struct str content_type; /* in lower case, without parameters; empty: it said none */
    struct str why;          /* what failed, in words */
};

#define FETCH_TEXT_MAX 255

/* What stands before the URL; before the body, the content type and the words. */
struct fetch_question_head {
    uint32_t version;
    uint16_t kind, url_length;
    uint64_t ticket;
    uint32_t wait_ms, trunk;
    int64_t fetched_s, ends_s;
};

struct fetch_answer_head {
    uint32_t version;
    uint16_t outcome, source;
    uint64_t ticket;
    int64_t fetched_s, until_s;
    uint32_t fetched_ms, body_length;
    uint16_t status, type_length, why_length, has_former;
};

#define FETCH_QUESTION_BYTES_MAX (sizeof(struct fetch_question_head) + X5U_MAX_BYTES)
#define FETCH_ANSWER_BYTES_MAX                                                                     \
    (sizeof(struct fetch_answer_head) + FETCH_BODY_MAX + 2 * FETCH_TEXT_MAX)

/* Writes the packet to PACKET, which has room for the longest, and returns its length; 0 when no
   reader would take it. */
size_t fetch_question_write(const struct fetch_question *question, char *packet);
/* Writes the head alone; body, content type and words are sent behind it from where they lie. False
   when no reader would take it. */
bool fetch_answer_write(const struct fetch_answer *answer, struct fetch_answer_head *head);

/* Reads octets of unknown origin. The URL may be any octets: x5u_split() judges it. False when it
   is not such a packet. */
bool fetch_question_read(struct str packet, struct fetch_question *question);
bool fetch_answer_read(struct str packet, struct fetch_answer *answer);

#endif
