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
#include <stdint.h>

/*
 * Fills N octets at TO. False, with TO zeroed, when the kernel has none. Waits only at boot, until
 * the kernel has gathered enough.
 */
bool chance_fill(void *to, size_t n) __attribute__((warn_unused_result));

#define CHANCE_STOCK_BYTES 512

/*
 * Octets that were asked for ahead, many at a time, for what each call needs a few of and what is
 * no key. Zeroed: it is empty. Each octet is given once, and none stays behind. For a process that
 * does not fork: the child would have the same ones.
 */
struct chance_stock {
    uint8_t octets[CHANCE_STOCK_BYTES];
    size_t left; /* the first ones */
};

/* As chance_fill(), from the stock, which is filled again when it has too few. */
bool chance_take(struct chance_stock *stock, void *to, size_t n)
    __attribute__((warn_unused_result));

#endif
