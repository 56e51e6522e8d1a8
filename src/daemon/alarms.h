/*
 * alarms - what an operator has to know now, a row each (alarms.def): since when, how often, when
 * last. Told by `stirctl status`; its beginning and its end are a line in the log.
 *
 * Every error line of the log belongs to a row, or to a process that does not start.
 */
#ifndef STIRD_DAEMON_ALARMS_H
#define STIRD_DAEMON_ALARMS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/json.h>

#define ALARM_QUIET_MS 300000

enum alarm_name {
#define ALARM(name, rule, text) ALARM_##name,
#include "alarms.def"
#undef ALARM
    ALARMS
};

struct alarm {
    bool on;
    uint64_t seen;           /* of QUIET: what was counted at the last look */
    uint64_t count;          /* since it is on; of WHILE: how many there are now */
    int64_t since_s, last_s; /* real time */
    int64_t last_ms;         /* monotonic */
};

struct alarms {
    struct alarm rows[ALARMS];
};

/*
 * VALUES, by alarm: of WHILE how many there are now, 0 for none; of QUIET a sum that only grows.
 * Both times are the present.
 */
void alarms_look(struct alarms *a, const uint64_t values[ALARMS], int64_t now_ms, int64_t now_s);
unsigned alarms_on(const struct alarms *a);
/* An array: those that are on, in the order of the table. */
void alarms_put(const struct alarms *a, struct json *j);

#endif
