/*
 * What stird -T prints is read by stird -t again, to the same settings: each key of each table,
 * with values that its type allows (both ends of its range, every choice, odd octets, nothing) and,
 * where more is asked of it, with those below. Each is printed once with a value that is not its
 * default.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <stird/conf/settings_file.h>

#include "conf/keys.h"

#define NOW_S       1893456000 /* 2030-01-01: while the certificates of tests/conf are valid */
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define CERTS       TESTS_DIR "/conf/certs/"
#define UNIT        "\"" CERTS "818H\""
#define ANCHORS     "\"" CERTS "anchor-root.pem\""

/* ---- what is tried ---- */

static const struct part {
    const struct table *table;
    const char *list;   /* its key in the root */
    const char *needed; /* what an object of it cannot do without: "KEY = VALUE;" each */
    bool always;        /* no configuration can do without it */
} parts[] = {
    {&listener_table, "listen", "name = \"core\"; address = \"127.0.0.1\";", true},
    {&certificate_table, "certificates", "id = \"818H\"; directory = " UNIT ";", true},
    {&provider_table, "providers", "name = \"own\"; spc = [ \"818H\" ];", false},
    {&upstream_table, "upstreams", "name = \"carrier\"; uri = \"sip:127.0.0.9\";", true},
    {&trunk_table, "trunks",
     "name = \"pbx\"; sources = [ \"127.0.0.2\" ]; customer = \"acme\"; "
     "identity = \"authenticated\"; upstreams = [ \"carrier\" ];",
     true},
    {&customer_table, "customers", "name = \"acme\";", false},
    {&rule_table, "rules", "name = \"last\"; then = \"by_number\";", false},
    {&trust_table, "trust", "name = \"us\"; anchors = " ANCHORS ";", true}, /* profiles cannot */
    {&verification_table, "verification", "name = \"carrier\"; trust = [ \"us\" ];", false},
    {&dialect_table, "dialects", "name = \"ours\";", false},
    {&monitor_table, "monitors",
     "name = \"east\"; trunk = \"pbx\"; from = \"+12155550100\"; to = \"+12155550199\";", false},
    {&root_table, NULL, "", true},
};

#define REJECTS "on_failure = \"reject\";"
#define INBOUND                                                                                    \
    PROFILE "trunks = ( { name = \"pbx\"; sources = [ \"127.0.0.2\" ]; customer = \"acme\"; "      \
            "identity = \"authenticated\"; upstreams = [ \"carrier\" ]; }, { name = \"in\"; "      \
            "sources = [ \"127.0.0.3\" ]; service = \"verify\"; verification = \"carrier\"; "      \
            "upstreams = [ \"carrier\" ]; } );"
#define BOTH                                                                                       \
    PROFILE "trunks = ( { name = \"pbx\"; sources = [ \"127.0.0.2\" ]; customer = \"acme\"; "      \
            "identity = \"authenticated\"; upstreams = [ \"carrier\" ]; }, { name = \"both\"; "    \
            "sources = [ \"127.0.0.3\" ]; service = \"verify_sign\"; verification = \"carrier\"; " \
            "customer = \"acme\"; identity = \"authenticated\"; upstreams = [ \"carrier\" ]; } );"
#define PROFILE "verification = ( { name = \"carrier\"; trust = [ \"us\" ]; } );"
#define VERIFYING                                                                                  \
    PROFILE "trust = ( { name = \"us\"; anchors = " ANCHORS "; } ); "                              \
            "trunks = ( { name = \"in\"; sources = [ \"127.0.0.2\" ]; service = \"verify\"; "      \
            "verification = \"carrier\"; upstreams = [ \"carrier\" ]; } );"
#define TLS_FILES                                                                                  \
    "certificate = " TLS_CHAIN "; key = \"/etc/hostname\"; ca = \"" CERTS "anchor-root.pem\";"
#define PAGES_TLS "tls_certificate = " TLS_CHAIN "; tls_key = \"/etc/hostname\";"
#define TLS_CHAIN "\"" CERTS "web.pem\""
#define TLS       "tls = { " TLS_FILES " };"
#define TLS_LISTENER                                                                               \
    TLS "listen = ( { name = \"core\"; address = \"127.0.0.1\"; transports = [ \"tls\" ]; "        \
        "verify_client = \"require\"; }, { name = \"plain\"; address = \"127.0.0.1\"; } );"
