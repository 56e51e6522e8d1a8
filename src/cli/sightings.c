#include "sightings.h"

#include "input.h"
#include "shown.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/core/headers.h>
#include <stird/core/hops.h>
#include <stird/trace/trace.h>
#include <string.h>

#define INPUT_MAX  ((size_t)512 << 20)
#define PACKED_MAX 4

static bool complain(const char *file, const char *why)
{
    warn_said("stirctl: %s: %s\n", file, why);
    return false;
}

/* A capture that is still being written ends anywhere: what is there is read. */
static void unpack(struct buf *input, const char *file, unsigned depth)
{
    const char *why;
    struct buf unpacked = BUF_INIT;
    if (depth == PACKED_MAX || !trace_is_packed(buf_str(input)))
        return;
    if (!trace_unpack(buf_str(input), INPUT_MAX, &unpacked, &why))
        complain(file, why);
    buf_fini(input);
    *input = unpacked;
    unpack(input, file, depth + 1);
}

static bool read_input(struct buf *input, const char *file)
{
    FILE *f = input_open(file);
    const char *why = NULL;
    for (size_t n = 1; f && n > 0 && !why;) {
        char *room = buf_room(input, 65536);
        n = room ? fread(room, 1, 65536, f) : 0;
        buf_grew(input, n);
        if (!room || input->n > INPUT_MAX)
            why = "is longer than 512 MB";
        else if (ferror(f))
            why = strerror(errno);
    }
    input_close(f);
    return f && (!why || complain(file, why));
}

const struct sighting *sightings_list(const struct sightings *s, size_t *n)
{
    *n = s->list.n / sizeof(struct sighting);
    return (const struct sighting *)(const void *)s->list.p;
}

struct str sighting_call_id(const struct sighting *s)
{
    struct header_line line;
    return header_find(s->message, STR("Call-ID"), 'i', &line) ? line.value : STR("");
}

/* The next octet off *S in lower case, white space passed over; '\0': there is none. */
static char dark_octet_next(struct str *s)
{
    char c = '\0';
    while (s->n > 0 && c == '\0') {
        c = ascii_is_space(s->p[0]) ? '\0' : ascii_lower(s->p[0]);
        *s = str_slice(*s, 1, s->n);
    }
    return c;
}

static bool same_via(struct str a, struct str b)
{
    while (a.n > 0 || b.n > 0)
        if (dark_octet_next(&a) != dark_octet_next(&b))
            return false;
    return true;
}

/* Whether the Vias are the same, however they are folded and divided into lines (RFC 3261 section
   7.3.1). */
static bool same_vias(struct str a, struct str b)
{
    struct header_elements vias = header_elements_of(a, STR("Via"), 'v');
    struct header_elements others = header_elements_of(b, STR("Via"), 'v');
    struct str via, other;
    while (header_element_next(&vias, &via))
        if (!header_element_next(&others, &other) || !same_via(via, other))
            return false;
    return !header_element_next(&others, &other);
}

/* The next line off *REST that is no Via; after the last one, all that is left, with the body. */
static struct str other_line(struct str *rest)
{
    struct header_line line;
    struct str here = *rest;
    while (head_line_next(rest, &line)) {
        if (!header_is(&line, STR("Via"), 'v'))
            return line.raw;
        here = *rest;
    }
    return here;
}

static bool same_but_vias(struct str a, struct str b)
{
    if (!str_eq(start_line(a, &a), start_line(b, &b)))
        return false;
    while (a.n > 0 || b.n > 0)
        if (!str_eq(other_line(&a), other_line(&b)))
            return false;
    return true;
}

/* Whether its header is cut: it is whole once the empty line is there, and a cut after that matters
   to nobody. */
static bool lacks_header(const struct trace_message *m)
{
    return m->cut && !memmem(m->text.p, m->text.n, "\n\r\n", 3) &&
           !memmem(m->text.p, m->text.n, "\n\n", 2);
}

static void take_message(void *user, const struct trace_message *m)
{
    struct sightings *s = user;
    if (!str_starts(m->text, STR("INVITE "))) {
        s->others++;
        return;
    }
    const char *damage = s->capture ? NULL : trace_head_damage(m->text);
    struct sighting one = {.time_us = m->time_us,
                           .place = m->place,
                           .from = m->from,
                           .to = m->to,
                           .has_addresses = m->has_addresses,
                           .on_wire = s->capture && !m->cut,
                           .cut = damage || m->glued || lacks_header(m),
                           .damage = damage,
                           .glued = m->glued,
                           .octets = m->octets};
    char *copy = malloc(m->text.n);
    if (!copy)
        return;
    memcpy(copy, m->text.p, m->text.n);
    one.message = (struct str){copy, m->text.n};
    buf_add(&s->list, &one, sizeof(one));
}

