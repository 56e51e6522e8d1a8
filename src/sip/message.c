#include "message.h"

#include <errno.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/sip_util.h>
#include <stdlib.h>
#include <string.h>

#include <stird/headers.h>
#include "screen.h"

#define STAND_IN '\1' /* for a NUL in a header */
#define PIECES   512  /* over 256 lines and what is added */

/* The header classes that are parsed; every other header is opaque, malformed or not. */
static msg_mclass_t *trimmed_class;

bool message_module_init(void)
{
    static const char *const parsed[] = {"Via",     "From",         "To",
                                         "Call-ID", "CSeq",         "Max-Forwards",
                                         "Route",   "Record-Route", "Content-Length"};
    const msg_mclass_t *whole = sip_default_mclass();
    if (trimmed_class)
        return true; /* a second proxy in one process, as tests have */
    trimmed_class = msg_mclass_clone(whole, 128, 1); /* no smaller than the one it is cloned from */
    for (unsigned i = 0; trimmed_class && i < sizeof(parsed) / sizeof(parsed[0]); i++) {
        const msg_href_t *reference = msg_find_hclass(whole, parsed[i], NULL);
        if (!reference || msg_mclass_insert(trimmed_class, reference) < 0)
            return false;
    }
    return trimmed_class != NULL;
}

void message_fini(struct message *m)
{
    if (m->msg)
        msg_destroy(m->msg);
    *m = (struct message){0};
}

/* What is borrowed of FROM's text borrows of the copy instead. */
static void rebase(struct str *s, struct str from, const char *copy)
{
    if (s->p >= from.p && s->p <= from.p + from.n)
        s->p = copy + (s->p - from.p);
}

void message_move(struct message *to, struct message *from, const char *copy)
{
    struct str raw = from->raw;
    *to = *from;
    *from = (struct message){0};
    to->raw.p = copy;
    rebase(&to->method, raw, copy);
    rebase(&to->cseq_method, raw, copy);
    rebase(&to->request_uri, raw, copy);
}

/* Length of start line and headers. */
static size_t head_bytes(struct str raw)
{
    size_t at = 0, newline;
    while ((newline = str_find(raw, '\n', at)) < raw.n) {
        if (newline == at || (newline == at + 1 && raw.p[at] == '\r'))
            return newline + 1;
        at = newline + 1;
    }
    return raw.n;
}

/*
 * sofia-sip ends a text at a NUL, which RFC 3261 allows in quoted strings (RFC 4475 section
 * 3.1.1.2), and takes some letters of a token for none in a method.
 */
static bool sofia_reads(const struct message *m, size_t head)
{
    for (size_t i = 0; i < m->method.n; i++)
        if (!ascii_is_alpha(m->method.p[i]) && !ascii_is_digit(m->method.p[i]) &&
            m->method.p[i] != '-')
            return false;
    return memchr(m->raw.p, '\0', head) == NULL;
}

/* What sofia-sip is given to read instead: as long, so that each octet keeps its place. */
static void write_readable(const struct message *m, size_t head, char *text)
{
    memcpy(text, m->raw.p, m->raw.n);
    for (size_t i = 0; i < head; i++)
        if (text[i] == '\0')
            text[i] = STAND_IN;
    for (size_t i = 0; i < m->method.n; i++) {
        const char *c = &m->method.p[i];
        char *in_cseq = text + (m->cseq_method.p - m->raw.p) + i;
        if (!ascii_is_alpha(*c))
            *in_cseq = 'X';
        if (!ascii_is_alpha(*c) && m->status == 0)
            text[c - m->raw.p] = 'X';
    }
}

static bool copy_into(const msg_iovec_t *pieces, issize_t n_pieces, struct str text)
{
    size_t copied = 0;
    for (issize_t i = 0; i < n_pieces && copied < text.n; i++) {
        size_t piece = pieces[i].mv_len < text.n - copied ? pieces[i].mv_len : text.n - copied;
        memcpy(pieces[i].mv_base, text.p + copied, piece);
        copied += piece;
    }
    return copied == text.n;
}

static enum reason fill(struct message *m)
{
    const sip_t *sip = m->sip;
    if (msg_has_error(m->msg) || sip->sip_error || !sip->sip_via || !sip->sip_from ||
        !sip->sip_to || !sip->sip_call_id || !sip->sip_cseq || sip_sanity_check(sip) < 0)
        return REASON_BAD_REQUEST;
    if (m->status == 0 ? !sip->sip_request : !sip->sip_status)
        return REASON_BAD_REQUEST;
    m->call_id = str_of(sip->sip_call_id->i_id);
    m->from_tag = str_of(sip->sip_from->a_tag);
    m->to_tag = str_of(sip->sip_to->a_tag);
    m->cseq = sip->sip_cseq->cs_seq;
    return REASON_OK;
}

