/*
 * The one form that SIP allows: "Sat, 13 Nov 2010 23:29:00 GMT" (RFC 3261 section 20.17). Neither
 * locale nor time zone of the process has a say.
 */
#include <stird/core/sip_date.h>

#include <assert.h>
#include <string.h>

#define SECONDS_A_DAY 86400

static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Days since 1970-01-01 of a date of the Gregorian calendar; a year here begins in March. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static bool name_at(const char *p, const char (*names)[4], unsigned n, unsigned *index)
{
    for (unsigned i = 0; i < n; i++) {
        if (memcmp(p, names[i], 3) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

static bool number_at(struct str text, size_t at, size_t digits, unsigned max, unsigned *value)
{
    uint64_t v;
    if (!str_to_u64(str_slice(text, at, at + digits), max, &v))
        return false;
    *value = (unsigned)v;
    return true;
}

/* Whether everything but digits and names stands where the form has it. */
static bool frame_fits(struct str text)
{
    static const char form[] = "___, __ ___ ____ __:__:__ GMT";
    if (text.n != SIP_DATE_LENGTH)
        return false;
    for (size_t i = 0; i < SIP_DATE_LENGTH; i++)
        if (form[i] != '_' && form[i] != text.p[i])
            return false;
    return true;
}

bool sip_date_parse(struct str text, int64_t *seconds)
{
    unsigned weekday, day, month, year, hour, minute, second;
    int64_t same_year;
    unsigned same_month, same_day;
    text = str_trim(text);
    if (!frame_fits(text) || !name_at(text.p, weekdays, 7, &weekday) ||
        !number_at(text, 5, 2, 31, &day) || !name_at(text.p + 8, months, 12, &month) ||
        !number_at(text, 12, 4, 9999, &year) || !number_at(text, 17, 2, 23, &hour) ||
        !number_at(text, 20, 2, 59, &minute) || !number_at(text, 23, 2, 59, &second))
        return false;
    int64_t days = days_of(year, month + 1, day);
    date_of(days, &same_year, &same_month, &same_day);
    /* 1970-01-01 was a Thursday; 30 Feb comes back as 2 Mar. */
    if (days < 0 || (unsigned)((days + 4) % 7) != weekday || same_day != day ||
        same_month != month + 1)
        return false;
    *seconds = days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
    return true;
}

/* N digits of VALUE. */
static char *put_number(char *to, unsigned value, unsigned n)
{
    for (unsigned i = n; i-- > 0; value /= 10)
        to[i] = (char)('0' + value % 10);
    return to + n;
}

static char *put(char *to, const char *text)
{
    const size_t n = strlen(text);
    memcpy(to, text, n);
    return to + n;
}

void sip_date_write(char text[SIP_DATE_LENGTH + 1], int64_t seconds)
{
    int64_t days = seconds / SECONDS_A_DAY, year;
    unsigned rest = (unsigned)(seconds % SECONDS_A_DAY), month, day;
    assert(seconds >= 0 && days < days_of(10000, 1, 1));
    date_of(days, &year, &month, &day);
    char *at = put(put(text, weekdays[(days + 4) % 7]), ", ");
    at = put(put_number(at, day, 2), " ");
    at = put(put(at, months[month - 1]), " ");
    at = put(put_number(at, (unsigned)year, 4), " ");
    at = put(put_number(at, rest / 3600, 2), ":");
    at = put(put_number(at, rest / 60 % 60, 2), ":");
    at = put(put_number(at, rest % 60, 2), " GMT");
    assert(at == text + SIP_DATE_LENGTH);
    *at = '\0';
}
