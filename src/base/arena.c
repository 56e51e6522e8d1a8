#include <stird/base/arena.h>
#include <stird/base/asan.h>
#include <stird/base/shortage.h>

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
    struct chunk *next;
    size_t used, capacity;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *head; /* the one that is filled now */
};

/* ---- chunks that are kept for the next arena, by their size ---- */

#define STEP    512 /* sizes are multiples of it */
#define SHELVES 32  /* the largest that is kept has SHELVES * STEP octets, its head included */

static struct chunk *shelf[SHELVES];
static size_t kept_bytes, kept_most;

static size_t bytes_of(const struct chunk *c)
{
    return sizeof(*c) + c->capacity;
}

static struct chunk **shelf_of(size_t bytes)
{
    return bytes >= STEP && bytes % STEP == 0 && bytes / STEP <= SHELVES ? &shelf[bytes / STEP - 1]
                                                                         : NULL;
}

static bool keep(struct chunk *c)
{
    const size_t bytes = bytes_of(c);
    struct chunk **s = kept_bytes + bytes <= kept_most ? shelf_of(bytes) : NULL;
    if (!s)
        return false;
    c->next = *s;
    *s = c;
    kept_bytes += bytes;
    ASAN_POISON_MEMORY_REGION(c->bytes, c->capacity);
    return true;
}

static struct chunk *take_kept(size_t bytes)
{
    struct chunk **s = kept_bytes > 0 ? shelf_of(bytes) : NULL, *c = s ? *s : NULL;
    if (c) {
        *s = c->next;
        kept_bytes -= bytes;
        ASAN_UNPOISON_MEMORY_REGION(c->bytes, c->capacity);
    }
    return c;
}

void arena_keep_memory(size_t most)
{
    kept_most = most;
    for (unsigned i = 0; most == 0 && i < SHELVES; i++)
        for (struct chunk *c; (c = take_kept((size_t)(i + 1) * STEP));)
            free(c);
}

size_t arena_bytes_kept(void)
{
    return kept_bytes;
}

/* ---- chunks ---- */

/* Where chunks are kept, and for those that are: so much that others of about that size fit too. */
static size_t rounded_up(size_t bytes)
{
    return kept_most > 0 && bytes > STEP && bytes <= (size_t)SHELVES * STEP
               ? (bytes + STEP - 1) / STEP * STEP
               : bytes;
}

static struct chunk *chunk_new(size_t capacity, struct chunk *next)
{
    const bool fits = capacity <= SIZE_MAX - sizeof(struct chunk);
    const size_t bytes = fits ? rounded_up(sizeof(struct chunk) + capacity) : 0;
    struct chunk *c = fits ? take_kept(bytes) : NULL;
    if (!c && fits)
        c = malloc(bytes);
    if (!c) {
        shortage_add();
    } else {
        c->next = next;
        c->used = 0;
        c->capacity = bytes - sizeof(*c);
    }
    return c;
}

static void chunk_free_all(struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        if (!keep(c))
            free(c);
        c = next;
    }
}

struct arena *arena_new(size_t first_bytes)
{
    /* The arena lives in its own first chunk: one malloc for a small call. */
    const size_t own = sizeof(max_align_t) > sizeof(struct arena) ? sizeof(max_align_t)
                                                                  : sizeof(struct arena);
    struct chunk *c = first_bytes <= SIZE_MAX - own ? chunk_new(first_bytes + own, NULL) : NULL;
    if (!c)
        return NULL;
    struct arena *a = (struct arena *)c->bytes;
    c->used = own;
    a->head = c;
    return a;
}

void arena_free(struct arena *a)
{
    if (a)
        chunk_free_all(a->head);
}

size_t arena_bytes(const struct arena *a)
{
    size_t sum = 0;
    for (const struct chunk *c = a ? a->head : NULL; c; c = c->next)
        sum += bytes_of(c);
    return sum;
}

size_t arena_rounded(size_t bytes)
{
    return (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    struct chunk *c = a->head;
    const size_t rounded = arena_rounded(bytes);
    if (rounded < bytes)
        return NULL;
    if (rounded > c->capacity - c->used) {
        size_t capacity = c->capacity * 2;
        c = chunk_new(rounded > capacity ? rounded : capacity, c);
        if (!c)
            return NULL;
        a->head = c;
    }
    void *p = c->bytes + c->used;
    c->used += rounded;
    return memset(p, 0, rounded);
}

void *arena_array(struct arena *a, size_t count, size_t bytes)
{
    if (bytes != 0 && count > SIZE_MAX / bytes)
        return NULL;
    return arena_alloc(a, count * bytes);
}

struct str arena_copy(struct arena *a, struct str s)
{
    char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
    if (!p)
        return (struct str){NULL, 0};
    if (s.n > 0)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    char *p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
    if (p)
        vsnprintf(p, (size_t)n + 1, format, again);
    va_end(again);
    va_end(arguments);
    return (struct str){p, p ? (size_t)n : 0};
}