#define TLS_UPSTREAM                                                                               \
    TLS "upstreams = ( { name = \"carrier\"; uri = \"sip:127.0.0.9;transport=tls\"; } );"
#define SECOND                                                                                     \
    "upstreams = ( { name = \"carrier\"; uri = \"sip:127.0.0.9\"; }, "                             \
    "{ name = \"second\"; uri = \"sip:second.example\"; } );"
#define PROVIDERS                                                                                  \
    "certificates = ( { id = \"818H\"; directory = " UNIT "; }, "                                  \
    "{ id = \"second\"; directory = " UNIT "; foreign = true; } ); "                               \
    "providers = ( { name = \"own\"; spc = [ \"818H\" ]; certificates = [ \"818H\" ]; }, "         \
    "{ name = \"hosted\"; spc = [ \"709J\" ]; certificates = [ \"second\" ]; } );"
#define CHAIN       "certificates = ( { id = \"whole\"; directory = \"" CERTS "chain-whole\"; } );"
#define URL_OF_LIST "\"https://pa.example.net/list\""
#define CRLS        "crls = [ \"https://pa.example.net/crl\" ];"
#define GATEWAY                                                                                    \
    "trunks = ( { name = \"pbx\"; sources = [ \"127.0.0.2\" ]; customer = \"acme\"; "              \
    "identity = \"gateway\"; upstreams = [ \"carrier\" ]; } );"

/* BESIDE it in its object (or in its group), and in the ROOT; each stands for what would be there.
 */
