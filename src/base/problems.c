#include <stird/base/problems.h>

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void problems_fini(struct problems *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->list[i].file);
        free(p->list[i].text);
    }
    free(p->list);
    *p = PROBLEMS_INIT;
}

bool problems_any(const struct problems *p)
{
    return p->n > 0 || p->out_of_memory;
}

static struct problem *room_for_one(struct problems *p)
{
    if (p->n == p->capacity) {
        size_t capacity = p->capacity ? p->capacity * 2 : 8;
        struct problem *list = reallocarray(p->list, capacity, sizeof(*list));
        if (!list)
            return NULL;
        p->list = list;
        p->capacity = capacity;
    }
    return &p->list[p->n];
}

void problems_add(struct problems *p, struct str file, unsigned line, const char *format, ...)
{
    struct buf text = BUF_INIT;
    struct problem *room = room_for_one(p);
    char *name = strndup(file.n > 0 ? file.p : "", file.n);
    va_list arguments;
    va_start(arguments, format);
    buf_vaddf(&text, format, arguments);
    va_end(arguments);
    char *owned = buf_take(&text, NULL);
    if (room && name && owned) {
        *room = (struct problem){.file = name, .line = line, .text = owned};
        p->n++;
    } else {
        p->out_of_memory = true;
        free(name);
        free(owned);
    }
}

void problems_stands_last(struct problems *p)
{
    if (p->n > 0)
        p->list[p->n - 1].last = true;
}

static const int passing[] = {
    ENOMEM,     EAGAIN,        EINTR,       EBUSY,    EMFILE,    ENFILE, ENOBUFS, ENOSPC,   EDQUOT,
    EADDRINUSE, EADDRNOTAVAIL, ENETUNREACH, ENETDOWN, ETIMEDOUT, EIO,    ESTALE,  ENOTCONN,
};

void problems_may_pass(struct problems *p, int error)
{
    bool passes = false;
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        passes |= error == passing[i];
    if (!passes || p->n == 0 || p->list[p->n - 1].may_pass)
        return;
    p->list[p->n - 1].may_pass = true;
    p->n_passing++;
}

void problems_move(struct problems *to, struct problems *from)
{
    for (size_t i = 0; i < from->n; i++) {
        struct problem *room = room_for_one(to);
        if (!room) {
            to->out_of_memory = true;
            break;
        }
        *room = from->list[i];
        from->list[i] = (struct problem){.file = NULL};
        to->n++;
        to->n_passing += room->may_pass;
    }
    to->out_of_memory |= from->out_of_memory;
    problems_fini(from);
}

bool problems_stay(const struct problems *p)
{
    return p->n > p->n_passing && !p->out_of_memory;
}

static int compare(const struct problem *a, const struct problem *b)
{
    int by_file = strcmp(a->file, b->file);
    if (a->last != b->last)
        return a->last ? 1 : -1;
    if (by_file != 0)
        return by_file;
    return (a->line > b->line) - (a->line < b->line);
}

/* Insertion sort keeps the order of equals; a list of mistakes is short. */
void problems_sort(struct problems *p)
{
    if (p->n >= 10000)
        return;
    for (size_t i = 1; i < p->n; i++) {
        struct problem x = p->list[i];
        size_t j = i;
        for (; j > 0; j--) {
            if (compare(&p->list[j - 1], &x) <= 0)
                break;
            p->list[j] = p->list[j - 1];
        }
        p->list[j] = x;
    }
}

void problems_print(struct problems *p, struct buf *out)
{
    problems_sort(p);
    for (size_t i = 0; i < p->n; i++) {
        const struct problem *x = &p->list[i];
        buf_add_shown(out, str_of(x->file));
        if (x->file[0] != '\0')
            buf_addf(out, x->line > 0 ? ":%u: " : ": ", x->line);
        buf_add_shown(
            out, str_of(x->text)); /* it may contain names: it stays one line whatever they hold */
        buf_add_char(out, '\n');
    }
    if (p->out_of_memory)
        buf_add_text(out, "out of memory while collecting problems\n");
}
