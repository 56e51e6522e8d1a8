#include <stird/io/record_audit.h>

#include <stdio.h>
#include <string.h>

static const unsigned char no_hash[CHAIN_HASH_BYTES];

static bool says_torn(struct str line)
{
    return str_starts(line, STR("{\"kind\":\"restart\",")) &&
           memmem(line.p, line.n, "\"torn\":true", 11) != NULL;
}

/* What is wrong with a line's place, judged by the end of the chain so far. */
static enum record_finding place_finding(struct record_audit *c, const struct chain_place *place)
{
    char head[CHAIN_HASH_TEXT + 1], none[CHAIN_HASH_TEXT + 1];
    chain_hash_text(head, c->chain.head);
    chain_hash_text(none, no_hash);
    bool begins = place->seq == 0 && str_eq(place->prev, str_of(none));
    if (begins)
        return c->any ? RECORD_NEW_CHAIN : RECORD_GOOD;
    if (!c->any) /* older files were thrown away */
        return RECORD_GOOD;
    if (place->seq > c->chain.seq) {
        c->missing = place->seq - c->chain.seq;
        return RECORD_MISSING;
    }
    if (place->seq < c->chain.seq)
        return RECORD_AGAIN;
    return str_eq(place->prev, str_of(head)) ? RECORD_GOOD : RECORD_BEFORE_CHANGED;
}

/* N of {"kind":"dropped",...,"dropped":N,...}; 0: it is another line. */
static uint64_t says_dropped(struct str line)
{
    const struct str key = STR(",\"dropped\":");
    uint64_t n = 0;
    const char *at = str_starts(line, STR("{\"kind\":\"dropped\","))
                         ? memmem(line.p, line.n, key.p, key.n)
                         : NULL;
    if (!at)
        return 0;
    struct str rest = str_slice(line, (size_t)(at - line.p) + key.n, line.n);
    return str_to_u64(str_slice(rest, 0, str_find(rest, ',', 0)), INT64_MAX, &n) ? n : 0;
}

static void look_for_gap(struct record_audit *c, struct str line, enum record_finding finding)
{
    c->cut_off = finding == RECORD_GOOD && says_torn(line);
    c->dropped = says_dropped(line);
    c->gaps += c->cut_off || c->dropped > 0;
    c->dropped_in_all += c->dropped;
}

static void look_for_head(struct record_audit *c)
{
    char head[CHAIN_HASH_TEXT + 1];
    if (c->head.n == 0 || c->head_found)
        return;
    chain_hash_text(head, c->chain.head);
    c->head_found = str_eq_nocase(c->head, str_of(head));
}

enum record_finding record_audit_line(struct record_audit *c, struct str line, bool ended)
{
    struct chain_place place;
    struct record_chain after;
    c->lines++;
    c->cut_off = false;
    c->dropped = 0;
    if (!ended || !chain_place_of(&place, line) || !chain_after_line(&after, line)) {
        bool again = c->torn;
        c->torn = true;
        c->torn_lines++;
        return again ? RECORD_NOT_OURS : RECORD_TORN;
    }
    enum record_finding finding = place_finding(c, &place);
    if (finding == RECORD_GOOD && c->torn && !says_torn(line))
        finding = RECORD_NOT_OURS; /* what stands above was put there by somebody else */
    if (!c->any) {
        c->first_seq = place.seq;
        snprintf(c->first_prev, sizeof(c->first_prev), "%.*s", STR_ARG(place.prev));
    }
    c->any = true;
    c->torn = false;
    c->chain = after;
    c->calls += str_starts(line, STR("{\"kind\":\"call\","));
    look_for_gap(c, line, finding);
    look_for_head(c);
    return finding;
}