static const struct trial {
    const struct table *table;
    const char *key, *value, *beside, *root;
} trials[] = {
    {&listener_table, "name", "\"other\"", "", ""},
    {&listener_table, "address", "\"127.0.0.3\"", "", ""},
    {&listener_table, "transports", "[ \"udp\" ]", "", ""},
    {&listener_table, "transports", "[ \"tcp\", \"udp\" ]", "", ""},
    {&listener_table, "transports", "[ \"tls\" ]", "", TLS_UPSTREAM},
    {&listener_table, "verify_client", "\"require\"", "transports = [ \"tls\" ];", TLS_UPSTREAM},
    {&listener_table, "advertise", "\"192.0.2.1\"", "", ""},
    {&listener_table, "advertise", "\"192.0.2.1:5080\"", "", ""},
    {&listener_table, "aliases", "[ \"192.0.2.9\" ]", "", ""},
    {&listener_table, "aliases", "[ \"Other.example:5070\", \"192.0.2.9:5060\" ]", "", ""},
    {&certificate_table, "id", "\"other\"", "", ""},
    {&certificate_table, "directory", "\"" CERTS "later/../818H\"", "", ""},
    {&provider_table, "name", "\"other\"", "", ""},
    {&provider_table, "spc", "[ \"818H\", \"709J\" ]", "", ""},
    {&provider_table, "certificates", "[ \"818H\" ]", "", ""},
    {&upstream_table, "name", "\"other\"", "",
     "trunks = ( { name = \"pbx\"; sources = [ \"127.0.0.2\" ]; customer = \"acme\"; "
     "identity = \"gateway\"; upstreams = [ \"other\" ]; } );"},
    {&upstream_table, "uri", "\"sip:127.0.0.9:5070\"", "", ""},
    {&upstream_table, "uri", "\"sip:127.0.0.9;transport=tcp\"", "", ""},
    {&upstream_table, "uri", "\"sip:carrier.example\"", "", ""},
    {&upstream_table, "uri", "\"sip:carrier.example:5080;transport=udp\"", "", ""},
    {&upstream_table, "uri", "\"sip:[2001:db8::9]\"", "listener = \"six\";",
     "listen = ( { name = \"core\"; address = \"127.0.0.1\"; }, "
     "{ name = \"six\"; address = \"2001:db8::1\"; } );"},
    {&upstream_table, "sources", "[ \"192.0.2.0/24\" ]", "", ""},
    {&upstream_table, "failover", "[ \"404\", \"5xx\" ]", "", ""},
    {&upstream_table, "failover", "[ ]", "", ""},
    {&upstream_table, "retry_unsigned", "[ \"413\", \"513\" ]", "", ""},
    {&upstream_table, "sources", "[ \"192.0.2.1\", \"2001:db8::/32\" ]", "", ""},
    {&upstream_table, "listener", "\"core\"", "", ""},
    {&upstream_table, "listener", "\"core\"", "uri = \"sip:carrier.example\";", ""},
    {&upstream_table, "tls_name", "\"Carrier.example.\"", "uri = \"sip:127.0.0.9;transport=tls\";",
     TLS_LISTENER},
    {&trunk_table, "name", "\"other\"", "", ""},
    {&trunk_table, "sources", "[ \"192.0.2.0/24\", \"2001:db8::/32\" ]", "", ""},
    {&trunk_table, "listener", "\"core\"", "", ""},
    {&trunk_table, "tgrp_in", "\"request_uri\"", "tgrp = \"acme\";", ""},
    {&trunk_table, "tgrp_in", "\"from\"", "tgrp = \"acme\";", ""},
    {&trunk_table, "request_host", "\"a.example\"", "", ""},
    {&trunk_table, "header_name", "\"X-Trunk\"", "header_value = \"acme\";", ""},
    {&trunk_table, "header_value", "\"a \\\"b\\\" \\\\ c\"", "header_name = \"X-Trunk\";", ""},
    {&trunk_table, "tls_name", "\"PBX.example.\"", "", TLS_LISTENER},
    {&trunk_table, "tls_peer_name", "\"pbx.example\"", "", TLS_LISTENER},
    {&trunk_table, "identity", "\"gateway\"", "", ""},
    {&trunk_table, "upstreams", "[ \"second\", \"carrier\" ]", "", SECOND},
    {&trunk_table, "provider", "\"hosted\"", "", PROVIDERS},
    {&trunk_table, "certificate", "\"818H\"", "", ""},
    {&trunk_table, "attestation_headers", "true", "trusted = true;", ""},
    {&trunk_table, "attestation.gateway", "\"unsigned\"", "identity = \"gateway\";", ""},
    {&trunk_table, "attestation.blocked", "\"unsigned\"", "identity = \"gateway\";", ""},
    {&trunk_table, "attestation.no_calling_number", "\"refuse\"", "identity = \"gateway\";", ""},
    {&customer_table, "name", "\"other\"", "", ""},
    {&customer_table, "attributes", "[ \"tier = gold\" ]", "", ""},
    {&customer_table, "attributes", "[ \"tier = \\\"gold\", \"x_since = 2020-01-01\" ]", "", ""},
    {&rule_table, "name", "\"other\"", "", ""},
    {&rule_table, "trunks", "[ \"pbx\" ]", "", ""},
    {&rule_table, "customers", "[ \"acme\" ]", "", ""},
    {&rule_table, "number_states", "[ \"owned\", \"not_yet\" ]", "", ""},
    {&rule_table, "customer_is", "[ \"kyc = pending\", \"tier = a = b\" ]", "", ""},
    {&rule_table, "number_is", "[ \"region = east\" ]", "", ""},
    {&rule_table, "calling", "[ \"+1215\", \"+44\" ]", "", ""},
    {&rule_table, "called", "[ \"+1900\" ]", "", ""},
    {&rule_table, "called_customers", "[ \"acme\", \"globex\" ]", "", ""},
    {&rule_table, "called_customer_is", "[ \"accepts = ab\" ]", "", ""},
    {&rule_table, "verdict", "[ \"passed\", \"unsigned\" ]", "", VERIFYING},
    {&rule_table, "levels", "[ \"A\", \"C\" ]", "", VERIFYING},
    {&rule_table, "level_below", "\"B\"", "", VERIFYING},
    {&rule_table, "signers", "[ \"709J\", \"123X\" ]", "", VERIFYING},
    {&rule_table, "trust", "[ \"us\" ]", "", VERIFYING},
    {&rule_table, "own_number", "true", "", VERIFYING},
    {&rule_table, "replayed", "true", "", VERIFYING},
    {&rule_table, "upstreams", "[ \"second\", \"carrier\" ]", "", SECOND},
    {&rule_table, "days", "[ \"sat\", \"sun\" ]", "", ""},
    {&rule_table, "from", "\"22:00\"", "to = \"06:30\";", ""},
    {&rule_table, "to", "\"06:30\"", "from = \"22:00\";", ""},
    {&rule_table, "time_zone", "\"Europe/Berlin\"", "", ""},
    {&rule_table, "header_name", "\"X-Rule\"", "header_value = \"a\";", ""},
    {&rule_table, "header_value", "\"a\\\\b\"", "header_name = \"X-Rule\";", ""},
    {&rule_table, "status", "699", "then = \"refuse\";", ""},
    {&rule_table, "reason", "\"not offered\"", "then = \"refuse\";", ""},
    {&rule_table, "certificate", "\"818H\"", "", ""},
    {&rule_table, "calls_per_minute", "60", "then = \"B\";", ""},
    {&rule_table, "short_share", "60", "then = \"C\";", ""},
    {&rule_table, "unanswered_share", "60", "then = \"alarm\";", ""},
    {&rule_table, "least_calls", "50", "short_share = 60; then = \"B\";", ""},
    {&rule_table, "window", "\"15m\"", "calls_per_minute = 60; then = \"B\";", ""},
    {&rule_table, "rate_of", "\"customer\"", "calls_per_minute = 60; then = \"B\";", ""},
    {&root_table, "aliases", "[ \"192.0.2.9\", \"Name.example.\", \"[2001:db8::9]:5070\" ]", "",
     ""},
    {&root_table, "provider.spc", "[ \"818H\", \"709J\" ]", "", ""},
    {&root_table, "numbers.files", "[ \"a.csv\", \"b \\\" c.csv\" ]", "", ""},
    {&root_table, "numbers.customers", "[ \"customers\" ]", "", ""},
    {&root_table, "numbers.time_zone", "\"America/New_York\"", "", ""},
    {&root_table, "numbers.compiled", "\"all.numbers\"", "files = [ ];", ""},
    {&root_table, "countries.own", "[ \"1\", \"44\" ]", "", ""},
    {&root_table, "emergency.numbers", "[ \"110\", \"118\" ]", "", ""},
    {&root_table, "emergency.prefixes", "[ \"0\", \"9\" ]", "", ""},
    {&root_table, "short_codes", "[ \"211\", \"311\" ]", "", ""},
    {&root_table, "proxy.private_headers", "[ \"X-Secret\", \"X-Account\" ]", "", ""},
    {&root_table, "dns.servers", "[ \"192.0.2.53\", \"[2001:db8::53]:5353\" ]", "", ""},
    {&root_table, "fetch.prefetch", "[ \"https://certificates.example.com/818H.pem\" ]", "", ""},
    {&root_table, "signers.file", "\"" TESTS_DIR "/fuzz/corpus/signers/each_action\"", "", ""},
    {&root_table, "signers.reason", "\"not taken\"", "", ""},
    {&root_table, "timers.t1", "\"700ms\"", "", ""},
    {&root_table, "timers.t2", "\"5s\"", "", ""},
    {&root_table, "tls.certificate", "\"" CERTS "chain-whole/chain.pem\"", TLS_FILES, ""},
    {&root_table, "tls.key", "\"key \\\" .pem\"", TLS_FILES, ""},
    {&root_table, "tls.ca", "\"" CERTS "anchor-other.pem\"", TLS_FILES, ""},
    {&root_table, "web.address", "\"::1\"", "", ""},
    {&root_table, "web.tls_certificate", "\"" CERTS "chain-whole/chain.pem\"", PAGES_TLS, ""},
    {&root_table, "web.tls_key", "\"key \\\" .pem\"", PAGES_TLS, ""},
    {&root_table, "repository.address", "\"::1\"", "", ""},
    {&root_table, "repository.tls_certificate", "\"" CERTS "chain-whole/chain.pem\"", PAGES_TLS,
     ""},
    {&root_table, "repository.tls_key", "\"key \\\" .pem\"", PAGES_TLS, ""},
    {&root_table, "check.tls_ca", ANCHORS, "", ""},
    {&root_table, "check.anchors", ANCHORS, "", CHAIN},
    {&root_table, "check.crls", "\"crl.pem\"", "anchors = " ANCHORS ";", CHAIN},
    {&root_table, "check.crl_anchors", ANCHORS, "anchors = " ANCHORS "; crls = \"crl.pem\";",
     CHAIN},
    {&root_table, "attestation.gateway", "\"refuse\"", "", GATEWAY},
    {&trunk_table, "service", "\"verify\"", "verification = \"carrier\";", PROFILE},
    {&trust_table, "name", "\"other\"", "", ""},
    {&trust_table, "anchors", "\"" CERTS "anchor-other.pem\"", "", ""},
    {&trust_table, "list", URL_OF_LIST, "anchors = \"\"; list_anchor = " ANCHORS ";", ""},
    {&trust_table, "list", ANCHORS,
     "anchors = \"\"; list_anchor = " ANCHORS "; list_signer = " ANCHORS ";", ""},
    {&trust_table, "list_anchor", ANCHORS, "anchors = \"\"; list = " URL_OF_LIST ";", ""},
    {&trust_table, "list_signer", ANCHORS,
     "anchors = \"\"; list = " ANCHORS "; list_anchor = " ANCHORS ";", ""},
    {&trust_table, "list_token_file", "\"token\"",
     "anchors = \"\"; list = " URL_OF_LIST "; list_anchor = " ANCHORS ";", ""},
    {&trust_table, "list_login", "\"https://pa.example.net/login\"",
     "anchors = \"\"; list = " URL_OF_LIST "; list_anchor = " ANCHORS
     "; list_login_file = \"login\";",
     ""},
    {&trust_table, "list_login_file", "\"login\"",
     "anchors = \"\"; list = " URL_OF_LIST "; list_anchor = " ANCHORS
     "; list_login = \"https://pa.example.net/login\";",
     ""},
    {&verification_table, "result_header", "\"X-Result\"", "", ""},
    {&verification_table, "attestation_headers", "[ \"P-Attestation-Indicator\", \"X-Origid\" ]",
     "", ""},
    {&verification_table, "reject", "[ \"fresh\", \"signature\" ]", REJECTS, ""},
    {&verification_table, "reject_countries", "[ \"1\", \"33\" ]", REJECTS, ""},
    {&verification_table, "require", "true", REJECTS, ""},
    {&verification_table, "anonymous", "\"reject\"", "on_failure = \"reason\";", ""},
    {&verification_table, "max_reject_percent", "100", REJECTS, ""},
    {&root_table, "network_blocked.url", "\"https://calls.example.net/?a=b&c\"", "", ""},
    {&root_table, "network_blocked.tel", "\"+1215-555-0199\"", "", ""},
    {&root_table, "network_blocked.email", "\"blocked@carrier.example\"", "", ""},
    {&root_table, "network_blocked.location", "\"RLN\"", "url = \"https://calls.example.net/\";",
     ""},
    {&trust_table, "crls", "[ \"https://pa.example.net/crl\" ]", "", ""},
    {&trust_table, "crl_anchor", ANCHORS, CRLS, ""},
    {&trust_table, "crl_signer", ANCHORS, CRLS, ""},
    {&trust_table, "crl_stale", "\"open\"", CRLS, ""},
    {&trust_table, "max_shrink", "20",
     "anchors = \"\"; list = " URL_OF_LIST "; list_anchor = " ANCHORS ";", ""},
    {&trust_table, "stale", "\"24h\"",
     "anchors = \"\"; list = " URL_OF_LIST "; list_anchor = " ANCHORS ";", ""},
    {&trust_table, "countries", "[ \"1\", \"33\" ]", "", ""},
    {&verification_table, "name", "\"other\"", "", ""},
    {&trunk_table, "front", "\"redirect\"", " upstreams = [ ];", ""},
    {&trunk_table, "dialect", "\"clearip\"", " upstreams = [ ]; front = \"redirect\";", ""},
    {&trunk_table, "dialect", "\"ours\"", " upstreams = [ ]; front = \"redirect\";",
     "dialects = ( { name = \"ours\"; } );"},
    {&dialect_table, "name", "\"other\"", "", ""},
    {&dialect_table, "like", "\"clearip\"", "", ""},
#define CASE(NAME, word, text) {&dialect_table, word, "\"399 Let it go\"", "", ""},
#include <stird/core/dialect_case.def>
#undef CASE
    {&dialect_table, "signed", "\"300\"", "", ""},
    {&dialect_table, "blocked", "\"699\"", "like = \"provenant\";", ""},
    {&dialect_table, "reasons", "[ \"signed = no-fraud\", \"blocked=a b; c\" ]", "", ""},
    {&dialect_table, "reasons", "[ \"signed =\" ]", "like = \"clearip\";", ""},
    {&dialect_table, "identity", "[ \"x\", \"contact\" ]", "", ""},
    {&dialect_table, "contact", "\"host\"", "contact_host = \"sbc.example:5080\";", ""},
    {&dialect_table, "contact_host", "\"[2001:db8::9]:5080\"", "contact = \"host\";", ""},
    {&dialect_table, "withheld", "\"sign\"", "", ""},
    {&dialect_table, "headers", "[ \"X-Foo: bar\", \"X-Other: a, b\" ]", "", ""},
    {&dialect_table, "shaken", "true", "like = \"provenant\";", ""},
    {&monitor_table, "name", "\"other\"", "", ""},
    {&monitor_table, "trunk", "\"both\"", "", BOTH},
    {&monitor_table, "upstream", "\"carrier\"", "", ""},
    {&monitor_table, "from", "\"+12155550111\"", "", ""},
    {&monitor_table, "to", "\"+12155550122\"", "", ""},
    {&monitor_table, "arrives", "[ \"in\" ]", "", INBOUND},
    {&verification_table, "trust", "[ \"us\", \"fr\" ]", "",
     "trust = ( { name = \"fr\"; anchors = " ANCHORS "; }, { name = \"us\"; anchors = " ANCHORS
     "; } );"},
};

