#include "branch.h"

#include <limits.h>
#include <string.h>

#define COOKIE   "z9hG4bK"
#define LOOP_AT  (sizeof(BRANCH_PREFIX) - 1 + 4) /* behind worker and attempt, two digits each */
#define PROOF_AT (LOOP_AT + 16)

void branches_fini(struct branches *b)
{
    siphash_free(b->proof);
    siphash_free(b->table);
    *b = (struct branches){0};
}

bool branches_init(struct branches *b, const uint8_t secret[SNAPSHOT_SECRET_BYTES])
{
    b->proof = siphash_new(secret);
    b->table = siphash_new(secret + SNAPSHOT_SECRET_BYTES / 2);
    if (b->proof && b->table)
        return true;
    branches_fini(b);
    return false;
}

static void write_hex(char text[17], uint64_t value)
{
    siphash_write_hex(text, 16, value);
    text[16] = '\0';
}

/* As bytes, because it is only hashed. */
struct cseq_text {
    char bytes[sizeof(uint32_t)];
};

static struct str cseq_text(uint32_t cseq, struct cseq_text *room)
{
    memcpy(room->bytes, &cseq, sizeof(cseq));
    return (struct str){room->bytes, sizeof(cseq)};
}

/* A hash of all Routes in their order. */
static uint64_t route_hash(const struct branches *b, const struct message *request)
{
    struct message_routes routes = {.n = 0};
    struct str uri;
    uint64_t hash = 0;
    while (message_route_came(request, &routes, &uri)) {
        const struct str texts[] = {STR("routes"), {(const char *)&hash, sizeof(hash)}, uri};
        hash = siphash_texts(b->proof, texts, 3).low;
    }
    return hash;
}

/* A hash of what the request was routed by (ROUTES: the hash of its Routes) when BELOW was the
   branch of its topmost Via: the one that we received it with. */
static uint64_t loop_hash(const struct branches *b, const struct message *request, uint64_t routes,
                          struct str below)
{
    struct cseq_text cseq;
    const struct str texts[] = {STR("loop"),
                                below,
                                request->call_id,
                                request->from_tag,
                                cseq_text(request->cseq, &cseq),
                                request->request_uri,
                                {(const char *)&routes, sizeof(routes)}};
    return siphash_texts(b->proof, texts, sizeof(texts) / sizeof(texts[0])).low;
}

/* HEAD is the branch up to its proof. */
static uint64_t proof_hash(const struct branches *b, struct str head,
                           const struct branch_proof *proof)
{
    struct cseq_text cseq;
    const struct via_hop *next = &proof->next;
    const struct str texts[] = {
        STR("proof"),    head,       proof->call_id, proof->from_tag, cseq_text(proof->cseq, &cseq),
        next->transport, next->host, next->port,     next->branch,    next->received,
        next->rport};
    return siphash_texts(b->proof, texts, sizeof(texts) / sizeof(texts[0])).low;
}

/* NEXT is the Via that the response goes to after us. */
static struct branch_proof proof_of(const struct message *m, const struct via_hop *next)
{
    return (struct branch_proof){
        .call_id = m->call_id, .from_tag = m->from_tag, .cseq = m->cseq, .next = *next};
}

void branch_write(const struct branches *b, const struct message *request, unsigned worker,
                  unsigned attempt, char text[BRANCH_LENGTH + 1])
{
    const struct via_hop received = message_top_via(request);
    memcpy(text, BRANCH_PREFIX, sizeof(BRANCH_PREFIX) - 1);
    siphash_write_hex(text + LOOP_AT - 4, 2, worker);
    siphash_write_hex(text + LOOP_AT - 2, 2, attempt);
    write_hex(text + LOOP_AT, loop_hash(b, request, route_hash(b, request), received.branch));
    struct branch_proof proof = proof_of(request, &received);
    write_hex(text + PROOF_AT, proof_hash(b, (struct str){text, PROOF_AT}, &proof));
}

static bool looks_ours(struct str branch)
{
    return branch.n == BRANCH_LENGTH && str_starts(branch, STR(BRANCH_PREFIX));
}

/* Not in constant time: a guess costs a packet, and network noise hides a byte of memcmp. */
static bool hex_equals(struct str branch, size_t at, uint64_t value)
{
    char text[17];
    write_hex(text, value);
    return memcmp(branch.p + at, text, 16) == 0;
}

bool branch_proof_holds(const struct branches *b, const struct branch_proof *proof)
{
    return looks_ours(proof->branch) && !proof->next.ambiguous &&
           hex_equals(proof->branch, PROOF_AT,
                      proof_hash(b, str_slice(proof->branch, 0, PROOF_AT), proof));
}

bool branch_is_ours(const struct branches *b, const struct message *response)
{
    struct via_hop next;
    message_via(response, 1, &next);
    struct branch_proof proof = proof_of(response, &next);
    proof.branch = message_via_branch(response);
    return branch_proof_holds(b, &proof);
}

/* The byte written as two digits, AT digits behind the prefix; UINT_MAX: BRANCH is none of ours. */
static unsigned read_byte(struct str branch, size_t at)
{
    at += sizeof(BRANCH_PREFIX) - 1;
    if (!looks_ours(branch))
        return UINT_MAX;
    int high = ascii_hex_value(branch.p[at]), low = ascii_hex_value(branch.p[at + 1]);
    return high < 0 || low < 0 ? UINT_MAX : (unsigned)(high * 16 + low);
}

unsigned branch_worker(struct str branch)
{
    return read_byte(branch, 0);
}

bool branch_has_route(struct str branch)
{
    unsigned attempt = read_byte(branch, 2);
    return attempt != UINT_MAX && (attempt & BRANCH_WITH_ROUTE);
}

bool branch_shows_loop(const struct branches *b, const struct message *request)
{
    uint64_t routes = 0;
    bool hashed = false;
    struct via_hop via, below;
    bool there = message_via(request, 0, &via);
    for (unsigned i = 1; there; i++, via = below) {
        there = message_via(request, i, &below);
        if (!looks_ours(via.branch))
            continue;
        routes = hashed ? routes : route_hash(b, request);
        hashed = true;
        if (hex_equals(via.branch, LOOP_AT, loop_hash(b, request, routes, below.branch)))
            return true;
    }
    return false;
}

void branch_tag_write(const struct branches *b, const struct message *request,
                      char text[TAG_LENGTH + 1])
{
    const struct str texts[] = {STR("tag"), request->call_id, request->from_tag,
                                message_via_branch(request)};
    write_hex(text, siphash_texts(b->proof, texts, 4).low);
}

/* Without the magic cookie the branch is no identifier: RFC 2543's way of matching. */
struct transaction_key branch_server_key(const struct branches *b, const struct message *request,
                                         struct str method)
{
    const struct via_hop via = message_top_via(request);
    struct str branch = via.branch;
    if (str_starts_nocase(branch, STR(COOKIE)) && branch.n > sizeof(COOKIE) - 1) {
        const struct str texts[] = {STR("3261"), branch, via.host, via.port, method};
        return siphash_texts(b->table, texts, 5);
    }
    struct cseq_text cseq;
    const struct str texts[] = {
        STR("2543"),       branch,           via.host,
        via.port,          method,           request->request_uri,
        request->from_tag, request->call_id, cseq_text(request->cseq, &cseq)};
    return siphash_texts(b->table, texts, 9);
}

struct transaction_key branch_client_key(const struct branches *b, struct str branch,
                                         struct str method)
{
    const struct str texts[] = {STR("client"), branch, method};
    return siphash_texts(b->table, texts, 3);
}
