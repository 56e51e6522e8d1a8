#include <stird/core/call_priority.h>

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
