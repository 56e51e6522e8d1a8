#include <stird/core/call_priority.h>

#include <stird/core/headers.h>

static bool is_resource(const struct header_line *line)
{
    return header_is(line, STR("Resource-Priority"), 0);
}

static unsigned count_resources(struct str headers)
{
    struct header_line line;
    unsigned n = 0;
    while (header_next(&headers, &line))
        n += is_resource(&line);
    return n;
}

bool call_priority_read(struct call_priority *p, struct str message, struct arena *arena)
{
    struct header_line line;
    struct str rest;
    start_line(message, &rest);
    struct str *list = arena_array(arena, count_resources(rest) + 1, sizeof(*list));
    *p = (struct call_priority){.resources = list};
    while (list && header_next(&rest, &line)) {
        if (is_resource(&line))
            list[p->n_resources++] = line.value;
        else if (header_is(&line, STR("Priority"), 0))
            p->is_psap_callback |= str_eq_nocase(str_trim(line.value), STR("psap-callback"));
    }
    return list != NULL;
}

bool call_priority_next(const struct call_priority *p, struct call_priority_walk *walk,
                        struct str *value)
{
    for (;;) {
        while (walk->rest.n > 0) {
            *value = str_trim(str_cut(&walk->rest, ','));
            if (value->n > 0)
                return true;
        }
        if (!p || walk->at >= p->n_resources)
            return false;
        walk->rest = p->resources[walk->at++];
    }
}

bool call_priority_is_of(struct str value, struct str namespace)
{
    size_t dot = str_find(value, '.', 0);
    return dot < value.n && str_eq_nocase(str_slice(value, 0, dot), namespace);
}

bool call_priority_is_emergency(const struct call_priority *p)
{
    struct call_priority_walk walk = {.at = 0};
    struct str value;
    bool is = p && p->is_psap_callback;
    while (!is && call_priority_next(p, &walk, &value))
        is = call_priority_is_of(value, STR("esnet"));
    return is;
}
