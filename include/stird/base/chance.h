/*
 * chance - octets that nobody can know beforehand (getrandom), for seeds, keys and names.
 *
 * The one place that asks the kernel for them. Nobody may go on without: a caller that ignores the
 * result does not compile. Any process and thread.
 */
#ifndef STIRD_CHANCE_H
#define STIRD_CHANCE_H

#include <stdbool.h>
#include <stddef.h>

/* All N octets at TO, or false, with TO zero: the kernel has none. Waits only at boot, until it has
 * gathered enough. */
bool chance_fill(void *to, size_t n) __attribute__((warn_unused_result));

#endif