/* No other value than the default is taken by this version. */
static bool has_one_value(const struct key *k)
{
    unsigned taken = 0;
    for (unsigned i = 0; k->type == KEY_CHOICE && k->choices[i]; i++)
        taken += !(k->refused >> i & 1);
    static const char *const others[] = {"observe", "verification"};
    for (size_t i = 0; i < COUNT(others); i++)
        if (strcmp(k->name, others[i]) == 0)
            return true;
    return taken == 1;
}

/* ---- one configuration ---- */

/* "KEY = VALUE;" of NEEDED, but for those that OTHERS have. */
static void add_needed(struct buf *out, const char *needed, const char *others)
{
    char word[64];
    int n;
    for (const char *end; sscanf(needed, " %63[a-z_] =%n", word, &n) == 1; needed = end + 1) {
        char said[80];
        snprintf(said, sizeof(said), " %s = ", word);
        end = strchr(needed, ';');
        if (!strstr(others, said))
            buf_addf(out, "%.*s", (int)(end + 1 - needed), needed);
    }
}

/* "group = { word = VALUE; BESIDE }", or without a group; " word = " is what it has. */
static void write_key(struct buf *out, const struct trial *t, bool with)
{
    const char *dot = strchr(t->key, '.');
    struct buf value = BUF_INIT;
    if (with)
        buf_addf(&value, " %s = %s; ", dot ? dot + 1 : t->key, t->value);
    buf_add_char(&value, '\0');
    if (dot && t->table != &trunk_table)
        buf_addf(out, " %.*s = {%s", (int)(dot - t->key), t->key, value.p);
    else if (dot)
        buf_addf(out, " %s %.*s = {%s", t->beside, (int)(dot - t->key), t->key, value.p);
    else
        buf_addf(out, "%s %s", value.p, t->beside);
    if (dot && t->table != &trunk_table)
        add_needed(out, t->beside, value.p);
    buf_add_text(out, dot ? "}; " : "");
    buf_fini(&value);
}

