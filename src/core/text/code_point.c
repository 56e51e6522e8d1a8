#include <stird/core/code_point.h>

#include <stddef.h>

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n && ranges[i].first <= c; i++)
        if (c <= ranges[i].last)
            return true;
    return false;
}

/* ---- UTF-8 ---- */

static bool is_following(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Octets of the character that LEAD begins; 1 for those that begin none of several. */
static size_t length_by(unsigned char lead)
{
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
}

uint32_t code_point_next(struct str s, size_t *at)
{
    const unsigned char lead = (unsigned char)s.p[*at];
    const size_t n = length_by(lead);
    const struct str octets = str_slice(s, *at, *at + n);
    if (octets.n < n || !str_is_utf8(octets)) {
        (*at)++;
        return CODE_POINT_NONE;
    }
    uint32_t c = n == 1 ? lead : lead & (0x7fu >> n);
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)octets.p[i] & 0x3fu);
    *at += n;
    return c;
}

uint32_t code_point_last(struct str s, size_t n, size_t *begin)
{
    const struct str before = str_slice(s, 0, n);
    size_t at = n - 1;
    while (at > 0 && n - at < 4 && is_following(s.p[at]))
        at--;
    size_t end = at;
    const uint32_t c = code_point_next(before, &end);
    *begin = end == n ? at : n - 1;
    return end == n ? c : CODE_POINT_NONE;
}

/* ---- what they are; each table in rising order ---- */

bool code_point_is_unseen(uint32_t c)
{
    static const struct range unseen[] = {
        {0x00, 0x20},       {0x7f, 0xa0},       {0xad, 0xad},     {0x34f, 0x34f},
        {0x61c, 0x61c},     {0x115f, 0x1160},   {0x1680, 0x1680}, {0x17b4, 0x17b5},
        {0x180b, 0x180f},   {0x2000, 0x200f},   {0x2028, 0x202f}, {0x205f, 0x206f},
        {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164}, {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };
    return is_in(unseen, sizeof(unseen) / sizeof(unseen[0]), c);
}

bool code_point_is_letter(uint32_t c)
{
    static const struct range letters[] = {
        {'A', 'Z'},       {'a', 'z'},       {0xc0, 0xd6},     {0xd8, 0xf6},     {0xf8, 0x2af},
        {0x386, 0x3ff},   {0x400, 0x481},   {0x48a, 0x556},   {0x561, 0x587},   {0x5d0, 0x5ea},
        {0x620, 0x64a},   {0x904, 0x939},   {0xe01, 0xe2e},   {0x1e00, 0x1eff}, {0x3041, 0x3096},
        {0x30a1, 0x30fa}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3},
    };
    return is_in(letters, sizeof(letters) / sizeof(letters[0]), c);
}
