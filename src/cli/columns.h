/*
 * columns - a table for people: cells of text, each column as wide as its widest cell, under a name
 * in front of the first line. What is not printable is shown as \xHH.
 */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stird/base/buf.h>

#define COLUMNS_MAX 12
#define LINE_WIDTH  80 /* of a terminal; what is told to people is not wider */

struct columns {
    json_t *rows; /* arrays of strings; NULL: no memory */
    unsigned n;   /* columns */
};

/* HEADS: N of them. To be ended with columns_print(). */
struct columns columns_new(const char *const *heads, unsigned n);
/* A row of N cells; NULL is "-". */
void columns_add(struct columns *c, const char *const *cells);
/* Prints nothing when there is no row. A NAME of more than 14 characters has a line of its own, so
   heads and cells stand below each other whatever it is. */
void columns_print(struct columns *c, const char *name);

/* TEXT in lines of at most 80 columns where its words allow it, each behind INDENT spaces; of the
 * first line AT columns are there already. What is not printable as \xHH. */
void columns_wrap(const char *text, int indent, int at);
/* The same for what printf() would make of FORMAT. */
void columns_say(int indent, int at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same for what begins at the left: only what goes on below is behind INDENT spaces. */
void columns_hang(int indent, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
