/* Dates of a table, as days since 1970. */
#include <stird/core/numbers.h>

static bool is_leap(uint64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in_month(uint64_t year, uint64_t month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days from 1970-01-01 in the Gregorian calendar. */
static int32_t day_number(uint64_t year, uint64_t month, uint64_t day)
{
    int64_t before = (int64_t)year - 1;
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;
    for (uint64_t m = 1; m < month; m++)
        days += days_in_month(year, m);
    return (int32_t)(days + (int64_t)day - 1);
}

bool numbers_date_parse(struct str text, int32_t *day)
{
    uint64_t y, m, d;
    if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-')
        return false;
    if (!str_to_u64(str_slice(text, 0, 4), 9999, &y) ||
        !str_to_u64(str_slice(text, 5, 7), 12, &m) || !str_to_u64(str_slice(text, 8, 10), 31, &d))
        return false;
    /* A year before 1900 is a typing error or a spreadsheet's zero. */
    if (y < 1900 || m < 1 || d < 1 || d > days_in_month(y, m))
        return false;
    *day = day_number(y, m, d);
    return true;
}
