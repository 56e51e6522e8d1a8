#include <stird/base/block.h>

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>

/* What is kept is nobody's: the address sanitizer says who uses it. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)   ((void)(address), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) ((void)(address), (void)(bytes))
#endif

/* The heap needs SPARE octets of each block for itself. Sizes are multiples of STEP, and above
   those of multiples of LARGE_STEP, less these octets. */
#define SPARE      8
#define STEP       16
#define STEPS      128 /* up to 2 KiB */
#define LARGE_STEP 512
#define LARGE      32 /* up to 16 KiB */
#define LEAST      2  /* steps: the heap gives no smaller block */

struct block {
    struct block *next;
};

static struct block *shelves[STEPS + LARGE + 1];
static size_t kept_bytes, kept_most;

static size_t rounded(size_t bytes, size_t step)
{
    return (bytes + step - 1) / step;
}

/* The least shelf whose blocks have room for BYTES; 0: none has. */
static size_t shelf_for(size_t bytes)
{
    const size_t all = bytes + SPARE;
    if (bytes > LARGE * LARGE_STEP - SPARE)
        return 0;
    if (all > STEPS * STEP)
        return STEPS + rounded(all, LARGE_STEP);
    return rounded(all, STEP) > LEAST ? rounded(all, STEP) : LEAST;
}

static size_t bytes_on(size_t shelf)
{
    return (shelf > STEPS ? (shelf - STEPS) * LARGE_STEP : shelf * STEP) - SPARE;
}

/* The last shelf whose blocks are no larger than one of BYTES; 0: it is too large, or too small. */
static size_t shelf_of(size_t bytes)
{
    const size_t all = bytes + SPARE;
    if (bytes > LARGE * LARGE_STEP)
        return 0;
    return all < STEPS * STEP + LARGE_STEP ? (all / STEP < STEPS ? all / STEP : STEPS)
                                           : STEPS + all / LARGE_STEP;
}

static bool keep(void *p)
{
    const size_t bytes = malloc_usable_size(p), shelf = shelf_of(bytes);
    if (shelf < LEAST || kept_bytes + bytes_on(shelf) > kept_most)
        return false;
    struct block *b = p;
    b->next = shelves[shelf];
    shelves[shelf] = b;
    kept_bytes += bytes_on(shelf);
    ASAN_POISON_MEMORY_REGION(b, bytes_on(shelf));
    return true;
}

static void *take_kept(size_t shelf)
{
    struct block *b = shelves[shelf];
    if (b) {
        ASAN_UNPOISON_MEMORY_REGION(b, bytes_on(shelf));
        shelves[shelf] = b->next;
        kept_bytes -= bytes_on(shelf);
    }
    return b;
}

void *block_take(size_t bytes)
{
    const size_t shelf = kept_most > 0 ? shelf_for(bytes) : 0;
    if (shelf == 0)
        return malloc(bytes);
    void *p = take_kept(shelf);
    return p ? p : malloc(bytes_on(shelf));
}

void block_give(void *block)
{
    if (block && (kept_most == 0 || !keep(block)))
        free(block);
}

void block_keep(size_t most)
{
    kept_most = most;
    for (size_t i = LEAST; most == 0 && i <= STEPS + LARGE; i++)
        for (void *p; (p = take_kept(i));)
            free(p);
}

size_t block_bytes_kept(void)
{
    return kept_bytes;
}
