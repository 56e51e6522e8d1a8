#include <stird/base/arena.h>
#include <stird/base/block.h>
#include <stird/base/shortage.h>

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct chunk {
    struct chunk *next;
    size_t used, capacity;
    alignas(max_align_t) char bytes[];
};

struct arena {
    struct chunk *head; /* the one that is filled now */
};

static struct chunk *chunk_new(size_t capacity, struct chunk *next)
{
    bool fits = capacity <= SIZE_MAX - sizeof(struct chunk);
    struct chunk *c = fits ? block_take(sizeof(*c) + capacity) : NULL;
    if (!c) {
        shortage_add();
    } else {
        c->next = next;
        c->used = 0;
        c->capacity = capacity;
    }
    return c;
}

static void chunk_free_all(struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        block_give(c);
        c = next;
    }
}

struct arena *arena_new(size_t first_bytes)
{
    /* The arena lives in its own first chunk: one malloc for a small call. */
    const size_t own = arena_rounded(sizeof(struct arena));
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
        sum += sizeof(*c) + c->capacity;
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

struct str arena_join(struct arena *a, const struct str *parts, unsigned n)
{
    size_t all = 0, at = 0;
    for (unsigned i = 0; i < n; i++) {
        if (parts[i].n >= SIZE_MAX - all)
            return (struct str){NULL, 0};
        all += parts[i].n;
    }
    char *p = arena_alloc(a, all + 1);
    if (!p)
        return (struct str){NULL, 0};
    for (unsigned i = 0; i < n; i++) {
        if (parts[i].n > 0)
            memcpy(p + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    return (struct str){p, all};
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
