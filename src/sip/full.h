/*
 * full - counts and logs requests that were refused because a ceiling that many share was reached,
 * or the machine's memory. The log has an error once a minute for each ceiling and each trunk, or
 * source where no trunk is known.
 */
#ifndef STIRD_SIP_FULL_H
#define STIRD_SIP_FULL_H

#include <stddef.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/base/str.h>
#include <stird/core/reason.h>

#define FULL_ALARMS     64 /* so many are remembered; further ones are only counted */
#define FULL_NAME_BYTES 64

struct full_alarm {
    enum reason reason;
    size_t name_bytes;
    char name[FULL_NAME_BYTES];
    int64_t quiet_until_ms; /* 0: unused */
    uint64_t refused;       /* since it was last said */
};

struct full_table {
    struct full_alarm alarms[FULL_ALARMS];
};

struct proxy;

/* Which ceiling it was. */
struct full_request {
    struct address source;
    struct str trunk, call_id; /* empty: not known */
};

/* Notes that R is refused for REASON; does nothing when REASON is not such a ceiling. */
void full_refused(struct proxy *p, enum reason reason, const struct full_request *r);

#endif
