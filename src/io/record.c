#include <stird/io/record.h>

#include <stird/core/settings.h>
#include <string.h>
#include <time.h>

#define PACKET_MAGIC UINT32_C(0x31524353) /* "SCR1": worker and recorder are one binary */
#define HOP_NAME_MAX 64
#define LOST_MAGIC   UINT32_C(0x314c4353) /* "SCL1" */

/* The texts of a record, in the order of the packet. */
static const size_t texts[] = {
    offsetof(struct record, node),        offsetof(struct record, call_id),
    offsetof(struct record, trunk),       offsetof(struct record, source),
    offsetof(struct record, orig_tn),     offsetof(struct record, dest_tn),
    offsetof(struct record, origid),      offsetof(struct record, rule),
    offsetof(struct record, number_row),  offsetof(struct record, customer),
    offsetof(struct record, certificate), offsetof(struct record, x5u),
    offsetof(struct record, upstream),    offsetof(struct record, detail),
    offsetof(struct record, provider),    offsetof(struct record, spc),
    offsetof(struct record, serial),      offsetof(struct record, identity_fault),
    offsetof(struct record, rate),        offsetof(struct record, monitor),
};
#define N_TEXTS (sizeof(texts) / sizeof(texts[0]))

struct str record_text(struct str text)
{
    return str_slice(text, 0, RECORD_TEXT_MAX);
}

/* Of a call that was judged: behind all else. Its texts follow. */
#define N_VERIFIED_TEXTS 5
_Static_assert(RECORD_TEXT_MAX == VERIFIED_TEXT_MAX, "a record and stirctl explain say the same");
struct packet_verified {
    int64_t iat_s, age_s, wait_us, verify_us;
    uint64_t trust_generation;
    uint32_t header, headers, beyond;
    uint8_t class, level, check, attest, verstat, told, cache, fetched, answered;
    uint8_t is_lowered, shown_class, shown_level, own_number, replayed;
    uint16_t answer_status;
    struct tn elsewhere;
    uint16_t reason, text_bytes[N_VERIFIED_TEXTS];
};

/* Host order and layout: both ends are the same program. */
struct packet_head {
    uint32_t magic;
    uint8_t attest, verdict, number_state, emergency, withheld;
    int64_t ts_us, iat_s, sign_us, total_us;
    uint64_t config_generation, numbers_generation;
    int32_t sip_status;
    uint32_t count, identity_unreadable;
    uint16_t reason, withheld_reason;
    uint8_t cause, n_tried, is_verified, n_tokens;
    uint16_t text_bytes[N_TEXTS], token_bytes[RECORD_TOKENS_MAX];
};

/* One of tried[]; the upstream's name follows. */
struct packet_hop {
    struct address address;
    uint8_t transport, fate, name_bytes, again;
    uint16_t status;
};

static bool is_token(struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < ' ' || value.p[i] > '~')
            return false;
    return value.n > 0 && value.n <= RECORD_TOKEN_MAX;
}

void record_add_token(struct record *record, struct str value)
{
    if (record->n_tokens < RECORD_TOKENS_MAX && is_token(value))
        record->tokens[record->n_tokens++] = value;
}

static struct str *text_at(const struct record *r, size_t i)
{
    return (struct str *)(void *)((char *)(uintptr_t)r + texts[i]);
}

static void pack_hop(struct buf *packet, const struct tried *t)
{
    struct packet_hop hop;
    memset(&hop, 0, sizeof(hop));
    hop.address.family = t->address.family;
    hop.address.port = t->address.port;
    memcpy(hop.address.bytes, t->address.bytes, sizeof(hop.address.bytes));
    hop.transport = t->transport;
    hop.fate = t->fate;
    hop.again = t->again;
    hop.status = t->status;
    hop.name_bytes = (uint8_t)str_slice(t->upstream, 0, HOP_NAME_MAX).n;
    buf_add(packet, &hop, sizeof(hop));
    buf_add(packet, t->upstream.p, hop.name_bytes);
}

