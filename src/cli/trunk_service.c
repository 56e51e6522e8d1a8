#include "trunk_service.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "-";
}

const char *trunk_service(const json_t *trunk, char room[TRUNK_SERVICE_MAX])
{
    const json_t *share = json_object_get(trunk, "sign_percent");
    const json_int_t percent = json_integer_value(share);
    if (strcmp(text_of(trunk, "mode"), "shadow") == 0)
        return "shadow";
    if (!json_is_integer(share) || percent >= 100)
        return text_of(trunk, "service");
    snprintf(room, TRUNK_SERVICE_MAX, "%.16s %" JSON_INTEGER_FORMAT "%%", text_of(trunk, "service"),
             percent);
    return room;
}

const char *trunk_usable(const json_t *trunk, char room[TRUNK_USABLE_MAX])
{
    if (strcmp(text_of(trunk, "front"), "redirect") == 0)
        return "-";
    snprintf(room, TRUNK_USABLE_MAX, "%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(trunk, "next_hops_usable")),
             json_integer_value(json_object_get(trunk, "next_hops")));
    return room;
}
