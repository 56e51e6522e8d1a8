/*
 * packed - numbers and texts one behind the other, as they lie in an image that processes of one
 * machine share. The reader checks each length; once broken it stays broken. Private to
 * core/verify.
 */
#ifndef STIRD_CORE_PACKED_H
#define STIRD_CORE_PACKED_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/buf.h>
#include <stird/base/str.h>

void packed_add_number(struct buf *out, uint64_t number);
void packed_add_text(struct buf *out, struct str text);

struct packed {
    struct str rest;
    bool broken; /* it ended too early: all that is read from there on is 0 and empty */
};
uint64_t packed_number(struct packed *in);
/* Borrowed. Empty ones have p == NULL. */
struct str packed_text(struct packed *in);
/* As packed_number(); one above MOST is broken, and 0. */
unsigned packed_count(struct packed *in, unsigned most);

#endif