static struct str *verified_text(const struct verified *v, size_t i)
{
    static const size_t places[N_VERIFIED_TEXTS] = {
        offsetof(struct verified, x5u), offsetof(struct verified, spc),
        offsetof(struct verified, subject), offsetof(struct verified, origid),
        offsetof(struct verified, trust)};
    return (struct str *)(void *)((char *)(uintptr_t)v + places[i]);
}

static void pack_verified(struct buf *packet, const struct verified *v)
{
    struct packet_verified p;
    memset(&p, 0, sizeof(p));
    p.iat_s = v->iat_s;
    p.age_s = v->age_s;
    p.wait_us = v->wait_us;
    p.verify_us = v->verify_us;
    p.trust_generation = v->trust_generation;
    p.header = v->header;
    p.headers = v->headers;
    p.beyond = v->beyond;
    p.class = (uint8_t)v->class;
    p.reason = (uint16_t)v->reason;
    p.level = (uint8_t)v->level;
    p.check = (uint8_t)v->check;
    p.attest = (uint8_t)v->attest;
    p.verstat = (uint8_t)v->verstat;
    p.told = (uint8_t)v->told;
    p.cache = (uint8_t)v->cache;
    p.fetched = (uint8_t)v->fetched;
    p.is_lowered = v->shown.is_lowered;
    p.shown_class = (uint8_t)v->shown.class;
    p.shown_level = (uint8_t)v->shown.level;
    p.own_number = v->own_number;
    p.replayed = v->replayed;
    p.answered = (uint8_t)v->answered;
    p.answer_status = v->answer_status;
    p.elsewhere.n = v->elsewhere.n;
    memcpy(p.elsewhere.digits, v->elsewhere.digits, v->elsewhere.n);
    for (size_t i = 0; i < N_VERIFIED_TEXTS; i++)
        p.text_bytes[i] = (uint16_t)record_text(*verified_text(v, i)).n;
    buf_add(packet, &p, sizeof(p));
    for (size_t i = 0; i < N_VERIFIED_TEXTS; i++)
        buf_add(packet, verified_text(v, i)->p, p.text_bytes[i]);
}

void record_pack(struct buf *packet, const struct record *r)
{
    struct packet_head head;
    memset(&head, 0, sizeof(head)); /* the gaps too: they leave the process */
    head.magic = PACKET_MAGIC;
    head.attest = (uint8_t)r->attest;
    head.withheld = (uint8_t)r->withheld;
    head.withheld_reason = (uint16_t)r->withheld_reason;
    head.verdict = (uint8_t)r->verdict;
    head.number_state = (uint8_t)r->number_state;
    head.emergency = r->emergency;
    head.ts_us = r->ts_us;
    head.iat_s = r->iat_s;
    head.sign_us = r->sign_us;
    head.total_us = r->total_us;
    head.config_generation = r->config_generation;
    head.numbers_generation = r->numbers_generation;
    head.sip_status = r->sip_status;
    head.identity_unreadable = r->identity_unreadable;
    head.reason = (uint16_t)r->reason;
    head.cause = (uint8_t)r->cause;
    head.n_tried = (uint8_t)r->n_tried;
    head.count = r->count;
    head.is_verified = r->is_verified;
    head.n_tokens = (uint8_t)r->n_tokens;
    for (size_t i = 0; i < r->n_tokens; i++)
        head.token_bytes[i] = (uint16_t)r->tokens[i].n;
    for (size_t i = 0; i < N_TEXTS; i++)
        head.text_bytes[i] = (uint16_t)record_text(*text_at(r, i)).n;
    buf_add(packet, &head, sizeof(head));
    for (size_t i = 0; i < N_TEXTS; i++)
        buf_add(packet, text_at(r, i)->p, head.text_bytes[i]);
    for (size_t i = 0; i < r->n_tokens; i++)
        buf_add_str(packet, r->tokens[i]);
    for (size_t i = 0; i < r->n_tried; i++)
        pack_hop(packet, &r->tried[i]);
    if (r->is_verified)
        pack_verified(packet, &r->verified);
}

