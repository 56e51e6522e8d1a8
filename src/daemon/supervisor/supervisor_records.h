/*
 * supervisor_records - the record files as names, the ways of records from the workers to the
 * recorder, and the count of lost records. The state is for the files of this part: _records,
 * _rotation, _untold.
 */
#ifndef STIRD_SUPERVISOR_RECORDS_H
#define STIRD_SUPERVISOR_RECORDS_H

#include "loop.h"

#include <stird/io/record_writer.h>

/* What the recorder may ask for: supervisor_rotation.c. Monotonic times. */
struct rotation {
    int64_t next_ms; /* a request before that is not granted; 0: at any time */
    int64_t aged_ms; /* when a file moved aside for its age alone; 0: none has */
    bool put_off;    /* it asked for one too early for the file's age, and the log says so */
    bool may_cross;  /* it was given a file or limits, and may have asked before it knew of them */
};

struct records {
    int file;            /* -1: no records */
    bool file_fault;     /* the present one is not what the settings name, or too long */
    char stamp[32];      /* of the last name that was given, */
    unsigned stamp_uses; /* and how often that stamp was */
    struct rotation rotation;
    /* What the recorder has not heard yet. */
    bool owes_file, owes_forced;
    uint64_t owes_channels; /* a bit for each worker */
    uint64_t rows_before;   /* of the number table, when a reload was forced */
    /*
     * Both ends of each worker's record channel are kept: neither a worker's nor the recorder's
     * death loses a record that waits there.
     */
    int channels[WORKERS_MAX][2];
    int backlogs[WORKERS_MAX]; /* record_queue.h: of records that wait for the channel, which are
                                  not lost either */
    int tally_fd;              /* what the recorder counts as lost, in memory that outlives it */
    const struct record_losses *tally; /* the same, mapped; NULL: no records */
    int untold_fd;                     /* supervisor_untold.c; -1: none */
    struct record_losses kept_tally;   /* what it holds */
    bool untold_fault;                 /* it could not be written last time */
    int64_t next_untold_ms;
};

static inline struct records *supervisor_records(const struct supervisor *s)
{
    return supervisor_part(s, &part_records);
}

/* supervisor_records.c */
/* Gives a recorder that begins the file and all ways from the workers. 0 or -errno. */
int supervisor_begin_recorder(struct supervisor *s, struct child *c);
/* Opens channels, backlogs and the tally, for as long as stird runs. 0 or -errno. */
int supervisor_open_record_ways(struct supervisor *s);
/* False, after a line in the log: the present file goes on. */
bool supervisor_rotate_records(struct supervisor *s);

/* supervisor_rotation.c */
extern const struct word supervisor_rotation_hears[];

/* supervisor_untold.c */
/* What an earlier stird left; *TALLY is what this one begins with. */
void supervisor_open_untold(struct supervisor *s, struct record_losses *tally);
void supervisor_keep_untold(struct supervisor *s, int64_t now_ms);
/* When all children have ended: keeps the count, with what they left in channels and backlogs. */
void supervisor_keep_last(struct supervisor *s);

#endif
