/*
 * overlay - urgent changes to the number table: a journal in the state directory, one line a
 * change, that survives restarts.
 *
 * A change is in force at once: those in force are compiled to a small table of their own, which is
 * consulted beside the large one (numbers_lookup_urgent()). The large one never holds them, so a
 * change can be taken back at once too, whether or not the tables can be read at that time.
 *
 *     # stird number overlay, version 1
 *     set TAB +12155550100 TAB acme TAB owned TAB not_before TAB not_after TAB cert TAB note TAB
 *         seconds since 1970 TAB user id TAB check
 *     unset TAB +12155550100 TAB acme TAB ... (empty customer: all of the number's)
 *
 * `check` is the beginning of the line's SHA-256. A last line without its end was cut off by a
 * crash: it is left out and cut away by the next change. Anything else that does not fit is a
 * problem. One writer, the supervisor; one thread.
 */
#ifndef STIRD_OVERLAY_H
#define STIRD_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/problems.h>
#include <stird/base/str.h>

#define OVERLAY_FILE "numbers.overlay"
/* How many may be in force at once; twice as many where they block numbers. More than that belongs
   into a table. */
#define OVERLAY_ENTRIES_MAX 10000

enum overlay_field {
    OVERLAY_NUMBER,
    OVERLAY_CUSTOMER,
    OVERLAY_STATE,
    OVERLAY_NOT_BEFORE,
    OVERLAY_NOT_AFTER,
    OVERLAY_CERT,
    OVERLAY_NOTE,
    OVERLAY_FIELDS
};

struct overlay;

/* Reads the journal in DIRECTORY; where there is none, the overlay is empty. NULL with problems. */
struct overlay *overlay_read(struct str directory, struct problems *problems);
/* The same from the journal's text; DIRECTORY is for its path. */
struct overlay *overlay_from_text(struct str directory, struct str text, struct problems *problems);
void overlay_free(struct overlay *o);
/*
 * Writes the journal anew when most of a long one is no longer in force, or when somebody removed
 * or cut it; its lines get other numbers then. 0, or -errno and it stays as it was.
 */
int overlay_compact(struct overlay *o);

/* How many lines the journal has, including those that are not written yet. */
uint32_t overlay_lines(const struct overlay *o);
/* Entries in force. */
size_t overlay_count(const struct overlay *o);
/*
 * The entries in force as a number table. The line numbers in it are the journal's, so that the
 * file:line of an answer leads there.
 */
void overlay_table(const struct overlay *o, struct buf *csv);
/* The journal's path, the name of that table. */
struct str overlay_path(const struct overlay *o);

/* Visits what is in force in the order of its lines. FIELD has OVERLAY_FIELDS elements. */
void overlay_each(const struct overlay *o,
                  void (*visit)(void *user, uint32_t line, const struct str *field,
                                int64_t changed_s, uint32_t uid),
                  void *user);

/*
 * Each changes the overlay in memory; overlay_write() puts the change on the disk, and then it is
 * in force. FIELD is as it was typed. NULL, or words that say what is wrong with it; then nothing
 * has changed.
 */
const char *overlay_set(struct overlay *o, const struct str field[OVERLAY_FIELDS], int64_t now_s,
                        uint32_t uid);
/* An empty CUSTOMER: all of the number's. */
const char *overlay_unset(struct overlay *o, struct str number, struct str customer, int64_t now_s,
                          uint32_t uid);
/*
 * 0, or -errno, and then the changes since the last write are taken back. -ESTALE: somebody has
 * changed the journal; overlay_compact() writes it anew.
 */
int overlay_write(struct overlay *o);
/* Takes the changes since the last write back. */
void overlay_revert(struct overlay *o);

#endif
