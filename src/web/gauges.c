/* Gauges: members of what `stirctl status` and `stirctl trust list` print, by a table. */
#include <jansson.h>
#include <string.h>

#include "exposition.h"
#include "metrics.h"

/* Whose member it is: what a view has as JSON. */
enum root { OF_STATUS, OF_TRUST, OF_HOPS, ROOTS };

/* How a member becomes a number. */
enum reading {
    READ_NUMBER, /* an integer, or true */
    READ_ONE,    /* 1 for each */
    READ_IS,     /* whether it is this text */
    READ_NULL,   /* whether it is null */
};

struct gauge {
    const char *name, *help;
    enum root root;
    const char *list; /* the member whose elements, or who itself, has it; NULL: the whole */
    enum reading reading;
    const char *member, *text;
    struct {
        const char *label, *member;
    } labels[EXPOSITION_LABELS_MAX];
};

static const struct gauge gauges[] = {
    {"stird_build_info",
     "1, with the version and the name of this machine in records",
     OF_STATUS,
     NULL,
     READ_ONE,
     NULL,
     NULL,
     {{"version", "version"}, {"node", "node"}}},
    {"stird_uptime_seconds",
     "how long stird has run",
     OF_STATUS,
     NULL,
     READ_NUMBER,
     "up_s",
     NULL,
     {{0}}},
    {"stird_alarm",
     "1 for each alarm that is on: stirctl status says what it means",
     OF_STATUS,
     "alarms",
     READ_ONE,
     NULL,
     NULL,
     {{"alarm", "name"}}},
    {"stird_config_generation",
     "of the configuration in force",
     OF_STATUS,
     "configuration",
     READ_NUMBER,
     "generation",
     NULL,
     {{0}}},
    {"stird_config_read_timestamp_seconds",
     "when the configuration in force was read",
     OF_STATUS,
     "configuration",
     READ_NUMBER,
     "read_at",
     NULL,
     {{0}}},
    {"stird_config_last_reload_success",
     "0 while the last reload is one that failed",
     OF_STATUS,
     "configuration",
     READ_NULL,
     "last_failure",
     NULL,
     {{0}}},
    {"stird_numbers_rows",
     "rows of the number tables in force",
     OF_STATUS,
     "numbers",
     READ_NUMBER,
     "rows",
     NULL,
     {{0}}},
    {"stird_numbers_segments",
     "ranges of numbers that differ in their rows",
     OF_STATUS,
     "numbers",
     READ_NUMBER,
     "segments",
     NULL,
     {{0}}},
    {"stird_numbers_urgent_changes",
     "urgent changes of numbers that are in force",
     OF_STATUS,
     "numbers",
     READ_NUMBER,
     "urgent_changes",
     NULL,
     {{0}}},
    {"stird_certificate_not_before_timestamp_seconds",
     "when a unit of a certificate begins",
     OF_STATUS,
     "certificates",
     READ_NUMBER,
     "not_before",
     NULL,
     {{"cert_id", "id"}, {"unit", "unit"}, {"spc", "spc"}}},
    {"stird_certificate_not_after_timestamp_seconds",
     "when a unit of a certificate ends",
     OF_STATUS,
     "certificates",
     READ_NUMBER,
     "not_after",
     NULL,
     {{"cert_id", "id"}, {"unit", "unit"}, {"spc", "spc"}}},
    {"stird_certificate_signs",
     "whether it is this unit that signs for its certificate",
     OF_STATUS,
     "certificates",
     READ_NUMBER,
     "signs",
     NULL,
     {{"cert_id", "id"}, {"unit", "unit"}}},
    {"stird_tls_certificate_not_after_timestamp_seconds",
     "when a certificate for TLS ends, by what it is for: sip, web, repository",
     OF_STATUS,
     "tls_certificates",
     READ_NUMBER,
     "not_after",
     NULL,
     {{"use", "use"}}},
    {"stird_x5u_probe_success",
     "whether its URL serves the unit, at the last look",
     OF_STATUS,
     "certificates",
     READ_IS,
     "url",
     "served",
     {{"cert_id", "id"}, {"unit", "unit"}}},
    {"stird_x5u_probe_timestamp_seconds",
     "when that was looked at last; 0: never",
     OF_STATUS,
     "certificates",
     READ_NUMBER,
     "checked_at",
     NULL,
     {{"cert_id", "id"}, {"unit", "unit"}}},
    {"stird_next_hop_up",
     "whether a next hop gets calls",
     OF_HOPS,
     "next_hops",
     READ_NUMBER,
     "usable",
     NULL,
     {{"upstream", "upstream"}, {"target", "address"}, {"transport", "transport"}}},
    {"stird_next_hops_not_shown",
     "next hops that have no line of their own, as there are so many: the last of the configuration",
     OF_HOPS,
     NULL,
     READ_NUMBER,
     "not_shown",
     NULL,
     {{0}}},
    {"stird_monitor_up",
     "whether the last call of a monitor arrived as it should",
     OF_STATUS,
     "monitors",
     READ_IS,
     "state",
     "well",
     {{"monitor", "name"}, {"trunk", "trunk"}, {"upstream", "upstream"}}},
    {"stird_monitor_signed",
     "whether it arrived as we signed it",
     OF_STATUS,
     "monitors",
     READ_IS,
     "result",
     "signed",
     {{"monitor", "name"}}},
    {"stird_monitor_number_changed",
     "whether it arrived with another calling number",
     OF_STATUS,
     "monitors",
     READ_NUMBER,
     "number_changed",
     NULL,
     {{"monitor", "name"}}},
    {"stird_monitor_delay_milliseconds",
     "how long it took to arrive; none while it does not",
     OF_STATUS,
     "monitors",
     READ_NUMBER,
     "delay_ms",
     NULL,
     {{"monitor", "name"}}},
    {"stird_monitor_timestamp_seconds",
     "when it was last seen how a call of a monitor arrived",
     OF_STATUS,
     "monitors",
     READ_NUMBER,
     "at_s",
     NULL,
     {{"monitor", "name"}}},
    {"stird_trust_generation",
     "of the image of the domains of trust; 0: none",
     OF_TRUST,
     NULL,
     READ_NUMBER,
     "generation",
     NULL,
     {{0}}},
    {"stird_trust_in_force",
     "whether certificates of a domain of trust are believed, its list is not stale",
     OF_TRUST,
     "trust",
     READ_IS,
     "state",
     "in force",
     {{"domain", "name"}}},
    {"stird_trust_authorities",
     "authorities of a domain of trust",
     OF_TRUST,
     "trust",
     READ_NUMBER,
     "authorities",
     NULL,
     {{"domain", "name"}}},
    {"stird_trust_list_sequence",
     "number of the list of authorities in force",
     OF_TRUST,
     "trust",
     READ_NUMBER,
     "sequence",
     NULL,
     {{"domain", "name"}}},
    {"stird_trust_list_expiry_timestamp_seconds",
     "when the list of authorities in force ends",
     OF_TRUST,
     "trust",
     READ_NUMBER,
     "expires",
     NULL,
     {{"domain", "name"}}},
    {"stird_crl_entries",
     "certificates that the revocation lists of a domain name",
     OF_TRUST,
     "trust",
     READ_NUMBER,
     "revoked",
     NULL,
     {{"domain", "name"}}},
};

