/*
 * record_writer - appends lines to a record file and keeps its chain whole (record_chain.h),
 * whatever the disk does: a write that fails is taken back, or mended by a restart line; what was
 * lost is told by a line of its own once writing works again.
 *
 * One writer a file, one thread. It may wait for the disk: only the recorder has one. Its tally is
 * in memory that outlives it, so that its successor can tell what was lost with it.
 */
#ifndef STIRD_RECORD_WRITER_H
#define STIRD_RECORD_WRITER_H

#include <stird/io/record_chain.h>
#include <sys/types.h>

struct record_losses {
    uint64_t lost; /* how many the writers have lost since the start: neither on the disk nor still
                      to come */
    uint64_t untold;   /* how many of these, and of those that others lost, no line has told yet */
    uint64_t in_hand;  /* taken out of their channels and not on the disk yet */
    uint64_t from_seq; /* the number that the first of these will have as a line */
};

struct record_writer {
    int fd;            /* -1: none yet; opened for reading and appending */
    struct str node;   /* for lines of its own; the caller's */
    off_t size;        /* of the whole lines in it */
    int64_t begins_us; /* real time of its first line */
    bool torn;         /* an unfinished line is at its end, and could not be cut away */

    bool has_chain;
    struct record_chain chain; /* on the disk */
    struct record_chain next;  /* the end of the chain behind what `out` holds */
    struct buf out;
    unsigned n_records; /* in `out` */
    uint64_t written;   /* records that it has put on the disk */
    uint64_t telling;   /* how many losses a line in `out` tells */

    struct record_losses *shared, own; /* `own` counts when there is no shared one */
    int error;                         /* the last one, as errno */
};

#define RECORD_WRITER_INIT ((struct record_writer){.fd = -1})

void record_writer_fini(struct record_writer *w);
struct record_losses *record_writer_losses(struct record_writer *w);
/*
 * Goes on in the file FD, which it takes. PREDECESSOR (-1: none; stays the caller's) is the file
 * before it: an empty file goes on with that one's chain, unless the writer has one itself. First
 * writes what waits into the file before. What the writer before had in hand and did not write is
 * lost, and told.
 */
void record_writer_take_file(struct record_writer *w, int fd, int predecessor, int64_t now_us);
/* To be called before N packets are taken out of their channel, and for those of them that were not
   there, or are not to be added. */
void record_writer_reach(struct record_writer *w, unsigned n);
void record_writer_reached_none(struct record_writer *w, unsigned n);
/*
 * Turns the packet that was taken out into one more line in memory. False when it is lost (it is no
 * record, or there is no memory or no room), which is counted.
 */
bool record_writer_add(struct record_writer *w, struct str packet, int64_t now_us);
/* Writes what waits to the disk; false when it was lost. */
bool record_writer_flush(struct record_writer *w);
/* A `forced` line: rows of the number table before, and after. */
void record_writer_tell_forced(struct record_writer *w, const uint64_t rows[2], int64_t now_us);
/* A `dropped` line, if there is something to tell. */
void record_writer_tell(struct record_writer *w, int64_t now_us);

#endif
