/*
 * progress - that something takes long is told to who waits at a terminal: from the second second
 * on, a line on standard error says for how long, and is gone when it is done. Nowhere else, and
 * never beside JSON.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

struct cli;

/* WHAT is static text of ours: "stird reads the configuration". Not to be nested; nothing is to be
   printed until progress_end(). System calls that wait return with EINTR. */
void progress_begin(const struct cli *cli, const char *what);
void progress_end(void);
/* Takes the line away, for something else is to be printed; it comes back by itself. */
void progress_clear(void);

#endif
