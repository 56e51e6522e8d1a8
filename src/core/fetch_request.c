#include <stird/core/fetch_request.h>

#include <string.h>

static const struct {
    const char *word, *text;
} outcomes[FETCH_OUTCOMES] = {
#define OUTCOME(name, word, kept, hosts, tells, text) [FETCH_##name] = {word, text},
#include <stird/core/fetch_outcome.def>
#undef OUTCOME
};

const char *fetch_outcome_word(enum fetch_outcome outcome)
{
    return outcomes[outcome].word;
}

const char *fetch_outcome_text(enum fetch_outcome outcome)
{
    return outcomes[outcome].text;
}

const char *fetch_source_word(enum fetch_source source)
{
    static const char *const words[FETCH_SOURCES] = {"kept", "others", "server", "stale"};
    return words[source];
}

static bool is_time(int64_t s)
{
    return s >= 0 && s <= FETCH_TIME_MAX_S;
}

static bool is_question(const struct fetch_question_head *h)
{
    return h->version == FETCH_WIRE_VERSION && h->kind < FETCH_KINDS && h->url_length > 0 &&
           h->url_length <= X5U_MAX_BYTES && h->wait_ms <= FETCH_WAIT_MAX_MS &&
           is_time(h->fetched_s) && is_time(h->ends_s);
}

size_t fetch_question_write(const struct fetch_question *q, char *packet)
{
    const struct fetch_question_head head = {
        .version = FETCH_WIRE_VERSION,
        .kind = (uint16_t)q->kind,
        .url_length = q->url.n <= X5U_MAX_BYTES ? (uint16_t)q->url.n : 0,
        .ticket = q->ticket,
        .wait_ms = q->wait_ms,
        .trunk = q->trunk,
        .fetched_s = q->fetched_s,
        .ends_s = q->ends_s};
    if (!is_question(&head))
        return 0;
    memcpy(packet, &head, sizeof(head));
    memcpy(packet + sizeof(head), q->url.p, q->url.n);
    return sizeof(head) + q->url.n;
}

bool fetch_question_read(struct str packet, struct fetch_question *q)
{
    struct fetch_question_head head;
    if (packet.n < sizeof(head))
        return false;
    memcpy(&head, packet.p, sizeof(head));
    if (!is_question(&head) || packet.n != sizeof(head) + head.url_length)
        return false;
    *q = (struct fetch_question){.kind = (enum fetch_kind)head.kind,
                                 .ticket = head.ticket,
                                 .wait_ms = head.wait_ms,
                                 .trunk = head.trunk,
                                 .fetched_s = head.fetched_s,
                                 .ends_s = head.ends_s,
                                 .url = {packet.p + sizeof(head), head.url_length}};
    return true;
}

static bool is_text(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < ' ' || s.p[i] > '~')
            return false;
    return true;
}

static uint16_t text_length(struct str s)
{
    return s.n <= FETCH_TEXT_MAX && is_text(s) ? (uint16_t)s.n : UINT16_MAX;
}

static bool is_answer(const struct fetch_answer_head *h)
{
    return h->version == FETCH_WIRE_VERSION && h->outcome < FETCH_OUTCOMES &&
           h->source < FETCH_SOURCES && h->status < 1000 && is_time(h->fetched_s) &&
           is_time(h->until_s) && h->body_length <= FETCH_BODY_MAX &&
           h->type_length <= FETCH_TEXT_MAX && h->why_length <= FETCH_TEXT_MAX &&
           h->has_former <= 1 &&
           (h->outcome == FETCH_OK || (h->body_length == 0 && h->has_former == 0));
}

bool fetch_answer_write(const struct fetch_answer *a, struct fetch_answer_head *head)
{
    *head = (struct fetch_answer_head){
        .version = FETCH_WIRE_VERSION,
        .outcome = (uint16_t)a->outcome,
        .source = (uint16_t)a->source,
        .ticket = a->ticket,
        .fetched_s = a->fetched_s,
        .until_s = a->until_s,
        .fetched_ms = a->fetched_ms,
        .body_length = a->body.n <= FETCH_BODY_MAX ? (uint32_t)a->body.n : UINT32_MAX,
        .status = a->status,
        .type_length = text_length(a->content_type),
        .why_length = text_length(a->why),
        .has_former = a->has_former};
    return is_answer(head);
}

bool fetch_answer_read(struct str packet, struct fetch_answer *a)
{
    struct fetch_answer_head head;
    if (packet.n < sizeof(head))
        return false;
    memcpy(&head, packet.p, sizeof(head));
    if (!is_answer(&head) ||
        packet.n != sizeof(head) + head.body_length + head.type_length + head.why_length)
        return false;
    const struct str texts = str_slice(packet, sizeof(head) + head.body_length, packet.n);
    if (!is_text(texts))
        return false;
    *a = (struct fetch_answer){.outcome = (enum fetch_outcome)head.outcome,
                               .source = (enum fetch_source)head.source,
                               .ticket = head.ticket,
                               .status = head.status,
                               .fetched_s = head.fetched_s,
                               .until_s = head.until_s,
                               .fetched_ms = head.fetched_ms,
                               .has_former = head.has_former == 1,
                               .body = {packet.p + sizeof(head), head.body_length},
                               .content_type = str_slice(texts, 0, head.type_length),
                               .why = str_slice(texts, head.type_length, texts.n)};
    return true;
}
