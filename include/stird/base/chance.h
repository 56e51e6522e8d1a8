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

#endif