/* The trial, WITH its key or without: what stands beside it is there all the same. */
static void write_configuration(struct buf *out, const struct trial *t, bool with)
{
    struct buf said = BUF_INIT;
    write_key(&said, t, with);
    if (t->table == &root_table)
        buf_add_text(&said, t->root);
    buf_add_char(&said, '\0');
    const char *root = t->table == &root_table ? said.p : t->root;
    for (unsigned i = 0; i < COUNT(parts); i++) {
        const struct part *p = &parts[i];
        char list[32];
        snprintf(list, sizeof(list), "%s = (", p->list ? p->list : "-");
        if (!p->list || strstr(root, list) || (!p->always && p->table != t->table))
            continue;
        buf_addf(out, "%s {", list);
        add_needed(out, p->needed, p->table == t->table ? said.p : "");
        buf_addf(out, "%s } );\n", p->table == t->table ? said.p : "");
    }
    if (!strstr(root, "provider") && t->table != &provider_table)
        buf_add_text(out, "provider = { spc = [ \"818H\" ]; };\n");
    buf_add_text(out, root);
    buf_fini(&said);
}

/* What is printed of it; false: it is refused, as SAID has it. */
static bool print_of(struct str text, struct buf *printed, struct buf *said)
{
    struct problems problems = PROBLEMS_INIT;
    struct files *files = files_new();
    FILE *f = fopen("stird.conf", "w");
    assert_true(f && files);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
    struct settings *s = settings_read(files, STR("stird.conf"), NOW_S, &problems);
    buf_reset(said);
    problems_print(&problems, said);
    if (s)
        settings_print(s, printed);
    bool good = s != NULL;
    settings_free(s);
    files_free(files);
    problems_fini(&problems);
    return good;
}

