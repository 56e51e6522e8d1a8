#include <stird/core/call_priority.h>

#include <stird/core/headers.h>

struct call_priority call_priority_of(struct str message, struct str room[CALL_RESOURCES_MAX])
{
    struct call_priority p = {.resources = room};
    struct str rest;
    struct header_line line;
    start_line(message, &rest);
    while (header_next(&rest, &line)) {
        if (header_is(&line, STR("Resource-Priority"), 0) && p.n_resources < CALL_RESOURCES_MAX)
            room[p.n_resources++] = line.value;
        else if (header_is(&line, STR("Priority"), 0))
            p.is_psap_callback |= str_eq_nocase(str_trim(line.value), STR("psap-callback"));
    }
    return p;
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
