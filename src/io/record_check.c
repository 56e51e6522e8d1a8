#include <stird/record_check.h>

#include <string.h>

static const unsigned char no_hash[CHAIN_HASH_BYTES];

static bool says_torn(struct str line)
{
    return str_starts(line, STR("{\"kind\":\"restart\",")) &&
           memmem(line.p, line.n, "\"torn\":true", 11) != NULL;
}

/* What is wrong with its place, seen from the end of the chain so far. */
static enum record_finding place_finding(struct record_check *c, const struct chain_place *place)
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

static void look_for_head(struct record_check *c)
{
    char head[CHAIN_HASH_TEXT + 1];
    if (c->head.n == 0 || c->head_found)
        return;
    chain_hash_text(head, c->chain.head);
    c->head_found = str_eq_nocase(c->head, str_of(head));
}

enum record_finding record_check_line(struct record_check *c, struct str line, bool ended)
{
    struct chain_place place;
    struct record_chain after;
    c->lines++;
    if (!ended || !chain_place_of(&place, line) || !chain_after_line(&after, line)) {
        bool again = c->torn;
        c->torn = true;
        c->torn_lines++;
        return again ? RECORD_NOT_OURS : RECORD_TORN;
    }
    enum record_finding finding = place_finding(c, &place);
    if (finding == RECORD_GOOD && c->torn && c->any && !says_torn(line))
        finding = RECORD_NOT_OURS; /* what stands above was put there by somebody else */
    if (!c->any)
        c->first_seq = place.seq;
    c->any = true;
    c->torn = false;
    c->chain = after;
    c->calls += str_starts(line, STR("{\"kind\":\"call\","));
    look_for_head(c);
    return finding;
}