/* What was printed is read, and prints the same. */
static void assert_read(struct str printed, const struct trial *t)
{
    struct buf again = BUF_INIT, said = BUF_INIT;
    bool good = print_of(printed, &again, &said);
    if (!good || !str_eq(buf_str(&again), printed))
        fail_msg("%s = %s was printed as\n%.*s\nwhich is read as\n%.*s\n%.*s", t->key, t->value,
                 STR_ARG(printed), STR_ARG(buf_str(&again)), STR_ARG(buf_str(&said)));
    buf_fini(&again);
    buf_fini(&said);
}

/* Whether it is taken, and is seen in print: what is printed without it is something else, or is
   refused. */
static bool try_one(const struct trial *t, struct buf *said)
{
    struct buf with = BUF_INIT, without = BUF_INIT, first = BUF_INIT, second = BUF_INIT,
               no = BUF_INIT;
    write_configuration(&with, t, true);
    write_configuration(&without, t, false);
    bool good = print_of(buf_str(&with), &first, said), seen = false;
    if (good) {
        assert_read(buf_str(&first), t);
        seen = !print_of(buf_str(&without), &second, &no) ||
               !str_eq(buf_str(&first), buf_str(&second));
    }
    buf_fini(&with);
    buf_fini(&without);
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&no);
    return seen;
}

