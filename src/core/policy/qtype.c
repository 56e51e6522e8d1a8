#include <stird/core/qtype.h>

#include <stird/core/call.h>
#include <stird/core/trunk.h>
#include <stird/core/uri.h>

#define NAME      STR("qtype")
#define SIGNATURE STR("sti-as")
#define VERDICT   STR("sti-vs")

/* Whether TEXT begins with WORD in any case, for a reader who takes escapes for what they mean, of
   URIs and of quoted strings. */
static bool begins(struct str text, struct str word)
{
    size_t i = 0;
    while (i < word.n && text.n > 0) {
        const char c = uri_octet_next(&text);
        if (c == '\\')
            continue;
        if (ascii_lower(c) != word.p[i])
            return false;
        i++;
    }
    return i == word.n;
}

static unsigned count(struct str text, struct str word)
{
    unsigned n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] != '\\' && begins(str_slice(text, i, text.n), word);
    return n;
}

/* Of the number in a tel URI, or of a SIP URI behind its host; nobody else's. */
static struct str parameters_of(struct str text)
{
    struct uri uri;
    if (!uri_split(&uri, text))
        return STR("");
    return uri.scheme == URI_TEL   ? uri.user_parameters
           : uri.scheme == URI_SIP ? str_slice(uri.parameters, 0, str_find(uri.parameters, '?', 0))
                                   : STR("");
}

void qtype_add(struct qtype *read, struct str line, struct str uri)
{
    struct str name, value, parameters = parameters_of(uri);
    read->n_names += count(line, NAME);
    read->n_verdicts += count(line, VERDICT);
    while (uri_parameter_next(&parameters, &name, &value)) {
        const bool is_signature = uri_name_is(value, SIGNATURE);
        if (!uri_name_is(name, NAME) || (!is_signature && !uri_name_is(value, VERDICT)))
            continue;
        read->n_known++;
        read->is_signature = is_signature;
    }
}

enum qtype_asks qtype_asks(const struct call *call)
{
    const struct dialect *dialect = call->trunk->in_dialect;
    const struct qtype *a = &call->qtype;
    if (!dialect || !dialect->qtype || (a->n_names == 0 && a->n_verdicts == 0))
        return ASKED_NOTHING;
    if (a->n_names != 1 || a->n_known != 1 || a->n_verdicts != (a->is_signature ? 0 : 1))
        return ASKED_UNCLEAR;
    return a->is_signature ? ASKED_SIGNATURE : ASKED_VERDICT;
}

bool qtype_forbids(const struct call *call)
{
    const enum qtype_asks asked = qtype_asks(call);
    /* Nobody else says sti-vs to a signer, whatever the dialect that was chosen for its SBC. */
    return asked == ASKED_VERDICT || asked == ASKED_UNCLEAR ||
           (call->trunk->in_dialect && call->qtype.n_verdicts > 0);
}
