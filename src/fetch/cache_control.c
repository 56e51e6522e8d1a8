/* How long an answer may be kept, by its Cache-Control header (RFC 9111 section 5.2). */
#include <stird/fetch/fetch.h>

#define MAX_AGE_LIMIT_S (365 * 86400)

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
        if (value > MAX_AGE_LIMIT_S)
            value = MAX_AGE_LIMIT_S;
    }
    return value;
}

/* RFC 9111 section 5.2.2; s-maxage is for caches that several share, as this one is not. */
int64_t cache_control_max_age(struct str value)
{
    int64_t age = -1;
    while (value.n > 0) {
        struct str one = str_trim(str_cut(&value, ','));
        size_t equal = str_find(one, '=', 0);
        struct str name = str_trim(str_slice(one, 0, equal));
        if (str_eq_nocase(name, STR("no-store")) || str_eq_nocase(name, STR("no-cache")))
            return 0;
        if (str_eq_nocase(name, STR("max-age")) && age < 0)
            age = seconds_of(str_trim(str_slice(one, equal + 1, one.n)));
    }
    return age;
}
