/* Time zones: a rule or the tables name one, its file is read once. */
#include "reader.h"

#define ZONES_MAX      32
#define ZONE_FILE_MAX  (64 * 1024)
#define ZONE_DIRECTORY "/usr/share/zoneinfo/"
#define YEARS_AHEAD_S  (INT64_C(3) * 366 * 86400)

static bool is_zone_name(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!ascii_is_alpha(name.p[i]) && !ascii_is_digit(name.p[i]) &&
            str_find(STR("/_+-"), name.p[i], 0) == 4)
            return false;
    return name.n > 0 && name.p[0] != '/';
}

static bool read_zone(struct reader *r, const struct object *o, struct place at,
                      struct time_zone *zone, struct str name)
{
    struct str file;
    const char *why = "is no name of a time zone (like America/New_York)";
    struct str path = arena_printf(r->arena, ZONE_DIRECTORY "%.*s", STR_ARG(name));
    int error = is_zone_name(name) && path.p
                    ? files_read_bytes(r->files, path, ZONE_FILE_MAX, &file)
                    : 1;
    if (error < 0)
        complain(r, o, at, "time_zone: %.*s cannot be read: %s", STR_ARG(shown(r, path)),
                 files_fault(error));
    else if (error > 0 ||
             !time_zone_read(zone, name, file, r->now_s + YEARS_AHEAD_S, r->arena, &why))
        complain(r, o, at, "time_zone: %.*s %s", STR_ARG(shown(r, name)), why);
    else
        return true;
    return false;
}

uint32_t resolve_zone(struct reader *r, struct draft *draft, const struct object *o,
                      struct place at, struct str name)
{
    struct settings *s = &draft->settings;
    struct time_zone *zones = (struct time_zone *)(uintptr_t)s->zones;
    if (!zones) {
        zones = reader_array(r, ZONES_MAX, sizeof(*zones));
        if (!zones)
            return 0;
        zones[0] = time_zone_utc;
        s->zones = zones;
        s->n_zones = 1;
    }
    for (unsigned i = 0; i < s->n_zones; i++)
        if (str_eq(zones[i].name, name))
            return i;
    if (s->n_zones == ZONES_MAX)
        complain(r, o, at, "time_zone: there are more than %d time zones", ZONES_MAX);
    else if (read_zone(r, o, at, &zones[s->n_zones], name))
        return s->n_zones++;
    return 0;
}
