#include "sightings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/headers.h>
#include <stird/hops.h>
#include <stird/trace.h>
#include <string.h>

#define INPUT_MAX ((size_t)512 << 20)

static bool read_input(struct buf *input, const char *file)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "rbe");
    const char *why = f ? NULL : strerror(errno);
    for (size_t n = 1; f && n > 0 && !why;) {
        char *room = buf_room(input, 65536);
        n = room ? fread(room, 1, 65536, f) : 0;
        buf_grew(input, n);
        if (!room || input->n > INPUT_MAX)
            why = "is longer than 512 MB";
        else if (ferror(f))
            why = strerror(errno);
    }
    if (f && f != stdin)
        fclose(f);
    if (why)
        fprintf(stderr, "stirctl: %s: %s\n", file, why);
    return !why;
}

const struct sighting *sightings_list(const struct sightings *s, size_t *n)
{
    *n = s->list.n / sizeof(struct sighting);
    return (const struct sighting *)(const void *)s->list.p;
}

struct str sighting_call_id(const struct sighting *s)
{
    struct header_line line;
    return header_find(s->message, STR("Call-ID"), 'i', &line) ? line.value : STR("");
}

static struct str via_of(struct str message)
{
    struct header_line line;
    return header_find(message, STR("Via"), 'v', &line) ? line.value : STR("");
}

static void take_message(void *user, const struct trace_message *m)
{
    struct sightings *s = user;
    if (!str_starts(m->text, STR("INVITE "))) {
        s->others++;
        return;
    }
    struct sighting one = {.time_us = m->time_us,
                           .place = m->place,
                           .from = m->from,
                           .to = m->to,
                           .has_addresses = m->has_addresses};
    char *copy = malloc(m->text.n);
    if (!copy)
        return;
    memcpy(copy, m->text.p, m->text.n);
    one.message = (struct str){copy, m->text.n};
    buf_add(&s->list, &one, sizeof(one));
}

/* "Identity: VALUE" or VALUE alone, perhaps folded. */
static void take_value(struct sightings *s)
{
    struct sighting one = {.value = str_trim(buf_str(&s->input))};
    struct str names[] = {STR("Identity:"), STR("y:")};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_starts_nocase(one.value, names[i]))
            one.value = str_trim(str_slice(one.value, names[i].n, one.value.n));
    if (one.value.n > 0)
        buf_add(&s->list, &one, sizeof(one));
}

static int by_call(const void *left, const void *right)
{
    const struct sighting *a = left, *b = right;
    int order = str_compare(sighting_call_id(a), sighting_call_id(b));
    if (order != 0)
        return order;
    return a->place < b->place ? -1 : a->place > b->place;
}

/* The same request on the same way: sent again, or captured twice. */
static bool is_again(const struct sighting *a, const struct sighting *b)
{
    if (!str_eq(sighting_call_id(a), sighting_call_id(b)) || a->message.n == 0)
        return false;
    return str_eq(a->message, b->message) ||
           (a->has_addresses && address_equal(&a->from, &b->from) &&
            address_equal(&a->to, &b->to) && str_eq(via_of(a->message), via_of(b->message)));
}

/* The list is sorted by call: what is seen again stands behind what it repeats. */
static void drop_repeated(struct sightings *s)
{
    struct sighting *list = (struct sighting *)(void *)s->list.p;
    size_t n = s->list.n / sizeof(*list), kept = 0, call = 0;
    for (size_t i = 0; i < n; i++) {
        bool again = false;
        if (i == 0 || !str_eq(sighting_call_id(&list[i]), sighting_call_id(&list[call])))
            call = kept;
        for (size_t k = call; k < kept && !again; k++)
            again = is_again(&list[k], &list[i]);
        if (again) {
            free((char *)list[i].message.p);
            s->others++;
        } else {
            list[kept++] = list[i];
        }
    }
    s->list.n = kept * sizeof(*list);
}

bool sightings_read(struct sightings *s, const char *file)
{
    const char *why = NULL;
    *s = (struct sightings){.others = 0};
    bool good = read_input(&s->input, file);
    struct str input = buf_str(&s->input);
    s->capture = good && trace_is_capture(input);
    if (s->capture)
        good = trace_read_capture(input, take_message, s, &why);
    else if (good && trace_read_text(input, take_message, s) == 0)
        take_value(s);
    if (why && !good)
        fprintf(stderr, "stirctl: %s: %s\n", file, why);
    size_t n;
    sightings_list(s, &n);
    if (good && n == 0)
        fprintf(stderr, "stirctl: %s: holds neither an INVITE nor an Identity header\n", file);
    if (n > 1)
        qsort(s->list.p, n, sizeof(struct sighting), by_call);
    drop_repeated(s);
    return good && n > 0 && !buf_failed(&s->list);
}

void sightings_fini(struct sightings *s)
{
    size_t n;
    const struct sighting *list = sightings_list(s, &n);
    for (size_t i = 0; i < n; i++)
        free((char *)list[i].message.p);
    buf_fini(&s->list);
    buf_fini(&s->input);
}
