/*
 * losses - when records that are lost are said in the log, and told in the record file by a line of
 * its own. Pure: the caller brings the time and the counts, and does what it is told.
 *
 * Losses are told a second after they begin, and again when no more come. Such a line may still fit
 * where no record does, and these lines alone could fill up the disk. So until a record has been
 * written again, each pause that counts as the end of losses is twice as long as the one before, up
 * to a minute.
 */
#ifndef STIRD_DAEMON_LOSSES_H
#define STIRD_DAEMON_LOSSES_H

#include <stdbool.h>
#include <stdint.h>

#define LOSSES_MS           1000
#define LOSSES_PAUSE_MS_MAX 60000

struct losses {
    uint64_t seen;    /* lost, at the last look */
    uint64_t written; /* records on the disk, when they began */
    int64_t from_ms;  /* 0: nothing is lost at present */
    int64_t last_ms;  /* when something was lost last, or a line could not be written */
    int64_t pause_ms; /* for how long nothing may be lost before it is over */
    bool told;        /* their beginning was told */
    bool over;        /* whether the last look said so */
};

struct losses_now {
    uint64_t lost;    /* since the start */
    uint64_t untold;  /* no line has told them yet */
    uint64_t written; /* records on the disk */
    int64_t ms;       /* monotonic, not 0 */
};

struct losses_due {
    bool say;  /* in the log, which says it once a minute */
    bool over; /* in the log at once */
    bool tell; /* a line in the file; then losses_told() */
};

struct losses_due losses_look(struct losses *l, const struct losses_now *now);
/* UNTOLD: how many the line did not tell, because it could not be written. */
void losses_told(struct losses *l, uint64_t untold, int64_t now_ms);

#endif
