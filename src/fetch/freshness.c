#include "freshness.h"

#include <stddef.h>
#include <stird/core/sip_date.h>

#define SECONDS_MOST (365 * 86400)

static int64_t seconds_of(struct str s)
{
    int64_t value = 0;
    if (s.n > 1 && s.p[0] == '"')
        s = str_slice(s, 1, str_find(s, '"', 1));
    if (s.n == 0)
        return -1;
    for (size_t i = 0; i < s.n; i++) {
        if (!ascii_is_digit(s.p[i]))
            return -1;
        value = value * 10 + (s.p[i] - '0');
        if (value > SECONDS_MOST)
            value = SECONDS_MOST;
    }
    return value;
}

static void take_first(int64_t *to, int64_t value)
{
    if (*to < 0)
        *to = value;
}

/* RFC 9111 section 5.2.2. What may not be stored or used is fresh for no time. */
static void take_cache_control(struct freshness *f, struct str value)
{
    while (value.n > 0) {
        struct str one = str_trim(str_cut(&value, ','));
        size_t equal = str_find(one, '=', 0);
        struct str name = str_trim(str_slice(one, 0, equal));
        struct str argument = str_trim(str_slice(one, equal + 1, one.n));
        if (str_eq_nocase(name, STR("no-store")) || str_eq_nocase(name, STR("no-cache")))
            f->s_maxage_s = 0;
        else if (str_eq_nocase(name, STR("s-maxage")))
            take_first(&f->s_maxage_s, seconds_of(argument));
        else if (str_eq_nocase(name, STR("max-age")))
            take_first(&f->max_age_s, seconds_of(argument));
    }
}

/* RFC 9111 section 5.3: a value that is no date, such as "0", is in the past. */
static void take_expires(struct freshness *f, struct str value)
{
    int64_t s = 0;
    if (!sip_date_parse(value, &s) || s < 0)
        s = 0;
    take_first(&f->expires_s, s);
}

static void take_date(struct freshness *f, struct str value)
{
    int64_t s;
    if (sip_date_parse(value, &s) && s >= 0)
        take_first(&f->date_s, s);
}

static void take_age(struct freshness *f, struct str value)
{
    int64_t s = seconds_of(value);
    f->age_s = s > 0 ? s : 0;
}

void freshness_take(struct freshness *f, struct str name, struct str value)
{
    static const struct {
        struct str name;
        void (*take)(struct freshness *f, struct str value);
    } headers[] = {{{"cache-control", 13}, take_cache_control},
                   {{"expires", 7}, take_expires},
                   {{"date", 4}, take_date},
                   {{"age", 3}, take_age}};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        if (str_eq_nocase(name, headers[i].name))
            headers[i].take(f, value);
}

int64_t freshness_s(const struct freshness *f, int64_t now_s)
{
    int64_t s = f->s_maxage_s >= 0 ? f->s_maxage_s : f->max_age_s;
    if (s < 0 && f->expires_s < 0)
        return -1;
    if (s < 0)
        s = f->expires_s - (f->date_s >= 0 ? f->date_s : now_s);
    if (s > SECONDS_MOST)
        s = SECONDS_MOST;
    return s > f->age_s ? s - f->age_s : 0;
}
