#include "agenda.h"

#include <stdio.h>
#include <stdlib.h>

void agenda_add(struct agenda *a, struct event event)
{
    if (a->n == a->room) {
        a->room = a->room ? a->room * 2 : 4096;
        a->list = reallocarray(a->list, a->room, sizeof(*a->list));
        if (!a->list) {
            perror("memory");
            exit(2);
        }
    }
    size_t i = a->n++;
    for (; i > 0 && a->list[(i - 1) / 2].due_us > event.due_us; i = (i - 1) / 2)
        a->list[i] = a->list[(i - 1) / 2];
    a->list[i] = event;
}

struct event agenda_take(struct agenda *a)
{
    struct event first = a->list[0], last = a->list[--a->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < a->n; i = child) {
        if (child + 1 < a->n && a->list[child + 1].due_us < a->list[child].due_us)
            child++;
        if (a->list[child].due_us >= last.due_us)
            break;
        a->list[i] = a->list[child];
    }
    if (a->n > 0)
        a->list[i] = last;
    return first;
}
