/*
 * log - one line an event: `level process event key=value ...`, values escaped.
 *
 * Never blocks: a line that the reader of the descriptor does not take at once is dropped and
 * counted, and the next line that gets through is preceded by one with the count. A line has at
 * most PIPE_BUF octets, and none is kept for later. Values may come from the network; event names
 * and keys come from the program. The core does not log.
 */
#ifndef STIRD_LOG_H
#define STIRD_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/log_level.h>
#include <stird/base/str.h>

struct log_field {
    const char *key; /* NULL ends the list; "": nothing is said */
    struct str text;
    int64_t number;
    bool is_number; /* which of the two it is */
};

#define LOG_TEXT(key, value)   ((struct log_field){(key), (value), 0, false})
#define LOG_CSTR(key, value)   ((struct log_field){(key), str_of(value), 0, false})
#define LOG_NUMBER(key, value) ((struct log_field){(key), {NULL, 0}, (value), true})
/* In the place of a field that this line does not have: those behind it are said all the same. */
#define LOG_NOTHING ((struct log_field){"", {NULL, 0}, 0, false})

/*
 * PROCESS ("supervisor", "worker 1", "signer") is kept by pointer. With JOURNAL each line starts
 * with the <priority> that journald reads off stderr. From now on writing to FD never waits:
 * log_never_wait().
 */
void log_open(const char *process, int fd, bool journal);
/*
 * FD is connected to journald's own socket, which takes one line in each datagram. Each line goes
 * there, with CALL_ID, TRUNK, ORIG_TN, DEST_TN, REASON, CAUSE and UPSTREAM as fields of their own
 * where it has them, and to standard error only where journald does not take it. FD stays the
 * caller's; children inherit it.
 */
void log_to_journal(int fd);
int log_journal_fd(void); /* -1: none */
/* For a person who reads along: each line begins with its time (UTC) and has its level in colour.
   Not to be used with JOURNAL. */
void log_dress(bool times, bool colours);
/*
 * If FD is a pipe, a terminal or another device: gives it an open file description of its own that
 * never waits, so that the one it shares with whoever started this process stays as it is. Where
 * that is not allowed (a pipe of another user), the pipe's own description is made non-blocking; a
 * terminal of another user is asked before each line whether it takes one. Files and sockets need
 * nothing.
 */
void log_never_wait(int fd);
/* Undoes that, so that an operator whose start failed gets all lines that say why. */
void log_may_wait(int fd);
/* Before the first fork(): from now on this process and its children count in the same place. */
void log_count_together(void);
void log_set_level(enum log_level level);
/* As an operator wants it for a while, whatever log_set_level() is told meanwhile;
   log_follow_level() ends that, and so does log_open(). */
void log_hold_level(enum log_level level);
/* "error", "warning", "info" or "debug". False: it is none, and LEVEL stays. */
bool log_level_by_word(struct str word, enum log_level *level);
void log_follow_level(void);
/* Whether a line of this level would be written: ask before costly formatting. */
bool log_wants(enum log_level level);
/* How many lines were dropped since the start; after log_count_together(), by all processes
   together. */
uint64_t log_dropped(void);

/* EVENT is a short sentence of the program; FIELDS end with key == NULL. */
void log_event(enum log_level level, const char *event, const struct log_field *fields);

#define log_write(level, event, ...)                                                               \
    log_event((level), (event), (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0}})
#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
