/* The table as text, which is kept on disk. */
#include <stird/core/switches.h>

#include <string.h>

#define HEAD "# stird switches, version 1"
#define LAST "end\t"

enum field { KIND, NAME, VALUE, SINCE, UNTIL, ENDS_BY, USER, NOTE, FIELDS };

void switches_write(const struct switches *s, struct buf *out)
{
    buf_add_text(out, HEAD "\n");
    for (unsigned i = 0; i < s->n; i++) {
        const struct switched *one = &s->list[i];
        buf_addf(out, "%.*s\t%s\t%s\t%lld\t%lld\t%s\t%u\t%s\n",
                 STR_ARG(switches_word((enum switch_kind)one->kind)), one->name, one->value,
                 (long long)one->since_s, (long long)one->until_s, one->by_clock ? "clock" : "time",
                 one->uid, one->note);
    }
    buf_addf(out, LAST "%u\n", s->n);
}

static bool split(struct str line, struct str part[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        if (!line.p)
            return false;
        part[i] = str_cut(&line, '\t');
    }
    return !line.p;
}

static bool read_second(struct str text, int64_t *second)
{
    uint64_t n;
    if (!str_to_u64(text, INT64_MAX / 2000, &n))
        return false;
    *second = (int64_t)n;
    return true;
}

static const char *read_times(struct switched *one, const struct str part[FIELDS])
{
    uint64_t uid;
    if (!read_second(part[SINCE], &one->since_s) || !read_second(part[UNTIL], &one->until_s))
        return "has a time that is none";
    if (!str_to_u64(part[USER], UINT32_MAX, &uid))
        return "has no user";
    one->uid = (uint32_t)uid;
    one->by_clock = str_eq(part[ENDS_BY], STR("clock"));
    return one->by_clock || str_eq(part[ENDS_BY], STR("time")) ? NULL
                                                               : "does not say by what it ends";
}

static const char *read_line(struct switches *s, struct str line)
{
    struct switched one = {0};
    struct str part[FIELDS];
    enum switch_kind kind;
    if (!split(line, part))
        return "is no line of this file";
    if (!switches_by_word(part[KIND], &kind))
        return "is of a kind that this version does not know";
    one.kind = (uint8_t)kind;
    const char *why = switches_put_text(one.name, part[NAME]);
    if (!why)
        why = switches_put_text(one.value, part[VALUE]);
    if (!why)
        why = switches_put_text(one.note, part[NOTE]);
    if (!why)
        why = read_times(&one, part);
    return why ? why : switches_set(s, &one) ? NULL : "is one more than there may be";
}

static const char *read_last(const struct switches *s, struct str line, struct str rest)
{
    uint64_t n;
    if (!str_to_u64(str_slice(line, sizeof(LAST) - 1, line.n), SWITCHES_MAX, &n) || n != s->n)
        return "does not say how many lines there are";
    return rest.n > 0 ? "is the last one, and others follow" : NULL;
}

static const char *read_lines(struct switches *s, struct str text, unsigned *line)
{
    *line = 1;
    if (!str_eq(str_cut(&text, '\n'), STR(HEAD)))
        return "is not \"" HEAD "\"";
    while (text.p) {
        struct str one = str_cut(&text, '\n');
        ++*line;
        if (one.n == 0 && !text.p)
            break;
        if (str_starts(one, STR(LAST)))
            return read_last(s, one, text);
        const char *why = read_line(s, one);
        if (why)
            return why;
    }
    return "is missing: the file was cut";
}

const char *switches_read(struct switches *s, struct str text, unsigned *line)
{
    memset(s, 0, sizeof(*s));
    const char *why = read_lines(s, text, line);
    if (why)
        memset(s, 0, sizeof(*s));
    return why;
}
