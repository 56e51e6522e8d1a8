/*
 * time_zone - local time from the transitions of a zone file (RFC 8536), as plain data. Pure: the
 * file's octets come from whoever reads files.
 */
#ifndef STIRD_TIME_ZONE_H
#define STIRD_TIME_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/arena.h>
#include <stird/base/str.h>

struct time_zone {
    struct str name;
    int32_t first_offset_s;  /* before the first transition, east of Greenwich */
    const int64_t *at_s;     /* ascending */
    const int32_t *offset_s; /* from at_s[i] on */
    unsigned n;
};

/* Minutes since local midnight, weekday (0 is Sunday), days since 1970-01-01. */
struct local_time {
    int32_t day;
    unsigned weekday, minute;
};

/* A zone without transitions: UTC. */
extern const struct time_zone time_zone_utc;

/*
 * Reads the octets of a TZif file. Texts and lists are allocated from ARENA. False with *WHY when
 * it is not such a file, or when its list of transitions ends before UNTIL_S although the zone
 * still changes its time.
 */
bool time_zone_read(struct time_zone *zone, struct str name, struct str file, int64_t until_s,
                    struct arena *arena, const char **why);
struct local_time time_zone_local(const struct time_zone *zone, int64_t seconds);

#endif
