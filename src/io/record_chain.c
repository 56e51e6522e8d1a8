#include <stird/io/record_chain.h>

#include <openssl/evp.h>
#include <string.h>

static const struct str kind_names[] = {
    [CHAIN_START] = STR("start"),     [CHAIN_RESTART] = STR("restart"),
    [CHAIN_ROTATE] = STR("rotate"),   [CHAIN_FORCED] = STR("forced"),
    [CHAIN_DROPPED] = STR("dropped"),
};

void chain_hash_text(char text[CHAIN_HASH_TEXT + 1], const unsigned char hash[CHAIN_HASH_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < CHAIN_HASH_BYTES; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    text[CHAIN_HASH_TEXT] = '\0';
}

static bool hash_line(unsigned char hash[CHAIN_HASH_BYTES], struct str line)
{
    return EVP_Digest(line.p, line.n, hash, NULL, EVP_sha256(), NULL) == 1;
}

static void put_kind(struct json *j, struct str kind)
{
    json_begin_object(j);
    json_put_key(j, STR("kind"));
    json_put_string(j, kind);
}

/* Ends the object with the chain's members; the line begins at BEGIN. */
static bool end_line(struct json *j, struct buf *out, size_t begin,
                     const struct record_chain *chain, struct record_chain *next)
{
    char prev[CHAIN_HASH_TEXT + 1];
    chain_hash_text(prev, chain->head);
    json_put_key(j, STR("seq"));
    json_put_integer(j, (int64_t)chain->seq);
    json_put_key(j, STR("prev"));
    json_put_string(j, str_of(prev));
    json_end_object(j);
    if (buf_failed(out))
        return false;
    next->seq = chain->seq + 1;
    bool hashed = hash_line(next->head, str_slice(buf_str(out), begin, out->n));
    buf_add_char(out, '\n');
    return hashed && !buf_failed(out);
}

bool chain_add_record(struct buf *out, const struct record_chain *chain,
                      const struct record *record, struct record_chain *next)
{
    size_t begin = out->n;
    struct json j = json_writer(out, false);
    put_kind(&j, STR("call"));
    record_put(&j, record);
    return end_line(&j, out, begin, chain, next);
}

bool chain_add_event(struct buf *out, const struct record_chain *chain,
                     const struct chain_event *event, struct record_chain *next)
{
    size_t begin = out->n;
    struct json j = json_writer(out, false);
    put_kind(&j, kind_names[event->kind]);
    record_put_time(&j, event->ts_us);
    json_put_key(&j, STR("node"));
    json_put_string(&j, event->node);
    if (event->kind == CHAIN_DROPPED) {
        json_put_key(&j, STR("dropped"));
        json_put_integer(&j, (int64_t)event->dropped);
    }
    if (event->kind == CHAIN_FORCED) {
        json_put_key(&j, STR("rows_before"));
        json_put_integer(&j, (int64_t)event->rows_before);
        json_put_key(&j, STR("rows"));
        json_put_integer(&j, (int64_t)event->rows);
    }
    if (event->kind == CHAIN_RESTART) {
        json_put_key(&j, STR("torn"));
        json_put_bool(&j, event->torn);
    }
    return end_line(&j, out, begin, chain, next);
}

/* ,"seq":N,"prev":"64 digits"} */
bool chain_place_of(struct chain_place *place, struct str line)
{
    const struct str prev_key = STR(",\"prev\":\"");
    const struct str seq_key = STR(",\"seq\":");
    const size_t tail = prev_key.n + CHAIN_HASH_TEXT + 2;
    if (line.n < tail + seq_key.n || line.p[0] != '{' || line.p[line.n - 1] != '}' ||
        line.p[line.n - 2] != '"')
        return false;
    size_t at = line.n - tail;
    if (!str_eq(str_slice(line, at, at + prev_key.n), prev_key))
        return false;
    place->prev = str_slice(line, line.n - 2 - CHAIN_HASH_TEXT, line.n - 2);
    for (size_t i = 0; i < CHAIN_HASH_TEXT; i++)
        if (ascii_hex_value(place->prev.p[i]) < 0)
            return false;
    size_t digits = at;
    while (digits > 0 && ascii_is_digit(line.p[digits - 1]))
        digits--;
    return digits >= seq_key.n && str_eq(str_slice(line, digits - seq_key.n, digits), seq_key) &&
           str_to_u64(str_slice(line, digits, at), INT64_MAX, &place->seq);
}

bool chain_after_line(struct record_chain *chain, struct str line)
{
    struct chain_place place;
    struct record_chain after = {0};
    if (!chain_place_of(&place, line) || !hash_line(after.head, line))
        return false;
    after.seq = place.seq + 1;
    *chain = after;
    return true;
}
