#include <stird/io/ledger.h>

#include <errno.h>
#include <stird/core/masked.h>
#include <stird/core/verified.h>
#include <stird/io/record.h>
#include <sys/socket.h>

/* The row as "file:line", the way problems name it. */
static void add_row(struct buf *out, const struct outcome *o)
{
    if (!o->number_looked_up || o->number.file.n == 0)
        return;
    buf_add_str(out, o->number.file);
    buf_add_char(out, ':');
    buf_add_u64(out, o->number.line);
}

static void fill_certificate(struct record *r, const struct ledger_entry *e, uint32_t certificate)
{
    const struct certificate *c = &e->settings->certificates[certificate];
    r->certificate = c->id;
    r->spc = c->spc;
    r->serial = c->serial;
    r->x5u = c->x5u;
}

static bool was_seen(const struct ledger_entry *e)
{
    return e->seen && e->seen->attest && e->outcome->verdict != VERDICT_SIGN;
}

/* The call was not signed in the end, but somebody has its token, and will ask. */
static void fill_seen(struct record *r, const struct ledger_entry *e)
{
    const struct ledger_token *seen = e->seen;
    if (!was_seen(e) || seen->certificate >= e->settings->n_certificates)
        return;
    r->origid = (struct str){seen->origid, ORIGID_TEXT_LENGTH};
    r->iat_s = seen->iat_s;
    fill_certificate(r, e, seen->certificate);
}

static void add_seen(struct buf *detail, const struct ledger_entry *e)
{
    buf_addf(detail, "a next hop was sent a token with %c", e->seen->attest);
    buf_add_text(detail, e->outcome->detail.n > 0 ? "; " : "");
    buf_add_str(detail, e->outcome->detail);
}

static void fill_token(struct record *r, const struct ledger_entry *e)
{
    const struct outcome *o = e->outcome;
    r->iat_s = -1;
    const bool withheld = outcome_was_withheld(o);
    if (o->verdict != VERDICT_SIGN && !withheld) {
        fill_seen(r, e);
        return;
    }
    if (withheld) {
        r->withheld = o->claims.attest;
        r->withheld_reason = o->withheld_reason;
    } else {
        r->attest = o->claims.attest;
        r->origid = (struct str){o->claims.origid, ORIGID_TEXT_LENGTH};
    }
    const uint32_t certificate = outcome_certificate(o);
    if (certificate >= e->settings->n_certificates)
        return;
    fill_certificate(r, e, certificate);
    if (!withheld)
        r->iat_s = o->claims.iat_s;
}

/* Whose trunk it was, signed or not. */
static struct str provider_of(const struct ledger_entry *e)
{
    const struct trunk *t = e->call->trunk;
    return t && t->provider < e->settings->n_providers ? e->settings->providers[t->provider].name
                                                       : (struct str){NULL, 0};
}

bool ledger_wants_tokens(const struct settings *settings)
{
    return settings->record_tokens && !settings->mask_numbers;
}

/* Those of ours that it left with; of a call that was judged, those by which. */
static void fill_tokens(struct record *r, const struct ledger_entry *e)
{
    if (!ledger_wants_tokens(e->settings))
        return;
    for (uint32_t i = 0; e->outcome->verdict == VERDICT_SIGN && i < e->n_tokens; i++)
        record_add_token(r, e->tokens[i]);
    for (uint32_t i = 0; was_seen(e) && i < e->seen->n_tokens; i++)
        record_add_token(r, e->seen->tokens[i]);
    for (unsigned i = 0; e->outcome->verified && i < e->call->n_identities_known; i++)
        record_add_token(r, e->call->identities_known[i]->text);
}

void ledger_pack(struct buf *packet, const struct ledger_entry *e)
{
    const struct outcome *o = e->outcome;
    const struct trunk *trunk = e->call->trunk;
    struct buf source = BUF_INIT, row = BUF_INIT, detail = BUF_INIT;
    struct str none = {NULL, 0};
    if (e->call->source.family != ADDRESS_NONE)
        address_add(&source, &e->call->source);
    add_row(&row, o);
    const struct tn orig = masked_number(&o->claims.orig, e->settings->mask_numbers);
    const struct tn dest = masked_number(&o->claims.dest, e->settings->mask_numbers);
    struct record r = {
        .ts_us = e->ts_us,
        .node = e->settings->node,
        .call_id = e->call->call_id,
        .trunk = trunk ? trunk->name : none,
        .source = buf_str(&source),
        .orig_tn = tn_str(&orig),
        .dest_tn = tn_str(&dest),
        .rule = o->rule,
        .number_row = buf_str(&row),
        .customer = trunk ? trunk->customer : none,
        .upstream = e->upstream,
        .monitor = e->monitor,
        .provider = provider_of(e),
        .identity_fault = str_of(e->call->identity_fault),
        .identity_unreadable = e->call->n_identity_unreadable,
        .verdict = o->verdict,
        .reason = o->reason,
        .number_state = o->number_looked_up ? o->number.state : NUMBER_STATES,
        .sip_status = e->sip_status,
        .cause = e->cause,
        .sign_us = e->sign_us,
        .total_us = e->total_us,
        .config_generation = e->config_generation,
        .numbers_generation = e->numbers_generation,
        .emergency = o->emergency,
        .rate = o->rate,
        .detail = o->detail,
        .count = e->count,
    };
    for (; r.n_tried < e->n_tried && r.n_tried < TRIED_MAX; r.n_tried++)
        r.tried[r.n_tried] = e->tried[r.n_tried];
    if (was_seen(e)) {
        add_seen(&detail, e);
        r.detail = buf_str(&detail);
    }
    fill_token(&r, e);
    fill_tokens(&r, e);
    r.is_verified = o->verified != NULL;
    if (o->verified) {
        r.verified = *o->verified;
        r.verified.elsewhere = masked_number(&r.verified.elsewhere, e->settings->mask_numbers);
    }
    record_pack(packet, &r);
    buf_fini(&source);
    buf_fini(&row);
    buf_fini(&detail);
}

bool ledger_send(int fd, struct str packet)
{
    ssize_t sent;
    if (fd < 0)
        return false;
    do {
        sent = send(fd, packet.p, packet.n, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0 && (size_t)sent == packet.n;
}