/* ---- all of them ---- */

/* Values that K may have by its type; some are refused for what they say. */
static bool try_type(const struct table *table, const struct key *k)
{
    static const char *const texts[] = {
        "\"x\"",         "\"a \\\"b\\\" \\\\ c\"", "\"\"", "\"12\"", "\"a.example\"",
        "\"/no/where\"", "\"no/where\"",           "[ ]",  "true",   "false"};
    struct buf value = BUF_INIT, said = BUF_INIT;
    const bool number = k->type == KEY_INTEGER || k->type == KEY_DURATION || k->type == KEY_SIZE;
    bool seen = false;
    for (unsigned i = 0; k->type == KEY_CHOICE ? k->choices[i] != NULL
                         : number              ? i < 3
                                               : i < COUNT(texts);
         i++) {
        uint64_t n = i < 2 ? (uint64_t)(i == 0 ? k->min : k->max) : (uint64_t)(k->min + 1000);
        buf_reset(&value);
        if (k->type == KEY_CHOICE)
            buf_addf(&value, "\"%s\"", k->choices[i]);
        else if (!number)
            buf_add_text(&value, texts[i]);
        else if (k->type == KEY_INTEGER)
            buf_add_u64(&value, n);
        else {
            buf_add_char(&value, '"');
            key_print_number(k, n, &value);
            buf_add_char(&value, '"');
        }
        buf_add_char(&value, '\0');
        const struct trial t = {table, k->name, value.p, "", ""};
        seen |= try_one(&t, &said);
    }
    buf_fini(&value);
    buf_fini(&said);
    return seen;
}

static bool try_trials(const struct table *table, const struct key *k)
{
    bool seen = false;
    for (unsigned i = 0; i < COUNT(trials); i++) {
        if (trials[i].table != table || strcmp(trials[i].key, k->name) != 0)
            continue;
        struct buf said = BUF_INIT;
        seen |= try_one(&trials[i], &said);
        if (said.n > 0)
            fail_msg("%s = %s: %.*s", k->name, trials[i].value, STR_ARG(buf_str(&said)));
        buf_fini(&said);
    }
    return seen;
}

static void what_is_printed_is_read_again(void **state)
{
    char directory[] = "/tmp/stird-print-XXXXXX";
    unsigned unseen = 0;
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    for (unsigned i = 0; i < COUNT(parts); i++)
        for (unsigned j = 0; j < parts[i].table->n_keys; j++) {
            const struct key *k = &parts[i].table->keys[j];
            bool by_type = k->type != KEY_OBJECTS && try_type(parts[i].table, k);
            bool by_trial = try_trials(parts[i].table, k);
            if (by_type || by_trial || k->type == KEY_OBJECTS || has_one_value(k))
                continue;
            print_error("%s %s was not seen in print: give it a value in `trials`\n",
                        parts[i].list ? parts[i].list : "root", k->name);
            unseen++;
        }
    assert_int_equal(unseen, 0);
    assert_int_equal(unlink("stird.conf"), 0);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_printed_is_read_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