/*
 * sofia-sip keeps the octets that it was given as the raw text of each header; what it could not
 * have read is put back there. The headers stand in the order of the message and cover it.
 */
static bool put_back(const struct message *m, const char *readable)
{
    size_t at = 0;
    msg_header_t *h = m->status == 0 ? (msg_header_t *)m->sip->sip_request
                                     : (msg_header_t *)m->sip->sip_status;
    for (; h; h = h->sh_succ) {
        size_t n = h->sh_len;
        if (n == 0)
            continue; /* a further element of one line */
        if (n > m->raw.n - at || memcmp(h->sh_data, readable + at, n) != 0)
            return false;
        memcpy((char *)(uintptr_t)h->sh_data, m->raw.p + at, n);
        at += n;
    }
    return true;
}

static bool give(msg_t *msg, struct str text)
{
    msg_iovec_t pieces[8];
    if (!copy_into(pieces, msg_recv_iovec(msg, pieces, 8, text.n, 1), text))
        return false;
    msg_recv_commit(msg, text.n, 1);
    msg_extract(msg);
    return true;
}

static enum reason extract(struct message *m)
{
    enum reason reason = REASON_OUT_OF_MEMORY;
    size_t head = head_bytes(m->raw);
    bool readable_already = sofia_reads(m, head);
    char *readable = readable_already ? NULL : malloc(m->raw.n);
    m->msg = msg_create(trimmed_class, MSG_DO_EXTRACT_COPY);
    if (!m->msg || (!readable && !readable_already))
        goto out;
    if (readable)
        write_readable(m, head, readable);
    if (!give(m->msg, readable ? (struct str){readable, m->raw.n} : m->raw))
        goto out;
    m->sip = sip_object(m->msg);
    reason = m->sip ? fill(m) : REASON_BAD_REQUEST;
    if (reason == REASON_OK && readable && !put_back(m, readable))
        reason = REASON_BAD_REQUEST;
    if (reason == REASON_BAD_REQUEST)
        m->fault = (struct screen_fault){reason, STR("header"), 0, "cannot be read"};
out:
    free(readable);
    return reason;
}

enum reason message_parse(struct message *m, struct str raw)
{
    *m = (struct message){.raw = raw};
    enum reason reason = screen_raw(m, raw);
    if (reason == REASON_OK)
        reason = extract(m);
    if (reason != REASON_OK) {
        struct screen_fault fault = m->fault;
        message_fini(m);
        m->fault = fault;
        m->fault.reason = reason;
    }
    return reason;
}

struct str message_via_branch(const struct message *m)
{
    return str_of(m->sip->sip_via->v_branch);
}

bool message_via_has_rport(const struct message *m)
{
    const msg_param_t *parameter = m->sip->sip_via->v_params;
    for (; parameter && *parameter; parameter++) {
        struct str name = str_of(*parameter);
        if (str_eq_nocase(str_slice(name, 0, str_find(name, '=', 0)), STR("rport")))
            return true;
    }
    return false;
}

struct str message_header(const struct message *m, const char *name, char compact, unsigned n)
{
    for (const sip_unknown_t *h = m->sip->sip_unknown; h; h = h->un_next)
        if (header_is_named(str_of(h->un_name), str_of(name), compact) && n-- == 0)
            return str_of(h->un_value ? h->un_value : "");
    return (struct str){NULL, 0};
}

unsigned message_header_count(const struct message *m, const char *name, char compact)
{
    unsigned n = 0;
    for (const sip_unknown_t *h = m->sip->sip_unknown; h; h = h->un_next)
        n += header_is_named(str_of(h->un_name), str_of(name), compact);
    return n;
}

int message_print(struct message *m, struct buf *out)
{
    msg_iovec_t pieces[PIECES];
    if (msg_prepare(m->msg) < 0)
        return -ENOMEM;
    isize_t n = msg_iovec(m->msg, pieces, PIECES);
    /* One piece a header at the most, and screening bounded these: it always fits. */
    if (n > PIECES)
        return -ENOMEM;
    for (isize_t i = 0; i < n; i++)
        buf_add(out, pieces[i].mv_base, pieces[i].mv_len);
    return buf_failed(out) ? -ENOMEM : 0;
}
