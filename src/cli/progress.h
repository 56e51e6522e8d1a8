/*
 * progress - that something takes long is told to who waits at a terminal: from the second second
 * on, a line on standard error says for how long, and how much of it is done where that is known.
 * It is gone when all is done. Nowhere else, and never beside JSON.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>

struct cli;

/* WHAT is static text of ours: "stird reads the configuration". Not to be nested; nothing is to be
   printed until progress_end(). poll() returns with EINTR; what reads or waits for a child goes on.
 */
void progress_begin(const struct cli *cli, const char *what);
void progress_end(void);
/* The same line with a TEXT of ours that is made anew each time, outside of those two; it stays
   until progress_clear(). */
void progress_show(const struct cli *cli, const char *text);
/* There are TOTAL pieces of work; N more of them are done. Cheap. */
void progress_of(uint64_t total);
void progress_add(uint64_t n);
/* Takes the line away, for something else is to be printed; it comes back by itself. */
void progress_clear(void);

#endif
