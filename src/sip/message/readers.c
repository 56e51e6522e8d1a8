#include "readers.h"

#include <stird/core/headers.h>
#include <stird/core/route_line.h>
#include "odd.h"

/* "SIP/2.0/UDP": three tokens. */
static bool is_protocol(struct str s)
{
    for (unsigned i = 0; i < 3; i++)
        if (!is_sip_token(str_cut(&s, '/')))
            return false;
    return s.p == NULL;
}

/* When sofia-sip takes one off a list it writes the others anew: each has to be written as it was
   read. */
static bool is_plain_via(const sip_via_t *via)
{
    struct str host = str_of(via->v_host);
    size_t i = 0;
    while (i < host.n && (ascii_is_alpha(host.p[i]) || ascii_is_digit(host.p[i]) ||
                          str_find(STR("-._[]:"), host.p[i], 0) < 6))
        i++;
    return is_protocol(str_of(via->v_protocol)) && host.n > 0 && i == host.n;
}

static unsigned count_parameter(const sip_via_t *via, struct str name)
{
    unsigned n = 0;
    for (const msg_param_t *parameter = via->v_params; parameter && *parameter; parameter++) {
        struct str text = str_of(*parameter);
        n += str_eq_nocase(str_slice(text, 0, str_find(text, '=', 0)), name);
    }
    return n;
}

/*
 * Of two parameters of a name one reader takes the first and another the last. A response goes to
 * where its request came from; where no transaction knows that, the proof covers the ones that we
 * read.
 */
static bool has_parameters_once(const struct message *m, const sip_via_t *via)
{
    return count_parameter(via, STR("branch")) <= 1 &&
           (m->status != 0 || (count_parameter(via, STR("received")) <= 1 &&
                               count_parameter(via, STR("rport")) <= 1));
}

/* Whether sofia-sip has those of a line next. */
static bool via_line_is_the_same(const struct message *m, struct str value, const sip_via_t **via)
{
    struct str element;
    for (; list_next(&value, &element); *via = (*via)->v_next)
        if (!*via || !is_plain_via(*via) || !has_parameters_once(m, *via))
            return false;
    return true;
}

/* The same of a Route: its parts are written one behind the other, or become the Request-URI. */
static bool is_plain_url(const url_t *url)
{
    const char *const parts[] = {url->url_user,    url->url_password, url->url_host,
                                 url->url_port,    url->url_path,     url->url_params,
                                 url->url_headers, url->url_fragment};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (!route_octets_are_plain(str_of(parts[i])))
            return false;
    return str_of(url->url_host).n > 0;
}

/* Whether sofia-sip has the Routes of the line next, each of them a URI: when one is taken off a
   list it writes the others anew. A line that some readers take for no list was given to it as one.
 */
static bool route_line_is_the_same(const struct message *m, struct str value,
                                   const sip_route_t **route)
{
    struct route_line line = route_line_read(value);
    struct str uri;
    if (!line.clear && !(m->odd & ODD_ROUTE_ENDS))
        return false;
    while (route_line_next(&line, &uri)) {
        if (!*route || !route_uri_is_plain(uri) || !is_plain_url((*route)->r_url))
            return false;
        *route = (*route)->r_next;
    }
    return true;
}

/* The first of the lists that was read otherwise, Via before Route; in one walk, for a line may be
   long. */
static const char *lists_differ(const struct message *m)
{
    struct header_line line;
    struct str rest;
    const sip_via_t *via = m->sip->sip_via;
    const sip_route_t *route = m->sip->sip_route;
    bool first = true, routes_count = m->status == 0 && !(m->odd & ODD_ROUTE), same_routes = true;
    start_line(m->raw, &rest);
    while (header_next(&rest, &line)) {
        if (same_routes && routes_count && header_is(&line, STR("Route"), 0))
            same_routes = route_line_is_the_same(m, line.value, &route);
        if (!header_is(&line, STR("Via"), 'v') || (!first && (m->odd & ODD_LOWER_VIA)) ||
            list_is_empty(line.value))
            continue;
        first = false;
        if (!via_line_is_the_same(m, line.value, &via))
            return "Via";
    }
    if (via)
        return "Via";
    return routes_count && (route || !same_routes) ? "Route" : NULL;
}

/* RFC 3261 knows no quoted tag; sofia-sip leaves the quotes. */
static bool is_tag(struct str ours, const char *theirs)
{
    struct str tag = str_of(theirs);
    if (tag.n >= 2 && tag.p[0] == '"' && tag.p[tag.n - 1] == '"')
        tag = str_slice(tag, 1, tag.n - 1);
    return str_eq(ours, tag);
}

const char *readers_differ(const struct message *m)
{
    const sip_t *sip = m->sip;
    const char *list = lists_differ(m);
    if (list || m->status != 0 || (m->odd & ODD_ADDRESSES))
        return list;
    if (!is_tag(m->from_tag, sip->sip_from->a_tag))
        return "From";
    return is_tag(m->to_tag, sip->sip_to->a_tag) ? NULL : "To";
}