/* Text that is no header line must at least look like a token: header.payload.signature, base64url.
 */
static bool may_be_token(struct str text)
{
    unsigned dots = 0, octets = 0;
    while (text.n > 0 && (text.p[0] == '"' || text.p[0] == '\'' || text.p[0] == '<'))
        text = str_slice(text, 1, text.n);
    if (str_starts(text, STR("eyJ"))) /* {" , whatever became of the rest */
        return true;
    text = str_slice(text, 0, str_find(text, ';', 0));
    for (size_t i = 0; i < text.n; i++) {
        bool in_token = ascii_is_alpha(text.p[i]) || ascii_is_digit(text.p[i]) ||
                        text.p[i] == '-' || text.p[i] == '_';
        dots += text.p[i] == '.';
        octets += in_token;
        if (!in_token && text.p[i] != '.' && text.p[i] != '\r' && text.p[i] != '\n' &&
            text.p[i] != ' ' && text.p[i] != '\t')
            return false;
    }
    return dots == 2 && octets > 0;
}

static const struct str quotes[] = {STR("\""), STR("'"), STR("`")};

/* Of a copy: a byte order mark, white space, and one pair of quotes around all of it. */
static struct str bare(struct str text)
{
    if (str_starts(text, STR("\xef\xbb\xbf")))
        text = str_slice(text, 3, text.n);
    text = str_trim(text);
    for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
        if (text.n >= 2 && str_starts(text, quotes[i]) && text.p[text.n - 1] == quotes[i].p[0])
            return str_trim(str_slice(text, 1, text.n - 1));
    return text;
}

/* "Identity:" or "y :" off *LINE. */
static bool take_name(struct str *line)
{
    size_t colon = str_find(*line, ':', 0);
    struct str name = str_trim(str_slice(*line, 0, colon));
    if (colon == line->n ||
        !(str_eq_nocase(name, STR("Identity")) || str_eq_nocase(name, STR("y"))))
        return false;
    *line = str_trim(str_slice(*line, colon + 1, line->n));
    return true;
}

/* Whether the line at AT begins a value, and does not continue the one before. */
static bool begins_value(struct str text, size_t at)
{
    struct str line = str_slice(text, at, str_find(text, '\n', at));
    return str_starts(line, STR("eyJ")) || take_name(&line);
}

/* Takes lines off *REST, up to the next one that begins a value. */
static struct str take_lines(struct str *rest)
{
    size_t end = str_find(*rest, '\n', 0);
    while (end < rest->n && !begins_value(*rest, end + 1))
        end = str_find(*rest, '\n', end + 1);
    struct str lines = str_slice(*rest, 0, end);
    *rest = str_slice(*rest, end + 1, rest->n);
    return lines;
}

/* "Identity: VALUE" or VALUE alone, perhaps folded; several, as header lines may have them, or in
   lines of their own. */
static void take_values(struct sightings *s)
{
    struct str rest = bare(buf_str(&s->input)), element;
    while (rest.n > 0) {
        struct str lines = take_lines(&rest);
        bool named = take_name(&lines);
        if (!named && !may_be_token(lines))
            return; /* some other text, whatever its lines are */
        if (!named)
            lines = bare(lines);
        while (list_next(&lines, &element)) {
            const char *damage = trace_value_damage(element);
            struct sighting one = {.value = element, .cut = damage != NULL, .damage = damage};
            buf_add(&s->list, &one, sizeof(one));
        }
    }
}

static int by_call(const void *left, const void *right)
{
    const struct sighting *a = left, *b = right;
    int order = str_compare(sighting_call_id(a), sighting_call_id(b));
    if (order != 0)
        return order;
    return a->place < b->place ? -1 : a->place > b->place;
}

static bool same_link(const struct sighting *a, const struct sighting *b)
{
    return a->has_addresses && b->has_addresses && address_equal(&a->from, &b->from) &&
           address_equal(&a->to, &b->to);
}

bool sighting_same_way(const struct sighting *a, const struct sighting *b)
{
    return same_link(a, b) && same_vias(a->message, b->message);
}

static struct str cseq_of(struct str message)
{
    struct header_line line;
    return header_find(message, STR("CSeq"), 0, &line) ? line.value : STR("");
}

/* Whether PART, which the capture cut, is the beginning of WHOLE, as far as what tells two tries
   apart. */