static bool is_level(uint8_t c)
{
    return c == 0 || (c >= 'A' && c <= 'C');
}

static bool verified_is_good(const struct packet_verified *v)
{
    return v->class < VERIFICATION_CLASSES && is_level(v->level) && is_level(v->attest) &&
           v->check <= VERIFY_CHECKS && v->verstat <= VERSTAT_FAILED &&
           v->told < VERSTAT_TOLD_KINDS && v->cache < VERIFIED_CACHES &&
           v->fetched < FETCH_OUTCOMES && v->answered < ANSWERED_KINDS && v->answer_status <= 699 &&
           v->elsewhere.n <= TN_MAX_DIGITS && v->shown_class < VERIFICATION_CLASSES &&
           is_level(v->shown_level) && v->is_lowered <= 1 && v->own_number <= 1 && v->replayed <= 1;
}

static bool head_is_good(const struct packet_head *h)
{
    return h->magic == PACKET_MAGIC && is_level(h->attest) && is_level(h->withheld) &&
           h->is_verified <= 1 && h->verdict <= VERDICT_SIGN && h->number_state <= NUMBER_STATES &&
           h->emergency <= 1 && h->sip_status >= 0 && h->sip_status <= 699 &&
           h->n_tried <= TRIED_MAX && h->n_tokens <= RECORD_TOKENS_MAX;
}

static bool unpack_hop(struct tried *t, struct str *rest)
{
    struct packet_hop hop;
    if (rest->n < sizeof(hop))
        return false;
    memcpy(&hop, rest->p, sizeof(hop));
    *rest = str_slice(*rest, sizeof(hop), rest->n);
    if (hop.name_bytes > HOP_NAME_MAX || hop.name_bytes > rest->n || hop.fate >= FATE_KINDS ||
        hop.transport >= TRANSPORTS || hop.again > 1 || hop.status > 699 ||
        (hop.address.family != ADDRESS_NONE && !address_is_sound(&hop.address)))
        return false;
    *t = (struct tried){.upstream = str_slice(*rest, 0, hop.name_bytes),
                        .address = hop.address,
                        .transport = hop.transport,
                        .fate = hop.fate,
                        .status = hop.status,
                        .again = hop.again};
    *rest = str_slice(*rest, hop.name_bytes, rest->n);
    return true;
}

static bool unpack_token(struct record *r, size_t n, struct str *rest)
{
    const struct str value = str_slice(*rest, 0, n);
    if (n > rest->n || !is_token(value))
        return false;
    r->tokens[r->n_tokens++] = value;
    *rest = str_slice(*rest, n, rest->n);
    return true;
}

static bool unpack_verified(struct verified *v, struct str *rest)
{
    struct packet_verified p;
    if (rest->n < sizeof(p))
        return false;
    memcpy(&p, rest->p, sizeof(p));
    *rest = str_slice(*rest, sizeof(p), rest->n);
    if (!verified_is_good(&p))
        return false;
    *v = (struct verified){.class = (enum verification_class)p.class,
                           .reason = (enum reason)p.reason,
                           .level = (char)p.level,
                           .check = (enum verify_check)p.check,
                           .header = p.header,
                           .headers = p.headers,
                           .beyond = p.beyond,
                           .attest = (char)p.attest,
                           .elsewhere = p.elsewhere,
                           .iat_s = p.iat_s,
                           .age_s = p.age_s,
                           .verstat = (enum verstat)p.verstat,
                           .told = (enum verstat_told)p.told,
                           .cache = (enum verified_cache)p.cache,
                           .fetched = (enum fetch_outcome)p.fetched,
                           .shown = {.is_lowered = p.is_lowered,
                                     .level = (char)p.shown_level,
                                     .class = (enum verification_class)p.shown_class},
                           .own_number = p.own_number,
                           .replayed = p.replayed,
                           .answered = (enum verification_answered)p.answered,
                           .answer_status = p.answer_status,
                           .wait_us = p.wait_us,
                           .verify_us = p.verify_us,
                           .trust_generation = p.trust_generation};
    for (size_t i = 0; i < N_VERIFIED_TEXTS; i++) {
        if (p.text_bytes[i] > RECORD_TEXT_MAX || p.text_bytes[i] > rest->n)
            return false;
        *verified_text(v, i) = str_slice(*rest, 0, p.text_bytes[i]);
        *rest = str_slice(*rest, p.text_bytes[i], rest->n);
    }
    return true;
}