#define GAUGES (sizeof(gauges) / sizeof(gauges[0]))

static struct str text_of(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);
    return json_is_string(value) ? (struct str){json_string_value(value), json_string_length(value)}
                                 : STR("");
}

/* False: OBJECT does not have it. */
static bool read_value(const struct gauge *g, const json_t *object, int64_t *value)
{
    const json_t *member = g->member ? json_object_get(object, g->member) : NULL;
    if (g->member && !member)
        return false;
    *value = 1;
    if (g->reading == READ_NUMBER)
        *value = json_is_integer(member) ? json_integer_value(member) : json_is_true(member);
    if (g->reading == READ_IS)
        *value = str_eq(text_of(object, g->member), str_of(g->text));
    if (g->reading == READ_NULL)
        *value = json_is_null(member);
    return true;
}

static void add_one(struct buf *out, const struct gauge *g, const json_t *object)
{
    struct label labels[EXPOSITION_LABELS_MAX] = {{NULL, {NULL, 0}}};
    int64_t value;
    for (unsigned i = 0; i < EXPOSITION_LABELS_MAX && g->labels[i].label; i++)
        labels[i] = (struct label){g->labels[i].label, text_of(object, g->labels[i].member)};
    if (read_value(g, object, &value))
        exposition_sample(out, g->name, labels, value);
}

static void add_gauge(struct buf *out, const struct gauge *g, const json_t *root)
{
    const json_t *from = g->list ? json_object_get(root, g->list) : root;
    exposition_family(out, g->name, "gauge", g->help);
    if (json_is_object(from))
        add_one(out, g, from);
    for (size_t i = 0; json_is_array(from) && i < json_array_size(from); i++)
        add_one(out, g, json_array_get(from, i));
}

