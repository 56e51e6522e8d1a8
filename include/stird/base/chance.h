/*
 * chance - octets that nobody can know beforehand (getrandom), for seeds, keys and names.
 *
 * The one place that asks the kernel for them. Nobody may go on without them: a caller that ignores
 * the result does not compile. For any process and thread.
 */
#ifndef STIRD_CHANCE_H
#define STIRD_CHANCE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Fills N octets at TO. False, with TO zeroed, when the kernel has none. Waits only at boot, until
 * the kernel has gathered enough.
 */
bool chance_fill(void *to, size_t n) __attribute__((warn_unused_result));

/*
 * Octets kept ahead, for a process that needs a few of them for each call: the kernel is asked once
 * for many calls. For names, which others see anyway; never for keys. One thread. All zeros when it
 * is new; a process does not take one over that another has used, for both would then draw the same
 * octets.
 */
struct chances {
    unsigned char octets[512];
    size_t left; /* of them, the first ones */
};
/* As chance_fill(). The octets that are taken are wiped there. N: at most as many as it keeps. */
bool chance_draw(struct chances *chances, void *to, size_t n) __attribute__((warn_unused_result));

#endif