bool record_unpack(struct record *r, struct str packet)
{
    struct packet_head h;
    if (packet.n < sizeof(h))
        return false;
    memcpy(&h, packet.p, sizeof(h));
    if (!head_is_good(&h))
        return false;
    *r = (struct record){
        .ts_us = h.ts_us,
        .attest = (char)h.attest,
        .withheld = (char)h.withheld,
        .withheld_reason = (enum reason)h.withheld_reason,
        .verdict = (enum verdict)h.verdict,
        .reason = (enum reason)h.reason,
        .number_state = (enum number_state)h.number_state,
        .iat_s = h.iat_s,
        .sip_status = h.sip_status,
        .cause = (enum cause)h.cause,
        .identity_unreadable = h.identity_unreadable,
        .sign_us = h.sign_us,
        .total_us = h.total_us,
        .config_generation = h.config_generation,
        .numbers_generation = h.numbers_generation,
        .emergency = h.emergency,
        .count = h.count,
        .is_verified = h.is_verified,
    };
    struct str rest = str_slice(packet, sizeof(h), packet.n);
    for (size_t i = 0; i < N_TEXTS; i++) {
        if (h.text_bytes[i] > RECORD_TEXT_MAX || h.text_bytes[i] > rest.n)
            return false;
        *text_at(r, i) = str_slice(rest, 0, h.text_bytes[i]);
        rest = str_slice(rest, h.text_bytes[i], rest.n);
    }
    while (r->n_tokens < h.n_tokens)
        if (!unpack_token(r, h.token_bytes[r->n_tokens], &rest))
            return false;
    for (; r->n_tried < h.n_tried; r->n_tried++)
        if (!unpack_hop(&r->tried[r->n_tried], &rest))
            return false;
    if (r->is_verified && !unpack_verified(&r->verified, &rest))
        return false;
    return rest.n == 0;
}

struct lost_packet {
    uint32_t magic, n;
};

void record_pack_lost(struct buf *packet, uint32_t n)
{
    const struct lost_packet lost = {LOST_MAGIC, n};
    buf_add(packet, &lost, sizeof(lost));
}

bool record_unpack_lost(uint32_t *n, struct str packet)
{
    struct lost_packet lost;
    if (packet.n != sizeof(lost))
        return false;
    memcpy(&lost, packet.p, sizeof(lost));
    *n = lost.n;
    return lost.magic == LOST_MAGIC;
}

/* ---- JSON ---- */

static void put_text(struct json *j, struct str key, struct str value)
{
    json_put_known_text(j, key, record_text(value));
}

void record_add_time(struct buf *out, int64_t us)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm tm = {0};
    if (us < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
        us = 0, tm = (struct tm){.tm_year = 70, .tm_mday = 1}; /* no time of ours */
    buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(us / 1000 % 1000));
}

void record_put_time(struct json *j, int64_t us)
{
    struct buf text = BUF_INIT;
    record_add_time(&text, us);
    json_put_key(j, STR("ts"));
    json_put_string(j, buf_str(&text));
    buf_fini(&text);
}

static void put_hop(struct json *j, const struct tried *t)
{
    struct buf text = BUF_INIT;
    json_begin_object(j);
    put_text(j, STR("upstream"), t->upstream);
    if (t->address.family != ADDRESS_NONE)
        address_add(&text, &t->address);
    put_text(j, STR("address"), buf_str(&text));
    put_text(j, STR("transport"), transport_name((enum transport)t->transport));
    buf_reset(&text);
    tried_add_said(&text, t);
    put_text(j, STR("said"), buf_str(&text));
    json_put_key(j, STR("retried_unsigned"));
    json_put_bool(j, t->again);
    json_end_object(j);
    buf_fini(&text);
}

