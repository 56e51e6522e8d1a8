#include <stird/core/library_memory.h>

#include <jansson.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <stird/base/asan.h>
#include <stird/base/shortage.h>

/* ---- blocks that are kept, by their size ---- */

/* The heap gives blocks of STEP * n - SPARE octets, whatever less is asked for. */
#define STEP    16
#define SPARE   8
#define LEAST   2
#define SHELVES 140 /* the largest that is kept has SHELVES * STEP - SPARE octets */

struct block {
    struct block *next;
};

static struct block *shelf[SHELVES + 1];
static size_t kept_bytes, kept_most;

static size_t steps_of(size_t bytes)
{
    const size_t steps = (bytes + SPARE + STEP - 1) / STEP;
    return steps > LEAST ? steps : LEAST;
}

/* NULL: there is none. */
static void *take_kept(size_t steps)
{
    struct block *b = kept_bytes > 0 && steps <= SHELVES ? shelf[steps] : NULL;
    if (b) {
        ASAN_UNPOISON_MEMORY_REGION(b, steps * STEP - SPARE);
        shelf[steps] = b->next;
        kept_bytes -= steps * STEP;
    }
    return b;
}

static bool keep(void *p)
{
    const size_t bytes = malloc_usable_size(p), steps = (bytes + SPARE) / STEP;
    if (steps > SHELVES || steps * STEP - SPARE != bytes || kept_bytes + steps * STEP > kept_most)
        return false;
    struct block *b = p;
    b->next = shelf[steps];
    shelf[steps] = b;
    kept_bytes += steps * STEP;
    ASAN_POISON_MEMORY_REGION(b, bytes);
    return true;
}

void library_memory_keep(size_t most)
{
    kept_most = most;
    for (size_t i = 0; most == 0 && i <= SHELVES; i++)
        for (void *p; (p = take_kept(i));)
            free(p);
}

size_t library_memory_kept(void)
{
    return kept_bytes;
}

/* ---- the libraries' allocators ---- */

static void *counted(void *p)
{
    if (!p)
        shortage_add();
    return p;
}

/* Where blocks are kept, a new one is as large as those: it may be kept in its turn. */
static void *take(size_t bytes)
{
    const size_t steps = bytes <= SHELVES * STEP ? steps_of(bytes) : SHELVES + 1;
    if (bytes == 0)
        return NULL;
    if (kept_most == 0 || steps > SHELVES)
        return counted(malloc(bytes));
    void *p = take_kept(steps);
    return p ? p : counted(malloc(steps * STEP - SPARE));
}

static void give(void *p)
{
    if (p && (kept_most == 0 || !keep(p)))
        free(p);
}

static void *take_for_openssl(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return take(bytes);
}

static void give_back(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    give(p);
}

static void *resize(void *p, size_t bytes, const char *file, int line)
{
    if (bytes > 0)
        return counted(realloc(p, bytes));
    give_back(p, file, line);
    return NULL;
}

bool library_memory_watch(void)
{
    json_set_alloc_funcs(take, give);
    return CRYPTO_set_mem_functions(take_for_openssl, resize, give_back) == 1;
}
