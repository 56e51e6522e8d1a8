/*
 * switches - what an operator has switched by hand while stird runs: stird drains, a trunk or an
 * upstream is disabled, nothing is signed or verified, a unit of a certificate is to sign, a
 * process says more in the log. A small table: what, whose, since when, until when, by whom, why.
 *
 * Plain data without pointers, so that it can lie in memory that processes share. Pure: time is an
 * argument. Who asks it has it for now alone: another table may come between two events.
 */
#ifndef STIRD_SWITCHES_H
#define STIRD_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

#define SWITCHES_MAX      200      /* so many may be on at once */
#define SWITCH_TEXT_BYTES 256      /* of a name, a value, a note; the NUL at their end included */
#define SWITCH_LONGEST_S  31622400 /* a year: one that has an end ends within it */

enum switch_kind {
#define SWITCH(KIND, ...) SWITCH_##KIND,
#include <stird/core/switches.def>
    SWITCH_KINDS
};

/* One that is on. The texts are UTF-8 without control characters. */
struct switched {
    int64_t since_s, until_s; /* real time; until_s 0: until it is taken back */
    int64_t ends_ms;          /* monotonic, of one that is on for so long; 0: it goes by until_s */
    uint32_t uid;             /* who has set it */
    uint8_t kind;             /* enum switch_kind */
    uint8_t by_clock;         /* it ends at a time of day, however often the clock is set; else
                                 after so long */
    uint8_t zero[2];
    char name[SWITCH_TEXT_BYTES]; /* whose: by switches.def; empty: of all */
    char value[SWITCH_TEXT_BYTES];
    char note[SWITCH_TEXT_BYTES];
};

/* Those of a kind stand side by side, the kinds in their order. */
struct switches {
    uint32_t n, zero;
    struct switched list[SWITCHES_MAX];
};

struct str switches_word(enum switch_kind kind); /* "trunk" */
bool switches_by_word(struct str word, enum switch_kind *kind);
struct str switches_text(enum switch_kind kind); /* what it does, in words */

/* The one of exactly that NAME; NULL: none. S may be NULL. */
const struct switched *switches_find(const struct switches *s, enum switch_kind kind,
                                     struct str name);
/* The same, or else the one of all: NULL, it is not on for NAME. */
const struct switched *switches_for(const struct switches *s, enum switch_kind kind,
                                    struct str name);
static inline bool switches_any(const struct switches *s)
{
    return s && s->n > 0;
}

/* Puts TEXT where a name, a value or a note belongs. NULL, or words that say what is wrong. */
const char *switches_put_text(char room[SWITCH_TEXT_BYTES], struct str text);
/* Sets one, in the place of the one of the same kind and name. False: there are too many. */
bool switches_set(struct switches *s, const struct switched *one);
/* Takes one back. False: it is not on. */
bool switches_end(struct switches *s, enum switch_kind kind, struct str name);
/* The first whose time is over; NULL: none. NOW_S is real time, NOW_MS monotonic. */
const struct switched *switches_over_time(const struct switches *s, int64_t now_s, int64_t now_ms);
/* Takes those off whose time is over. Whether there were any. */
bool switches_expire(struct switches *s, int64_t now_s, int64_t now_ms);
/* When to look again, in monotonic time; INT64_MAX: never. One that goes by the clock is looked at
   every second, since the clock may be set. */
int64_t switches_next_ms(const struct switches *s, int64_t now_ms);
/* After they were read in another process' life: what is left of those that are on for so long,
   which is never more than they had. */
void switches_resume(struct switches *s, int64_t now_s, int64_t now_ms);
/* Whether memory that came from elsewhere is such a table. */
bool switches_are_sound(const struct switches *s);

/*
 * As text, which is kept on disk: a first line, one for each, a last one that says how many.
 *     KIND TAB name TAB value TAB since TAB until TAB clock|time TAB user id TAB note
 */
void switches_write(const struct switches *s, struct buf *out);
/* NULL; or words that say what is wrong with line *LINE, and *S is empty. */
const char *switches_read(struct switches *s, struct str text, unsigned *line);

#endif
