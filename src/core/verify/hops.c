#include <stird/core/hops.h>

#include <stird/core/asserted.h>
#include <stird/core/headers.h>
#include <stird/core/identity.h>
#include <stird/core/party.h>

static struct str header(struct str message, struct str name, char compact)
{
    struct header_line line;
    return header_find(message, name, compact, &line) ? line.value : (struct str){NULL, 0};
}

static struct str uri_of(struct str value)
{
    struct str uri;
    return name_addr_clear(value, &uri) ? uri : (struct str){NULL, 0};
}

static struct str request_uri_of(struct str start)
{
    str_cut(&start, ' ');
    return str_cut(&start, ' ');
}

/* Reads all header lines, as the signer does. The number is only compared with that of somebody's
   token, so it may be one that nobody can have. */
static void find_orig(struct str message, const struct country *country,
                      struct sip_identity_facts *f)
{
    struct str rest;
    struct header_line line;
    struct asserted_texts texts = {.n = 0};
    struct asserted a;
    struct calling c;
    start_line(message, &rest);
    while (header_next(&rest, &line))
        if (header_is(&line, STR("P-Asserted-Identity"), 0))
            asserted_add(&texts, line.value);
    asserted_read(&a, &texts, country);
    party_calling(&c, &a, f->from_uri, country);
    f->orig = c.number;
    f->has_orig = c.fault == TN_OK || tn_cannot_exist(c.fault);
}

void sip_identity_facts(struct str message, const struct country *country,
                        struct sip_identity_facts *f)
{
    struct str rest, start = start_line(message, &rest);
    struct header_elements vias = header_elements_of(message, STR("Via"), 'v');
    *f = (struct sip_identity_facts){.invite = false};
    f->method = str_slice(start, 0, str_find(start, ' ', 0));
    f->invite = str_eq(f->method, STR("INVITE"));
    f->call_id = header(message, STR("Call-ID"), 'i');
    if (!header_element_next(&vias, &f->via))
        f->via = (struct str){NULL, 0};
    f->from_uri = uri_of(header(message, STR("From"), 'f'));
    f->to_uri = uri_of(header(message, STR("To"), 't'));
    f->date = header(message, STR("Date"), 0);
    find_orig(message, country, f);
    f->has_dest = party_called(&f->dest, f->to_uri, country, NULL, NULL) == TN_OK;
    f->has_requested = party_called(&f->requested, request_uri_of(start), country, NULL, NULL) ==
                       TN_OK;
}

/* ---- comparing ---- */

struct comparison {
    struct arena *arena;
    void (*tell)(void *user, struct str sentence);
    void *user;
    unsigned n;
};

#define TELL(c, ...)                                                                               \
    do {                                                                                           \
        (c)->tell((c)->user, arena_printf((c)->arena, __VA_ARGS__));                               \
        (c)->n++;                                                                                  \
    } while (0)

static struct str shown(struct comparison *c, struct str text)
{
    struct buf escaped = BUF_INIT;
    buf_add_escaped(&escaped, str_slice(text, 0, 80));
    struct str copy = text.n > 0 ? arena_copy(c->arena, buf_str(&escaped)) : STR("nothing");
    buf_fini(&escaped);
    return copy;
}

static bool has_quote(struct str s)
{
    return str_find(s, '"', 0) < s.n;
}

static bool has_fold(struct str s)
{
    return str_find(s, '\n', 0) < s.n;
}

/* The token is the same, but the header around it differs: strict verifiers refuse some of these
   changes. */
static void compare_parameters(struct comparison *c, struct str before, struct str after)
{
    if (has_quote(after) && !has_quote(before))
        TELL(c, "parameters of the Identity header were quoted");
    else if (has_fold(after) && !has_fold(before))
        TELL(c, "the Identity header was folded");
    else
        TELL(c, "parameters of the Identity header were changed or put in another order: %.*s",
             STR_ARG(shown(c, str_slice(after, str_find(after, ';', 0), after.n))));
}

static void compare_values(struct comparison *c, struct str before, struct str after)
{
    struct identity a, b;
    enum identity_kind was = identity_parse(before, &a), is = identity_parse(after, &b);
    if (str_eq(before, after))
        return;
    if (is == IDENTITY_EMPTY || b.fault)
        TELL(c, "the Identity header is not readable any more: %s",
             b.fault ? b.fault : "it is empty");
    else if (was == IDENTITY_EMPTY || !str_eq(a.digest, b.digest))
        TELL(c, "another token is in its place");
    else
        compare_parameters(c, before, after);
}

static void compare_identities(struct comparison *c, struct str before, struct str after)
{
    struct str was[IDENTITIES_MAX], is[IDENTITIES_MAX];
    unsigned n_was = identities_of(before, was), n_is = identities_of(after, is);
    if (n_was == 0 && n_is > 0)
        TELL(c, n_is == 1 ? "signed: an Identity header was added"
                          : "signed: Identity headers were added");
    else if (n_was > 0 && n_is == 0)
        TELL(c, "the Identity header was taken off");
    else if (n_was != n_is)
        TELL(c, "there are %u Identity headers instead of %u", n_is, n_was);
    for (unsigned i = 0; i < n_was && i < n_is; i++)
        compare_values(c, was[i], is[i]);
}

static void compare_numbers(struct comparison *c, const char *what, bool was, const struct tn *a,
                            bool is, const struct tn *b)
{
    if (was == is && (!was || str_eq(tn_str(a), tn_str(b))))
        return;
    TELL(c, "%s changed: %.*s instead of %.*s", what, STR_ARG(is ? tn_str(b) : STR("no number")),
         STR_ARG(was ? tn_str(a) : STR("no number")));
}

unsigned hops_compare(struct str before, struct str after, const struct country *country,
                      struct arena *arena, void (*tell)(void *user, struct str sentence),
                      void *user)
{
    struct comparison c = {.arena = arena, .tell = tell, .user = user};
    struct sip_identity_facts a, b;
    sip_identity_facts(before, country, &a);
    sip_identity_facts(after, country, &b);
    compare_identities(&c, before, after);
    compare_numbers(&c, "the calling number (P-Asserted-Identity, From)", a.has_orig, &a.orig,
                    b.has_orig, &b.orig);
    compare_numbers(&c, "the called number (To)", a.has_dest, &a.dest, b.has_dest, &b.dest);
    if (a.date.n > 0 && !str_eq(a.date, b.date))
        TELL(&c, "Date changed: %.*s", STR_ARG(shown(&c, b.date)));
    return c.n;
}
