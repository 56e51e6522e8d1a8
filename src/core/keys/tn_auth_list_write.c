#include <stird/core/tn_auth_list_write.h>

#include <stdlib.h>
#include <string.h>

static void add_element(struct buf *out, unsigned char tag, struct str content)
{
    unsigned char head[] = {tag, 0x82, (unsigned char)(content.n >> 8), (unsigned char)content.n};
    if (content.n < 0x80) {
        head[1] = (unsigned char)content.n;
        buf_add(out, head, 2);
    } else if (content.n < 0x100) {
        head[1] = 0x81;
        head[2] = (unsigned char)content.n;
        buf_add(out, head, 3);
    } else {
        buf_add(out, head, 4);
    }
    buf_add_str(out, content);
}

static void add_nested(struct buf *out, unsigned char outer, unsigned char inner,
                       struct str content)
{
    struct buf nested = BUF_INIT;
    add_element(&nested, inner, content);
    add_element(out, outer, buf_str(&nested));
    buf_fini(&nested);
}

static bool add_range(struct buf *out, struct str start, unsigned long count)
{
    struct buf range = BUF_INIT;
    unsigned char number[8], n = 0;
    if (count < 2 || count > 0x7fffffff)
        return false;
    for (int shift = 24; shift >= 0; shift -= 8)
        if (n > 0 || count >> shift > 0)
            number[n++] = (unsigned char)(count >> shift);
    add_element(&range, 0x16, start);
    if (number[0] >= 0x80) { /* an INTEGER has a sign */
        memmove(number + 1, number, n++);
        number[0] = 0;
    }
    add_element(&range, 0x02, (struct str){(const char *)number, n});
    add_nested(out, 0xa1, 0x30, buf_str(&range));
    buf_fini(&range);
    return true;
}

static bool add_number(struct buf *out, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 15 || (text[digits] && text[digits] != '+'))
        return false;
    if (text[digits] == '+')
        return add_range(out, (struct str){text, digits}, strtoul(text + digits + 1, NULL, 10));
    add_nested(out, 0xa2, 0x16, str_of(text));
    return true;
}

bool tn_auth_list_write(const char *const *spcs, const char *const *numbers, struct buf *out)
{
    struct buf entries = BUF_INIT;
    bool good = true;
    for (const char *const *spc = spcs; spc && *spc; spc++)
        add_nested(&entries, 0xa0, 0x16, str_of(*spc));
    for (const char *const *number = numbers; number && *number; number++)
        good = add_number(&entries, *number) && good;
    if (entries.n > 0)
        add_element(out, 0x30, buf_str(&entries));
    good = good && !buf_failed(&entries) && !buf_failed(out);
    buf_fini(&entries);
    return good;
}
