/*
 * shown - what stirctl says to people. Names of files, words of the command line and of
 * configurations are anybody's: whatever they hold, a terminal takes no orders from it.
 */
#ifndef CLI_SHOWN_H
#define CLI_SHOWN_H

#include <stdio.h>
#include <stird/base/str.h>
#include <sys/types.h>

/* From here on standard error is written by shown_write(), whoever writes there. Without memory all
   stays as it is. */
void shown_begin(void);
/* To the descriptor FD, each octet outside of 0x20..0x7e but the line end as \xHH. How many of N
   were taken; -1. */
ssize_t shown_write(int fd, const char *bytes, size_t n);
/*
 * The same for standard output, as printf(): for what has names in it. The line ends of FORMAT are
 * line ends; in what is put into it they are \x0a. Returns how many characters that were.
 */
int print_said(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for standard error. */
void warn_said(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
