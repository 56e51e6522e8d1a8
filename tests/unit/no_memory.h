/*
 * Memory that ends when a test says so. It takes the place of the C library's, so a sanitizer,
 * which has its own, does without: such a test skips there.
 */
#ifndef STIRD_TESTS_NO_MEMORY_H
#define STIRD_TESTS_NO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static long allocations_left =
    -1; /* negative: as many as there are; else the one behind them fails */

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define CAN_FAIL_ALLOCATIONS 0
#else
#define CAN_FAIL_ALLOCATIONS 1

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static bool allocation_fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *malloc(size_t n)
{
    return allocation_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return allocation_fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return allocation_fails() ? NULL : __libc_realloc(p, n);
}
#endif

#define skip_without_failing_allocations()                                                         \
    do {                                                                                           \
        if (!CAN_FAIL_ALLOCATIONS) {                                                               \
            print_message("SKIPPED: allocations fail at will without a sanitizer only\n");         \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

#endif
