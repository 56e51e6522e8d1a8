#include "span.h"

#include <stddef.h>
#include <stird/base/str.h>

uint64_t span_seconds(const char *text, uint64_t longest_s)
{
    static const struct {
        char unit;
        unsigned s;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct str number = str_of(text);
    uint64_t n;
    if (number.n < 2)
        return 0;
    const char unit = number.p[--number.n];
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (units[i].unit == unit && str_to_u64(number, longest_s / units[i].s, &n))
            return n * units[i].s;
    return 0;
}

/* Their functions turn what is not there into another time. */
bool span_second_of(struct tm written, bool utc, int64_t *second)
{
    struct tm there = written;
    const time_t t = utc ? timegm(&there) : mktime(&there);
    *second = (int64_t)t;
    return t > 0 && there.tm_year == written.tm_year && there.tm_mon == written.tm_mon &&
           there.tm_mday == written.tm_mday && there.tm_hour == written.tm_hour &&
           there.tm_min == written.tm_min && there.tm_sec == written.tm_sec;
}
