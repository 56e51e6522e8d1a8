/*
 * record_chain - chains the lines of the record files together: each carries its number and the
 * SHA-256 of the line before it, so that a changed, missing or moved line is found.
 *
 *     {"kind":"start", ... ,"seq":0,"prev":"0000...0000"}
 *     {"kind":"call",  ... ,"seq":1,"prev":"SHA-256 of the octets of the line above, without LF"}
 *
 * A chain alone does not show that its end was cut off: that takes a head that was noted elsewhere,
 * which is why the recorder tells it to the log now and then.
 */
#ifndef STIRD_RECORD_CHAIN_H
#define STIRD_RECORD_CHAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/io/record.h>

#define CHAIN_HASH_BYTES 32
#define CHAIN_HASH_TEXT  64

/* The end of a chain: where the next line goes. All zero: a new one. */
struct record_chain {
    uint64_t seq;                         /* of the next line */
    unsigned char head[CHAIN_HASH_BYTES]; /* hash of the last line */
};

/* Kinds of lines that are not about a call. */
enum chain_kind {
    CHAIN_START,   /* a chain begins */
    CHAIN_RESTART, /* the recorder was started anew, or mended a torn line */
    CHAIN_ROTATE,  /* the first line of another file */
    CHAIN_FORCED,  /* a reload took a number table that had shrunk, because an operator forced it */
    CHAIN_DROPPED, /* lines could not be written before this one */
};

struct chain_event {
    enum chain_kind kind;
    int64_t ts_us;
    struct str node;
    uint64_t dropped;           /* of DROPPED */
    uint64_t rows, rows_before; /* of FORCED */
    bool torn;                  /* of RESTART: the text above is a line that was not finished */
};

/*
 * Appends a line with its LF to OUT and the chain's end behind it to *NEXT, which becomes the chain
 * once the line is on the disk. False: no memory, or libcrypto failed.
 */
bool chain_add_record(struct buf *out, const struct record_chain *chain,
                      const struct record *record, struct record_chain *next);
bool chain_add_event(struct buf *out, const struct record_chain *chain,
                     const struct chain_event *event, struct record_chain *next);

/* The end of the chain behind LINE (without LF), found from the line alone. False when LINE is not
   one of ours. */
bool chain_after_line(struct record_chain *chain, struct str line);
void chain_hash_text(char text[CHAIN_HASH_TEXT + 1], const unsigned char hash[CHAIN_HASH_BYTES]);

/* Where a line says that it stands, by its last two members. False when it says nothing. */
struct chain_place {
    uint64_t seq;
    struct str prev; /* 64 hexadecimal digits */
};
bool chain_place_of(struct chain_place *place, struct str line);

#endif
