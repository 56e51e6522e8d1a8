/* Answers with a token that may be longer than a network or an SBC takes: warnings, for nobody but
   the operator knows both. */
#include "reader.h"

#include <stird/core/redirect_answer.h>
#include <stird/core/service_word.h>

#define DATAGRAM_MAX 1300 /* octets: RFC 3261 section 18.1.1; what is longer comes in fragments */

/* Of the certificates that may sign for T, the longest URL. */
static uint32_t longest_url(const struct settings *s, const struct trunk *t)
{
    size_t longest = 0;
    for (unsigned i = 0; i < s->n_certificates; i++) {
        const struct certificate *c = &s->certificates[i];
        const bool signs = c->provider == t->provider &&
                           (t->certificate == NO_CERTIFICATE ||
                            str_eq(c->id, s->certificates[t->certificate].id));
        if (signs && c->x5u.n > longest)
            longest = c->x5u.n;
    }
    return (uint32_t)longest;
}

static bool comes_over_udp(const struct settings *s, const struct trunk *t)
{
    for (unsigned i = 0; i < s->n_listeners; i++)
        if (s->listeners[i].transports[TRANSPORT_UDP] &&
            (t->listener.n == 0 || str_eq(t->listener, s->listeners[i].name)))
            return true;
    return false;
}

#define BARE_CONTACT 100 /* octets, with a Date */

/* What a token adds to Contact, and what is there without it. */
static uint32_t contact_bytes(uint32_t url)
{
    static const struct dialect with = {.identity = DIALECT_IDENTITY_CONTACT}, without;
    return redirect_answer_bytes(&with, 1, url) - redirect_answer_bytes(&without, 0, 0) +
           BARE_CONTACT;
}

static void look_at(struct reader *r, const struct settings *s, const struct object *o,
                    const struct trunk *t)
{
    const struct dialect *d = t->in_dialect;
    const uint32_t url = longest_url(s, t);
    if (url == 0)
        return;
    const uint32_t answer = redirect_answer_bytes(d, 1, url), contact = contact_bytes(url);
    if (comes_over_udp(s, t) && answer > DATAGRAM_MAX)
        warn(
            r, o, place_of(o, "dialect"),
            "an answer with a token is about %u octets: over UDP it comes in fragments, which some "
            "networks drop: let this SBC ask over TCP, or shorten the certificate's URL of %u "
            "octets",
            answer, url);
    if ((d->identity & DIALECT_IDENTITY_CONTACT) && contact > d->contact_max)
        warn(r, o, place_of(o, "dialect"),
             "Contact with a token is about %u octets, more than contact_max = %u of dialect "
             "%.*s: the token stands in the header Identity instead: raise it where the SBC takes "
             "that much",
             contact, d->contact_max, STR_ARG(shown(r, d->name)));
}

void answers_find_long(struct reader *r, const struct draft *draft)
{
    const struct settings *s = &draft->settings;
    if (r->problems->n > 0)
        return;
    for (unsigned i = 0; i < s->n_trunks; i++)
        if (s->trunks[i].in_dialect && service_words[s->trunks[i].service].signs)
            look_at(r, s, draft->trunks.items[i], &s->trunks[i]);
}
