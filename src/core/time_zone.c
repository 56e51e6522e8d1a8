#include <stird/core/time_zone.h>

#include <string.h>

#define HEADER_BYTES    44
#define TRANSITIONS_MAX 4096
#define TYPES_MAX       256
#define OFFSET_MAX      (26 * 3600) /* RFC 8536 section 3.2 */
#define SECONDS_A_DAY   86400

const struct time_zone time_zone_utc = {.name = {"UTC", 3}};

struct tzif_counts {
    uint32_t ut, standard, leaps, transitions, types, characters;
};

static uint64_t big_endian(const char *p, unsigned n)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | (unsigned char)p[i];
    return value;
}

static bool read_header(struct str file, size_t at, struct tzif_counts *c, char *version)
{
    struct str h = str_slice(file, at, at + HEADER_BYTES <= file.n ? at + HEADER_BYTES : at);
    if (h.n != HEADER_BYTES || !str_starts(h, STR("TZif")))
        return false;
    *version = h.p[4];
    uint32_t *const fields[] = {&c->ut,          &c->standard, &c->leaps,
                                &c->transitions, &c->types,    &c->characters};
    for (unsigned i = 0; i < 6; i++)
        *fields[i] = (uint32_t)big_endian(h.p + 20 + 4 * i, 4);
    return c->transitions <= TRANSITIONS_MAX && c->types >= 1 && c->types <= TYPES_MAX &&
           c->ut <= TYPES_MAX && c->standard <= TYPES_MAX && c->leaps <= TRANSITIONS_MAX &&
           c->characters <= 4096;
}

static size_t data_bytes(const struct tzif_counts *c, unsigned time_bytes)
{
    return (size_t)c->transitions * (time_bytes + 1) + (size_t)c->types * 6 + c->characters +
           (size_t)c->leaps * (time_bytes + 4) + c->standard + c->ut;
}

/* The block of 64-bit times, which version 2 and later have behind the first. */
static bool find_block(struct str file, struct tzif_counts *c, size_t *at)
{
    char version;
    if (!read_header(file, 0, c, &version) || version < '2')
        return false;
    size_t second = HEADER_BYTES + data_bytes(c, 4);
    if (!read_header(file, second, c, &version))
        return false;
    *at = second + HEADER_BYTES;
    return *at + data_bytes(c, 8) <= file.n;
}

static bool read_offset(struct str file, size_t types, unsigned type, int32_t *offset_s)
{
    *offset_s = (int32_t)(uint32_t)big_endian(file.p + types + 6 * (size_t)type, 4);
    return *offset_s > -OFFSET_MAX && *offset_s < OFFSET_MAX;
}

static bool read_transitions(struct time_zone *zone, struct str file, const struct tzif_counts *c,
                             size_t at, struct arena *arena)
{
    int64_t *times = arena_array(arena, c->transitions + 1, sizeof(*times));
    int32_t *offsets = arena_array(arena, c->transitions + 1, sizeof(*offsets));
    size_t kinds = at + (size_t)c->transitions * 8, types = kinds + c->transitions;
    if (!times || !offsets || !read_offset(file, types, 0, &zone->first_offset_s))
        return false;
    for (uint32_t i = 0; i < c->transitions; i++) {
        unsigned type = (unsigned char)file.p[kinds + i];
        times[i] = (int64_t)big_endian(file.p + at + 8 * (size_t)i, 8);
        if (type >= c->types || (i > 0 && times[i] <= times[i - 1]) ||
            !read_offset(file, types, type, &offsets[i]))
            return false;
    }
    zone->at_s = times;
    zone->offset_s = offsets;
    zone->n = c->transitions;
    return true;
}

/* The footer tells how time goes on after the list: where it has a comma, by rules under which it
   keeps changing. */
static bool goes_on_changing(struct str file, const struct tzif_counts *c, size_t at)
{
    struct str footer = str_slice(file, at + data_bytes(c, 8), file.n);
    return str_find(footer, ',', 0) < footer.n;
}

bool time_zone_read(struct time_zone *zone, struct str name, struct str file, int64_t until_s,
                    struct arena *arena, const char **why)
{
    struct tzif_counts c;
    size_t at;
    struct time_zone read = {.name = arena_copy(arena, name)};
    *why = "is no zone file (RFC 8536)";
    if (!find_block(file, &c, &at) || !read_transitions(&read, file, &c, at, arena))
        return false;
    *why = "lists no changes for the coming years: install Debian's tzdata";
    if (goes_on_changing(file, &c, at) && (read.n == 0 || read.at_s[read.n - 1] < until_s))
        return false;
    *zone = read;
    return true;
}

struct local_time time_zone_local(const struct time_zone *zone, int64_t seconds)
{
    unsigned low = 0, high = zone->n;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (zone->at_s[middle] <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    int64_t local = seconds + (low > 0 ? zone->offset_s[low - 1] : zone->first_offset_s);
    int64_t day = local / SECONDS_A_DAY - (local % SECONDS_A_DAY < 0);
    return (struct local_time){
        .day = (int32_t)day,
        .weekday = (unsigned)(((day + 4) % 7 + 7) % 7), /* 1970-01-01 was a Thursday */
        .minute = (unsigned)((local - day * SECONDS_A_DAY) / 60),
    };
}