static void put_tokens(struct json *j, const struct record *r)
{
    json_put_key(j, STR("tokens"));
    if (r->n_tokens == 0) {
        json_put_null(j);
        return;
    }
    json_begin_array(j);
    for (size_t i = 0; i < r->n_tokens; i++)
        json_put_string(j, r->tokens[i]);
    json_end_array(j);
}

/* How the call fared, whatever was decided of it. */
static void put_result(struct json *j, const struct record *r)
{
    put_text(j, STR("result"), cause_result(r->cause));
    put_text(j, STR("cause"), cause_name(r->cause));
    json_put_key(j, STR("tried"));
    json_begin_array(j);
    for (size_t i = 0; i < r->n_tried; i++)
        put_hop(j, &r->tried[i]);
    json_end_array(j);
}

/* Of a call whose token was made and stayed here: what it would have been signed as. Its
   certificate is told where that of a signed call is. */
static void put_withheld(struct json *j, const struct record *r)
{
    json_put_key(j, STR("withheld"));
    if (!r->withheld) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    put_text(j, STR("attest"), (struct str){&r->withheld, 1});
    put_text(j, STR("reason"), reason_name(r->withheld_reason));
    json_end_object(j);
}

void record_put(struct json *j, const struct record *r)
{
    struct str none = {NULL, 0};
    bool looked_up = r->number_state < NUMBER_STATES;
    record_put_time(j, r->ts_us);
    put_text(j, STR("node"), r->node);
    put_text(j, STR("call_id"), r->call_id);
    put_text(j, STR("trunk"), r->trunk);
    put_text(j, STR("source"), r->source);
    put_text(j, STR("orig_tn"), r->orig_tn);
    put_text(j, STR("dest_tn"), r->dest_tn);
    put_text(j, STR("attest"), (struct str){&r->attest, r->attest ? 1 : 0});
    put_text(j, STR("origid"), r->origid);
    put_text(j, STR("decision"), verdict_name(r->verdict));
    put_text(j, STR("reason"), reason_name(r->reason));
    put_withheld(j, r);
    put_text(j, STR("rule"), r->rule);
    put_text(j, STR("rate"), r->rate);
    put_text(j, STR("monitor"), r->monitor);
    put_text(j, STR("number_state"), looked_up ? number_state_name(r->number_state) : none);
    put_text(j, STR("number_row"), r->number_row);
    put_text(j, STR("customer"), r->customer);
    put_text(j, STR("provider"), r->provider);
    put_text(j, STR("cert_id"), r->certificate);
    put_text(j, STR("cert_spc"), r->spc);
    put_text(j, STR("cert_serial"), r->serial);
    put_text(j, STR("x5u"), r->x5u);
    json_put_known_integer(j, STR("iat"), r->iat_s, r->iat_s >= 0);
    put_tokens(j, r);
    put_text(j, STR("identity_fault"), r->identity_fault);
    json_put_known_integer(j, STR("identity_unreadable"), r->identity_unreadable, true);
    json_put_key(j, STR("verification"));
    if (r->is_verified)
        verified_put(j, &r->verified);
    else
        json_put_null(j);
    put_text(j, STR("upstream"), r->upstream);
    json_put_known_integer(j, STR("sip_status"), r->sip_status, r->sip_status > 0);
    put_result(j, r);
    json_put_known_integer(j, STR("sign_us"), r->sign_us, r->sign_us >= 0);
    json_put_known_integer(j, STR("total_us"), r->total_us, r->total_us >= 0);
    json_put_known_integer(j, STR("config_generation"), (int64_t)r->config_generation, true);
    json_put_known_integer(j, STR("numbers_generation"), (int64_t)r->numbers_generation, true);
    json_put_key(j, STR("emergency"));
    json_put_bool(j, r->emergency);
    put_text(j, STR("detail"), r->detail);
    json_put_known_integer(j, STR("count"), r->count > 0 ? r->count : 1, true);
}