/* ---- what takes more than a row ---- */

/* Of a domain with a list of authorities, that list is the first source; the others revoke. */
static void add_revocation(struct buf *out, const json_t *trust)
{
    const char *name = "stird_crl_next_update_timestamp_seconds";
    const json_t *domains = json_object_get(trust, "trust");
    exposition_family(out, name, "gauge",
                      "when a revocation list in use is to be followed by another");
    for (size_t d = 0; d < json_array_size(domains); d++) {
        const json_t *domain = json_array_get(domains, d);
        const json_t *sources = json_object_get(domain, "sources");
        for (size_t i = json_object_get(domain, "sequence") != NULL; i < json_array_size(sources);
             i++) {
            const json_t *source = json_array_get(sources, i);
            const json_t *until = json_object_get(source, "until");
            const struct label labels[EXPOSITION_LABELS_MAX] = {
                {"domain", text_of(domain, "name")}, {"source", text_of(source, "source")}};
            if (until)
                exposition_sample(out, name, labels, json_integer_value(until));
        }
    }
}

static const char *const roles[] = {"workers", "signer", "recorder", "fetcher", "web", "publisher"};

/* How many of its processes serve, or how often they died, by what. */
static int64_t sum_of(const json_t *children, const char *deaths)
{
    int64_t sum = 0;
    const size_t n = json_is_array(children) ? json_array_size(children) : 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *child = json_is_array(children) ? json_array_get(children, i) : children;
        sum += deaths ? json_integer_value(json_object_get(child, deaths))
                      : str_eq(text_of(child, "state"), STR("serving"));
    }
    return sum;
}

static void add_children(struct buf *out, const json_t *status)
{
    static const struct {
        const char *name, *type, *help, *member;
    } families[] = {
        {"stird_processes_serving", "gauge", "processes that serve, by what they are", NULL},
        {"stird_process_deaths_total", "counter", "processes that ended and were replaced",
         "deaths"},
        {"stird_process_hangs_total", "counter", "processes that hung and were replaced", "hangs"},
    };
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        exposition_family(out, families[f].name, families[f].type, families[f].help);
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
            const json_t *children = json_object_get(status, roles[i]);
            const struct label labels[EXPOSITION_LABELS_MAX] = {{"role", str_of(roles[i])}};
            if (children)
                exposition_sample(out, families[f].name, labels,
                                  sum_of(children, families[f].member));
        }
    }
}

static void add_lacks(struct buf *out, const struct web_view *v)
{
    static const char *const whats[WEB_LACKS] = {
        [WEB_LACKS_CALLS] = "service",   [WEB_LACKS_CERTIFICATE] = "certificate",
        [WEB_LACKS_NUMBERS] = "numbers", [WEB_LACKS_NEXT_HOP] = "next_hop",
        [WEB_LACKS_LEAVE] = "drain",     [WEB_LACKS_TRUNKS] = "trunks"};
    exposition_family(out, "stird_ready", "gauge",
                      "whether stird has what calls need, as /readyz says");
    for (unsigned i = 0; i < WEB_LACKS; i++) {
        const struct label labels[EXPOSITION_LABELS_MAX] = {{"what", str_of(whats[i])}};
        exposition_sample(out, "stird_ready", labels, !v->lacks[i]);
    }
}

static json_t *read_json(struct buf *out, struct str text)
{
    json_t *root = json_loadb(text.p, text.n, JSON_ALLOW_NUL, NULL);
    out->failed |= !root;
    return root;
}

void gauges_add(struct buf *out, const struct web_view *v)
{
    json_t *const roots[ROOTS] = {[OF_STATUS] = read_json(out, v->status),
                                  [OF_TRUST] = read_json(out, v->trust),
                                  [OF_HOPS] = read_json(out, v->hops)};
    const bool whole = roots[OF_STATUS] && roots[OF_TRUST] && roots[OF_HOPS];
    for (size_t i = 0; whole && i < GAUGES; i++)
        add_gauge(out, &gauges[i], roots[gauges[i].root]);
    if (whole) {
        add_revocation(out, roots[OF_TRUST]);
        add_children(out, roots[OF_STATUS]);
        add_lacks(out, v);
    }
    for (unsigned i = 0; i < ROOTS; i++)
        json_decref(roots[i]);
}