static bool is_beginning(const struct sighting *part, const struct sighting *whole)
{
    struct str cseq = cseq_of(part->message);
    return !part->on_wire && cseq.n > 0 && str_eq(cseq, cseq_of(whole->message)) &&
           str_starts(whole->message, part->message);
}

/*
 * The same request on the same way: sent again, or captured twice. That is the same octets (RFC
 * 3261 section 17.1.1.2); what has another token, or is another try of a caller whose Vias stay,
 * is to be judged by itself.
 */
static bool is_again(const struct sighting *a, const struct sighting *b)
{
    if (!str_eq(sighting_call_id(a), sighting_call_id(b)) || a->message.n == 0)
        return false;
    if (str_eq(a->message, b->message))
        return true;
    return (sighting_same_way(a, b) && same_but_vias(a->message, b->message)) ||
           (same_link(a, b) && (is_beginning(a, b) || is_beginning(b, a)));
}

/* Which of the KEPT ones of its call it repeats; N: none. */
static size_t repeated(const struct sighting *kept, size_t n, const struct sighting *one)
{
    size_t i = 0;
    while (i < n && !is_again(&kept[i], one))
        i++;
    return i;
}

/* The list is sorted by call: what is seen again stands behind what it repeats. A whole message
   takes the place of the beginning of the same. */
static void drop_repeated(struct sightings *s)
{
    struct sighting *list = (struct sighting *)(void *)s->list.p;
    size_t n = s->list.n / sizeof(*list), kept = 0, call = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !str_eq(sighting_call_id(&list[i]), sighting_call_id(&list[call])))
            call = kept;
        size_t same = call + repeated(list + call, kept - call, &list[i]);
        if (same == kept) {
            list[kept++] = list[i];
            continue;
        }
        struct sighting other = list[i];
        if (list[same].cut && !other.cut) {
            other = list[same];
            list[same] = list[i];
            list[same].place = other.place;
        }
        free((char *)other.message.p);
        s->others++;
    }
    s->list.n = kept * sizeof(*list);
}

static void tell_nothing(const struct sightings *s, const char *file,
                         const struct trace_tally *tally)
{
    struct buf words = BUF_INIT;
    if (s->input.n == 0) {
        complain(file, "is empty: it holds neither an INVITE nor an Identity header");
        return;
    }
    complain(file, "holds neither an INVITE nor an Identity header");
    if (s->others > 0)
        warn_said("stirctl: %s: it has %" PRIu64 " other SIP messages\n", file, s->others);
    const char *damage = s->capture ? NULL : trace_text_damage(buf_str(&s->input));
    if (s->capture)
        trace_tally_tell(tally, &words);
    else if (damage)
        buf_add_text(&words, damage);
    struct str rest = buf_str(&words);
    while (rest.n > 0) {
        struct str line = str_cut(&rest, '\n');
        if (line.n > 0)
            warn_said("stirctl: %s: %.*s\n", file, STR_ARG(line));
    }
    buf_fini(&words);
}

/* Messages in it, or an Identity value alone; false when it is neither text nor a capture. */
static bool take_text(struct sightings *s, const char *file)
{
    struct str input = buf_str(&s->input);
    const char *other = trace_other_format(input);
    if (other)
        return complain(file, other);
    if (trace_read_text(input, take_message, s) > 0)
        return true;
    if (str_find(input, '\0', 0) < input.n)
        return complain(file, "is neither text nor a capture (pcap, pcapng)");
    take_values(s);
    return true;
}

bool sightings_read(struct sightings *s, const char *file)
{
    const char *why = NULL;
    struct trace_tally tally = {.packets = 0};
    size_t n;
    *s = (struct sightings){.others = 0};
    bool good = read_input(&s->input, file);
    if (good)
        unpack(&s->input, file, 0);
    s->capture = good && trace_is_capture(buf_str(&s->input));
    if (s->capture)
        good = trace_read_capture(buf_str(&s->input), take_message, s, &tally, &why) ||
               complain(file, why);
    else if (good)
        good = take_text(s, file);
    sightings_list(s, &n);
    if (good && n == 0)
        tell_nothing(s, file, &tally);
    if (n > 1)
        qsort(s->list.p, n, sizeof(struct sighting), by_call);
    drop_repeated(s);
    return good && n > 0 && !buf_failed(&s->list);
}

void sightings_fini(struct sightings *s)
{
    size_t n;
    const struct sighting *list = sightings_list(s, &n);
    for (size_t i = 0; i < n; i++)
        free((char *)list[i].message.p);
    buf_fini(&s->list);
    buf_fini(&s->input);
}
