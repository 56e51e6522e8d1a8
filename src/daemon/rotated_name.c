#include "rotated_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A digit for each 0, the rest as it stands. */
static const char stamp_form[] = "00000000T000000Z";
#define STAMP_LENGTH (sizeof(stamp_form) - 1)

bool rotated_stamp(char stamp[ROTATED_STAMP_TEXT], int64_t real_s)
{
    time_t now = (time_t)real_s;
    struct tm tm;
    return gmtime_r(&now, &tm) && tm.tm_year >= 0 && tm.tm_year <= 9999 - 1900 &&
           strftime(stamp, ROTATED_STAMP_TEXT, "%Y%m%dT%H%M%SZ", &tm) == STAMP_LENGTH;
}

char *rotated_name(struct str file, const char *stamp, unsigned again)
{
    char *name = NULL, more[16] = "";
    if (again > 0)
        snprintf(more, sizeof(more), "-%u", again);
    return asprintf(&name, "%.*s.%s%s", STR_ARG(file), stamp, more) < 0 ? NULL : name;
}

/* What stands behind FILE and a dot; NULL: nothing does. */
static const char *behind(const char *name, struct str file)
{
    size_t n = strlen(name);
    bool begins = n > file.n + 1 && memcmp(name, file.p, file.n) == 0 && name[file.n] == '.';
    return begins ? name + file.n + 1 : NULL;
}

static bool is_stamp(const char *text)
{
    for (size_t i = 0; i < STAMP_LENGTH; i++) /* the end of TEXT fits neither */
        if (stamp_form[i] == '0' ? !ascii_is_digit(text[i]) : text[i] != stamp_form[i])
            return false;
    return true;
}

/* "" or "-7": no sign, no zero in front. */
static bool is_again(const char *text)
{
    uint64_t n;
    if (*text == '\0')
        return true;
    return text[0] == '-' && text[1] >= '1' && text[1] <= '9' &&
           str_to_u64(str_of(text + 1), UINT32_MAX, &n);
}

bool rotated_name_is_ours(const char *name, struct str file)
{
    const char *text = behind(name, file);
    return text && is_stamp(text) && is_again(text + STAMP_LENGTH);
}

bool rotated_name_may_be(const char *name, struct str file)
{
    static const char *const compressed[] = {".gz", ".xz", ".zst", ".bz2"};
    size_t n = strlen(name);
    if (!behind(name, file))
        return false;
    for (size_t i = 0; i < sizeof(compressed) / sizeof(compressed[0]); i++) {
        size_t m = strlen(compressed[i]);
        if (n > m && strcmp(name + n - m, compressed[i]) == 0)
            return false;
    }
    return true;
}

int rotated_name_compare(const char *a, const char *b)
{
    const char *x = strrchr(a, '.') + 1, *y = strrchr(b, '.') + 1;
    int by_stamp = strncmp(x, y, STAMP_LENGTH);
    /* "-7" is a negative number: the later one is the smaller one. */
    long i = strtol(x + STAMP_LENGTH, NULL, 10), j = strtol(y + STAMP_LENGTH, NULL, 10);
    return by_stamp ? by_stamp : (i < j) - (i > j);
}
