#include "phrased.h"
#include "skeleton.h"

#include <stdlib.h>
#include <string.h>

#include <stird/core/headers.h>

void skeleton_fini(struct skeleton *s)
{
    free(s->text);
    *s = (struct skeleton){0};
}

static bool read_cseq(struct skeleton *s, struct str value)
{
    size_t n = 0;
    while (n < value.n && ascii_is_digit(value.p[n]))
        n++;
    if (n == 0 || n >= sizeof(s->cseq))
        return false;
    memcpy(s->cseq, value.p, n);
    s->cseq[n] = '\0';
    return true;
}

/* Which header lines an ACK and a CANCEL repeat; of Via only the topmost. */
static bool is_kept(const struct header_line *line, bool *via_seen)
{
    if (header_is(line, STR("Via"), 'v')) {
        bool first = !*via_seen;
        *via_seen = true;
        return first;
    }
    return header_is(line, STR("From"), 'f') || header_is(line, STR("To"), 't') ||
           header_is(line, STR("Call-ID"), 'i') || header_is(line, STR("Route"), 0) ||
           header_is(line, STR("Max-Forwards"), 0);
}

/* Of a buffer, with no more room than it needs: it stays while a call rings. */
static void take_text(struct skeleton *s, struct buf *out)
{
    size_t n;
    char *text = buf_take(out, &n);
    char *smaller = text ? realloc(text, n) : NULL;
    s->text = smaller ? smaller : text;
    s->n = s->text ? (uint32_t)n : 0;
}

bool skeleton_make(struct skeleton *s, struct str invite)
{
    struct buf out = BUF_INIT;
    struct header_line line;
    struct str rest, request = start_line(invite, &rest);
    bool via_seen = false, to_seen = false, cseq_seen = false;
    *s = (struct skeleton){0};
    str_cut(&request, ' ');
    buf_room(&out, invite.n); /* it is part of that, and of a line end; take_text() gives back what
                                 is too much */
    buf_add_str(&out, request);
    buf_add_text(&out, "\r\n");
    while (header_next(&rest, &line)) {
        if (header_is(&line, STR("CSeq"), 0))
            cseq_seen = read_cseq(s, line.value);
        if (!is_kept(&line, &via_seen))
            continue;
        if (header_is(&line, STR("To"), 't')) {
            to_seen = true;
            s->to_begin = (uint32_t)out.n & INT32_MAX;
            s->to_end = (uint32_t)(out.n + line.raw.n);
        }
        buf_add_str(&out, line.raw);
    }
    if (!via_seen || !to_seen || !cseq_seen || request.n == 0) {
        buf_fini(&out);
        return false;
    }
    if (out.n < INT32_MAX)
        take_text(s, &out);
    buf_fini(&out);
    return s->text != NULL;
}

static void add_end(const struct skeleton *s, const char *method, struct str extra, struct buf *out)
{
    buf_addf(out, "CSeq: %s %s\r\n", s->cseq, method);
    buf_add_str(out, extra);
    buf_add_text(out, "Content-Length: 0\r\n\r\n");
}

void skeleton_press(struct skeleton *s)
{
    uint32_t n;
    bool is_phrased;
    if (s->is_phrased || !s->text)
        return;
    char *copy = phrased_copy((struct str){s->text, s->n}, &n, &is_phrased);
    if (!copy)
        return; /* it stays as it is */
    free(s->text);
    s->text = copy;
    s->n = n;
    s->is_phrased = is_phrased;
}

/* Its text, in SPACE where it is phrased. */
static struct str text_of(const struct skeleton *s, struct buf *space)
{
    const struct str kept = {s->text, s->n};
    if (!s->is_phrased)
        return kept;
    phrased_add(space, kept);
    return buf_failed(space) ? (struct str){NULL, 0} : buf_str(space);
}

void skeleton_ack(const struct skeleton *s, struct str to_value, struct buf *out)
{
    struct buf space = BUF_INIT;
    const struct str text = text_of(s, &space);
    out->failed = out->failed || text.n == 0;
    buf_add_text(out, "ACK ");
    buf_add_str(out, str_slice(text, 0, s->to_begin));
    buf_add_text(out, "To: ");
    buf_add_str(out, to_value);
    buf_add_text(out, "\r\n");
    buf_add_str(out, str_slice(text, s->to_end, text.n));
    add_end(s, "ACK", (struct str){NULL, 0}, out);
    buf_fini(&space);
}

void skeleton_cancel(const struct skeleton *s, struct str extra, struct buf *out)
{
    struct buf space = BUF_INIT;
    const struct str text = text_of(s, &space);
    out->failed = out->failed || text.n == 0;
    buf_add_text(out, "CANCEL ");
    buf_add_str(out, text);
    add_end(s, "CANCEL", extra, out);
    buf_fini(&space);
}
