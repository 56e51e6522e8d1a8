/*
 * trail - the next hops that a call was offered to, and what each said, for its record (tried.h).
 */
#ifndef STIRD_SIP_TRAIL_H
#define STIRD_SIP_TRAIL_H

#include <stddef.h>
#include <stird/core/tried.h>

struct target;

struct trail {
    struct tried *list;
    unsigned n;
};

void trail_fini(struct trail *t);
/* Its place, for trail_said(); 0: none was noted, for want of room or memory. The name of the
   target's upstream is borrowed. */
unsigned trail_add(struct trail *t, const struct target *target);
/* The one there is offered the call once more, without its token. */
void trail_again(struct trail *t, unsigned place);
/* STATUS: of FATE_STATUS. A place of 0, or of a trail that is gone, is fine. */
void trail_said(struct trail *t, unsigned place, enum fate fate, int status);
size_t trail_bytes(const struct trail *t);

#endif
