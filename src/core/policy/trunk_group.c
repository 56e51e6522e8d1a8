#include <stird/core/trunk_group.h>

#include <stird/core/headers.h>
#include <stird/core/uri.h>

static const struct str names[] = {STR("tgrp"), STR("otg")};

struct str group_place_name(enum group_place place)
{
    static const struct str places[] = {
        [GROUP_IN_CONTACT] = STR("Contact"),
        [GROUP_IN_REQUEST_URI] = STR("Request-URI"),
        [GROUP_IN_FROM] = STR("From"),
    };
    return places[place];
}

static bool is_group(struct str name)
{
    return uri_name_is(name, names[0]) || uri_name_is(name, names[1]);
}

/* Read as uri_name_is() does, whatever follows. */
static bool begins_with(struct str text, struct str name)
{
    size_t i = 0;
    while (i < name.n && text.n > 0 && ascii_lower(uri_octet_next(&text)) == name.p[i])
        i++;
    return i == name.n;
}

static bool mentions_group(struct str text)
{
    for (; text.n > 0; text = str_slice(text, 1, text.n))
        if (begins_with(text, names[0]) || begins_with(text, names[1]))
            return true;
    return false;
}

void trunk_groups_add_odd(struct trunk_groups *groups, struct str text)
{
    groups->unreadable |= mentions_group(text);
}

static void add(struct trunk_groups *groups, struct str value)
{
    unsigned kept = groups->n < TRUNK_GROUPS_MAX ? groups->n : TRUNK_GROUPS_MAX;
    for (unsigned i = 0; i < kept; i++)
        if (str_eq(groups->values[i], value))
            return;
    if (groups->n < TRUNK_GROUPS_MAX)
        groups->values[groups->n] = value;
    groups->n++;
}

static void add_of(struct trunk_groups *groups, struct str parameters, struct arena *arena)
{
    struct str name, value, decoded;
    while (uri_parameter_next(&parameters, &name, &value)) {
        if (!is_group(name))
            continue;
        if (uri_unescape(arena, value, &decoded))
            add(groups, decoded);
        else
            groups->unreadable = true;
    }
}

/* A group in a password or among header fields does not count by itself. If it is another one than
   the URI names, it is open which of the two is meant. */
static void add_stray(struct trunk_groups *groups, struct str text)
{
    while (text.n > 0) {
        struct str part = str_cut(&text, ';');
        while (part.n > 0) {
            struct str value = str_cut(&part, '&');
            struct str name = str_cut(&value, '=');
            if (groups->n > 0 && is_group(name) && trunk_groups_fit(groups, value) == FITS_NOT) {
                add(groups, value);
                groups->unreadable = true;
            }
        }
    }
}

void trunk_groups_add_uri(struct trunk_groups *groups, struct str uri, struct arena *arena)
{
    struct uri parts;
    if (!uri_split(&parts, uri))
        groups->unreadable = true;
    add_of(groups, parts.user_parameters, arena);
    add_of(groups, parts.parameters, arena);
    add_stray(groups,
              str_slice(parts.userinfo, str_find(parts.userinfo, ':', 0) + 1, parts.userinfo.n));
    add_stray(groups, str_slice(uri, str_find(uri, '?', 0) + 1, uri.n));
}

/* Adds what one element of a list names, or notes that it names none. */
static void join(struct trunk_groups *groups, const struct trunk_groups *element)
{
    for (unsigned i = 0; i < element->n && i < TRUNK_GROUPS_MAX; i++)
        add(groups, element->values[i]);
    if (element->n > TRUNK_GROUPS_MAX)
        groups->n = TRUNK_GROUPS_MAX + 1;
    groups->without |= element->n == 0;
    groups->unreadable |= element->unreadable;
}

void trunk_groups_add_header(struct trunk_groups *groups, struct str value, struct arena *arena)
{
    struct str element, uri, parameters, name, group;
    while (list_next(&value, &element)) {
        if (str_eq(element, STR("*"))) { /* a Contact of REGISTER: names nobody */
            groups->without = true;
            continue;
        }
        if (!name_addr(element, &uri, &parameters)) {
            groups->unreadable = true;
            continue;
        }
        struct trunk_groups of_uri = {.n = 0};
        trunk_groups_add_uri(&of_uri, uri, arena);
        if (!name_addr_alone(element, &uri))
            trunk_groups_add_odd(groups, str_span(uri.p + uri.n, element.p + element.n));
        join(groups, &of_uri);
        while (parameter_next(&parameters, &name, &group))
            if (is_group(name) && trunk_groups_fit(&of_uri, group) == FITS_NOT) {
                add(groups, group);
                groups->unreadable = true;
            }
    }
}

enum fit trunk_groups_fit(const struct trunk_groups *groups, struct str group)
{
    bool one = groups->n > TRUNK_GROUPS_MAX;
    for (unsigned i = 0; i < groups->n && i < TRUNK_GROUPS_MAX; i++)
        one = one || str_eq(groups->values[i], group);
    return fit_of(one, groups->n == 1 && !groups->unreadable && !groups->without);
}
