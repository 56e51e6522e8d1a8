/*
 * Memory that ends when a test says so. It takes the place of the C library's, so a sanitizer,
 * which has its own, does without: such a test skips there. Only what the program itself asks for
 * ends: libcurl 7.88, for one, divides by zero when it gets none.
 */
#ifndef STIRD_TESTS_NO_MEMORY_H
#define STIRD_TESTS_NO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* Of the thread that says it. Negative: as many as there are; else the one behind them fails. */
static _Thread_local long allocations_left = -1;

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#define CAN_FAIL_ALLOCATIONS 0
#else
#define CAN_FAIL_ALLOCATIONS 1

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

extern const char __executable_start, etext;

static bool allocation_fails(const void *caller)
{
    const char *from = caller;
    return from >= &__executable_start && from < &etext && allocations_left >= 0 &&
           allocations_left-- == 0;
}

#define ALLOCATION_FAILS allocation_fails(__builtin_return_address(0))

void *malloc(size_t n)
{
    return ALLOCATION_FAILS ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return ALLOCATION_FAILS ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return ALLOCATION_FAILS ? NULL : __libc_realloc(p, n);
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
