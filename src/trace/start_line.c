/* Whether a line of a text or a packet begins a SIP message. */
#include <stird/trace/trace.h>

#include <string.h>

#define METHOD_MAX 32

static bool is_method(struct str s)
{
    if (s.n == 0 || s.n > METHOD_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_is_alpha(s.p[i]) && !ascii_is_digit(s.p[i]) && !strchr("-.!%*_+`'~", s.p[i]))
            return false;
    return true;
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

bool start_line_is_sip(struct str line)
{
    static const struct str version = STR("SIP/2.0");
    if (has_control(line))
        return false;
    if (str_starts(line, version))
        return line.n >= 11 && line.p[7] == ' ' && ascii_is_digit(line.p[8]) &&
               ascii_is_digit(line.p[9]) && ascii_is_digit(line.p[10]);
    size_t space = str_find(line, ' ', 0), last = str_find(line, ' ', space + 1);
    struct str uri = str_slice(line, space + 1, last);
    return is_method(str_slice(line, 0, space)) && str_find(uri, ':', 0) < uri.n &&
           str_eq(str_slice(line, last + 1, line.n), version);
}
