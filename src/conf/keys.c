#include "keys.h"

#include "draft.h"

#include <stird/conf/runtime_directory.h>

#define FIELD_AS(draft, member, applies)                                                           \
    offsetof(struct draft, member), sizeof(((struct draft *)0)->member), applies
#define FIELD(draft, member)         FIELD_AS(draft, member, BY_RELOAD)
#define ROOT(member)                 FIELD(draft, member)
#define ROOT_AS(applies, member)     FIELD_AS(draft, member, applies)
#define LISTENER_AS(applies, member) FIELD_AS(draft_listener, member, applies)
#define LISTENER(member)             FIELD(draft_listener, member)
#define CERTIFICATE(member)          FIELD(draft_certificate, member)
#define PROVIDER(member)             FIELD(draft_provider, member)
#define UPSTREAM(member)             FIELD(draft_upstream, member)
#define TRUNK(member)                FIELD(draft_trunk, member)
#define COUNT(list)                  (sizeof(list) / sizeof((list)[0]))

#define NOT_A (1u << TREATMENT_A)
#define WHY_NOT_A                                                                                  \
    "level A is for owned and delegated numbers only (ATIS-1000074): write B, C, unsigned or "     \
    "refuse"
#define LEVELS (1u << TREATMENT_A | 1u << TREATMENT_B | 1u << TREATMENT_C)
#define WHY_NOT_SIGNED                                                                             \
    "a number that is marked as blocked is never signed: write refuse or unsigned"
#define WHY_GATEWAY "a gateway call is never above C: write C, unsigned or refuse"
#define WHY_NOT_REFUSE                                                                             \
    "a trunk whose calls are all refused is no trunk: write unsigned, or a rule that refuses"
#define CUSTOMER(member) FIELD(draft_customer, member)
#define RULE(member)     FIELD(draft_rule, member)
#define WHY_IMPOSSIBLE   "a number that cannot exist is never signed: write unsigned or refuse"
#define WHY_NO_NUMBER    "a call without a calling number cannot be signed: write unsigned or refuse"

/* In the order of the enums whose values are kept. */
const char *const treatments[] = {"A", "B", "C", "unsigned", "refuse", NULL};
static const char *const identities[] = {"authenticated", "gateway", NULL};
static const char *const existing[] = {"keep", "strip", "replace", "add", NULL};
static const char *const group_places[] = {"contact", "request_uri", "from", NULL};
static const char *const called[] = {"to", "request_uri", NULL};
static const char *const request_uris[] = {"keep", "replace", NULL};
static const char *const private_identities[] = {"keep", "strip", NULL};
static const char *const healths[] = {"alive", "next_hops", "signing", NULL};
static const char *const drains[] = {"503", "silence", NULL};
static const char *const dialog_peers[] = {"known", "any", NULL};
static const char *const verifications[] = {"none", "require", NULL};
static const char *const failures[] = {"fail_open", "fail_closed", NULL};
static const char *const two_owners[] = {"warn", "refuse", NULL};
static const char *const levels[] = {"error", "warning", "info", "debug", NULL};

const char *const kyc_states[] = {"verified", "pending", "failed", "none", NULL};
static const char *const origids[] = {"call", "trunk", "customer", NULL};
static const char *const rule_identities[] = {"any", "authenticated", "gateway", NULL};
static const char *const carried[] = {"any", "shaken", "none", NULL};
static const char *const verdicts[] = {"A", "B", "C", "unsigned", "refuse", "by_number", NULL};

static const struct key listener_keys[] = {
    {"name", KEY_NAME, NULL, true, 0, 0, NULL, 0, NULL, NULL, LISTENER(listener.name),
     "Name of the listener; a trunk or an upstream may refer to it."},
    {"address", KEY_TEXT, NULL, true, 1, 64, NULL, 0, NULL, NULL,
     LISTENER_AS(AT_START_ONLY, address),
     "IPv4 or IPv6 address; it goes into Via and Record-Route, so no wildcard."},
    {"port", KEY_INTEGER, "5060", false, 1, 65535, NULL, 0, NULL, NULL,
     LISTENER_AS(AT_START_ONLY, listener.address.port), "Port."},
    {"transports", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL,
     LISTENER_AS(AT_START_ONLY, transports),
     "\"udp\", \"tcp\" or both; both when it is left out. Or \"tls\" alone, with port 5061."},
    {"advertise", KEY_TEXT, NULL, false, 1, 64, NULL, 0, NULL, NULL,
     LISTENER_AS(AT_START_ONLY, advertise),
     "ADDRESS or ADDRESS:PORT that goes into Via and Record-Route instead, where what is outside is "
     "translated (NAT)."},
    {"aliases", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, LISTENER(aliases),
     "As aliases, and they stand for this listener: another node's address of the same side."},
    {"verify_client", KEY_CHOICE, "none", false, 0, 0, verifications, 0, NULL, NULL,
     LISTENER(listener.verify_client),
     "Over TLS: require: a client must show a certificate that tls.ca vouches for."},
};

static const struct key certificate_keys[] = {
    {"id", KEY_NAME, NULL, true, 0, 0, NULL, 0, NULL, NULL, CERTIFICATE(id),
     "Name of the unit; a trunk and the cert column of a number table may refer to it."},
    {"directory", KEY_PATH, NULL, true, 1, 4095, NULL, 0, NULL, NULL, CERTIFICATE(directory),
     "Where key.pem, chain.pem and x5u lie, or one NAME.unit directory for each unit of these."},
    {"foreign", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL, CERTIFICATE(foreign),
     "Whether its service provider code may be another's, or none at all: it signs where it is "
     "named, and where its provider has no certificate of its own."},
};

static const struct key provider_keys[] = {
    {"name", KEY_NAME, NULL, true, 0, 0, NULL, 0, NULL, NULL, PROVIDER(name),
     "Name of the provider, as in records; trunks refer to it."},
    {"spc", KEY_TEXTS, NULL, true, 0, 0, NULL, 0, NULL, NULL, PROVIDER(spcs),
     "Its service provider codes: a certificate for another one is refused."},
    {"certificates", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, PROVIDER(certificates),
     "Ids of its certificates, which sign for its trunks alone; all when there is one provider."},
};

static const struct key upstream_keys[] = {
    {"name", KEY_NAME, NULL, true, 0, 0, NULL, 0, NULL, NULL, UPSTREAM(upstream.name),
     "Name of the upstream; trunks refer to it."},
    {"uri", KEY_TEXT, NULL, true, 1, 255, NULL, 0, NULL, NULL, UPSTREAM(uri),
     "Where requests go: sip:HOST[:PORT][;transport=udp|tcp|tls]; HOST is an address or a name."},
    {"sources", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, UPSTREAM(sources),
     "Addresses and prefixes that it may send from; the addresses of its uri when left out."},
    {"listener", KEY_NAME, NULL, false, 0, 0, NULL, 0, NULL, NULL, UPSTREAM(listener),
     "The listener that requests leave from; else the first of the same family and transport."},
    {"tls_name", KEY_TEXT, NULL, false, 1, 253, NULL, 0, NULL, NULL, UPSTREAM(upstream.tls_name),
     "Over TLS: the name that its certificate must be for; the host of its uri when left out."},
    {"probe", KEY_DURATION, "0ms", false, 0, 3600000, NULL, 0, NULL, NULL,
     UPSTREAM(upstream.probe_ms),
     "How often OPTIONS asks each next hop whether it is well, at least 1s; 0ms: never."},
    {"probe_failures", KEY_INTEGER, "3", false, 1, 100, NULL, 0, NULL, NULL,
     UPSTREAM(upstream.probe_failures),
     "Probes in a row that fail before a next hop gets no more calls."},
    {"trusted", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL, UPSTREAM(upstream.trusted),
     "Whether it is in our trust domain (RFC 3325); if not, Privacy: id takes "
     "P-Asserted-Identity off."},
    {"privacy_identity", KEY_CHOICE, "keep", false, 0, 0, private_identities, 0, NULL, NULL,
     UPSTREAM(upstream.strip_private_identity),
     "Where Privacy: id takes P-Asserted-Identity off: whether Identity headers of others stay."},
    {"calls", KEY_INTEGER, "0", false, 0, 1000000, NULL, 0, NULL, NULL,
     UPSTREAM(upstream.max_calls),
     "Most INVITEs in progress there at once, in a worker; more go to the next; 0: no limit."},
    {"request_uri", KEY_CHOICE, "keep", false, 0, 0, request_uris, 0, NULL, NULL,
     UPSTREAM(upstream.replace_request_uri),
     "keep: only a Request-URI that names stird gets the upstream's host; replace: each one."},
};

static const struct key trunk_keys[] = {
    {"name", KEY_NAME, NULL, true, 0, 0, NULL, 0, NULL, NULL, TRUNK(trunk.name),
     "Name of the trunk, as in records and logs."},
    {"sources", KEY_TEXTS, NULL, true, 0, 0, NULL, 0, NULL, NULL, TRUNK(sources),
     "Addresses and prefixes that its calls come from."},
    {"listener", KEY_NAME, NULL, false, 0, 0, NULL, 0, NULL, NULL, TRUNK(trunk.listener),
     "Only calls that arrive at this listener."},
    {"tgrp", KEY_TEXT, NULL, false, 1, 128, NULL, 0, NULL, NULL, TRUNK(trunk.tgrp),
     "Only calls with this tgrp or otg parameter, where tgrp_in says."},
    {"tgrp_in", KEY_CHOICE, "contact", false, 0, 0, group_places, 0, NULL, NULL,
     TRUNK(trunk.tgrp_in),
     "Where this SBC writes it: contact (RFC 4904), request_uri, or from, which callers write too."},
    {"request_host", KEY_TEXT, NULL, false, 1, 255, NULL, 0, NULL, NULL, TRUNK(trunk.request_host),
     "Only calls whose Request-URI has this host."},
    {"request_user_prefix", KEY_TEXT, NULL, false, 1, 64, NULL, 0, NULL, NULL,
     TRUNK(trunk.request_user_prefix), "Only calls whose Request-URI's user part begins so."},
    {"header_name", KEY_NAME, NULL, false, 0, 0, NULL, 0, NULL, NULL, TRUNK(trunk.header_name),
     "Only calls with this header, which the source is trusted to set; it is removed."},
    {"header_value", KEY_TEXT, NULL, false, 1, 255, NULL, 0, NULL, NULL, TRUNK(trunk.header_value),
     "The value of that header, and of each that has its name."},
    {"tls_name", KEY_TEXT, NULL, false, 1, 253, NULL, 0, NULL, NULL, TRUNK(trunk.tls_name),
     "Only calls over TLS from a peer whose verified certificate is for this name."},
    {"tls_peer_name", KEY_TEXT, NULL, false, 1, 253, NULL, 0, NULL, NULL,
     TRUNK(trunk.tls_peer_name),
     "Over TLS: the name that its certificate must be for when stird connects to it; no condition of its calls."},
    {"customer", KEY_TEXT, NULL, true, 1, 64, NULL, 0, NULL, NULL, TRUNK(trunk.customer),
     "Whose calls these are: the customer column of the number tables."},
    {"identity", KEY_CHOICE, NULL, true, 0, 0, identities, 0, NULL, NULL, TRUNK(trunk.gateway),
     "authenticated: the customer is known and directly connected; gateway: never above C."},
    {"trusted", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL, TRUNK(trunk.trusted),
     "Whether its P-Asserted-Identity counts and stays (RFC 3325)."},
    {"upstreams", KEY_TEXTS, NULL, true, 0, 0, NULL, 0, NULL, NULL, TRUNK(upstreams),
     "Names of upstreams, in the order they are tried."},
    {"health", KEY_CHOICE, "alive", false, 0, 0, healths, 0, NULL, NULL, TRUNK(trunk.health),
     "When its OPTIONS get 200, else 503: alive: while stird runs; next_hops: while a next hop is "
     "usable; signing: and calls can be signed."},
    {"calls", KEY_INTEGER, "0", false, 0, 1000000, NULL, 0, NULL, NULL, TRUNK(trunk.max_calls),
     "Most of its INVITEs in progress at once, in a worker; more get 503; 0: no limit."},
    {"provider", KEY_NAME, NULL, false, 0, 0, NULL, 0, NULL, NULL, TRUNK(provider),
     "Name of the provider whose certificates sign its calls; needed where there are several."},
    {"certificate", KEY_NAME, NULL, false, 0, 0, NULL, 0, NULL, NULL, TRUNK(certificate),
     "Id of the certificate that signs its calls; else the first one of its provider."},
    {"dest", KEY_CHOICE, "to", false, 0, 0, called, 0, NULL, NULL,
     TRUNK(trunk.dest_from_request_uri),
     "Where the called number is taken from; verifiers compare To."},
    {"existing_identity", KEY_CHOICE, "keep", false, 0, 0, existing, 0, NULL, NULL,
     TRUNK(trunk.existing_identity),
     "What becomes of Identity headers that a call brings: keep, strip, replace or add."},
    {"force_rport", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL,
     TRUNK(trunk.force_rport),
     "Over UDP: whether answers go to the port that its requests come from, unasked (RFC 3581)."},
    {"reuse_connection", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL,
     TRUNK(trunk.reuse_connection),
     "Over TCP and TLS: whether requests inside a call take a connection that it has opened."},
    {"contact_fix", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL,
     TRUNK(trunk.contact_fix),
     "Whether a private address in its Contact gives way to the one that the message came from."},
    {"cap", KEY_CHOICE, "A", false, 0, 0, treatments, 1u << TREATMENT_REFUSE, WHY_NOT_REFUSE, NULL,
     TRUNK(trunk.cap), "Nothing better than this leaves from here, whatever table and rules say."},
    {"attestation_headers", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL,
     TRUNK(trunk.attestation_headers),
     "Whether a trusted trunk's Attestation-Info (and its vendors' names) may lower the level and "
     "its Origination-Id is the origid."},
    {"origid", KEY_CHOICE, NULL, false, 0, 0, origids, 0, NULL, NULL, TRUNK(trunk.origid),
     "As signing.origid, for this trunk."},
    {"country.code", KEY_DIGITS, NULL, false, 0, 3, NULL, 0, NULL, NULL, TRUNK(trunk.country.code),
     "As country.code, for this trunk."},
    {"country.international_prefix", KEY_DIGITS, NULL, false, 0, 5, NULL, 0, NULL, NULL,
     TRUNK(trunk.country.international_prefix), "As country.international_prefix, for this trunk."},
    {"country.national_prefix", KEY_DIGITS, NULL, false, 0, 5, NULL, 0, NULL, NULL,
     TRUNK(trunk.country.national_prefix), "As country.national_prefix, for this trunk."},
    {"country.national_length", KEY_INTEGER, NULL, false, 4, 14, NULL, 0, NULL, NULL,
     TRUNK(trunk.country.national_length), "As country.national_length, for this trunk."},
    {"country.national_length_max", KEY_INTEGER, NULL, false, 0, 14, NULL, 0, NULL, NULL,
     TRUNK(trunk.country.national_length_max), "As country.national_length_max, for this trunk."},
    {"attestation.owned", KEY_CHOICE, NULL, false, 0, 0, treatments, 0, NULL, NULL,
     TRUNK(trunk.by_state[NUMBER_OWNED]), "As attestation.owned, for this trunk."},
    {"attestation.delegated", KEY_CHOICE, NULL, false, 0, 0, treatments, 0, NULL, NULL,
     TRUNK(trunk.by_state[NUMBER_DELEGATED]), "As attestation.delegated, for this trunk."},
    {"attestation.unverified", KEY_CHOICE, NULL, false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     TRUNK(trunk.by_state[NUMBER_UNVERIFIED]), "As attestation.unverified, for this trunk."},
    {"attestation.unknown", KEY_CHOICE, NULL, false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     TRUNK(trunk.by_state[NUMBER_UNKNOWN]), "As attestation.unknown, for this trunk."},
    {"attestation.expired", KEY_CHOICE, NULL, false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     TRUNK(trunk.by_state[NUMBER_EXPIRED]), "As attestation.expired, for this trunk."},
    {"attestation.not_yet", KEY_CHOICE, NULL, false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     TRUNK(trunk.by_state[NUMBER_NOT_YET]), "As attestation.not_yet, for this trunk."},
    {"attestation.other_customer", KEY_CHOICE, NULL, false, 0, 0, treatments, NOT_A, WHY_NOT_A,
     NULL, TRUNK(trunk.by_state[NUMBER_OTHER_CUSTOMER]),
     "As attestation.other_customer, for this trunk."},
    {"attestation.blocked", KEY_CHOICE, NULL, false, 0, 0, treatments, LEVELS, WHY_NOT_SIGNED, NULL,
     TRUNK(trunk.by_state[NUMBER_BLOCKED]), "As attestation.blocked, for this trunk."},
    {"attestation.gateway", KEY_CHOICE, NULL, false, 0, 0, treatments, NOT_A | 1u << TREATMENT_B,
     WHY_GATEWAY, NULL, TRUNK(trunk.gateway_treatment), "As attestation.gateway, for this trunk."},
    {"attestation.no_calling_number", KEY_CHOICE, NULL, false, 0, 0, treatments, LEVELS,
     WHY_NO_NUMBER, NULL, TRUNK(trunk.no_calling_number),
     "As attestation.no_calling_number, for this trunk."},
    {"attestation.impossible_number", KEY_CHOICE, NULL, false, 0, 0, treatments, LEVELS,
     WHY_IMPOSSIBLE, NULL, TRUNK(trunk.impossible_number),
     "As attestation.impossible_number, for this trunk."},
};

static const struct key customer_keys[] = {
    {"name", KEY_TEXT, NULL, true, 1, 64, NULL, 0, NULL, NULL, CUSTOMER(name),
     "As in trunks and number tables."},
    {"kyc", KEY_CHOICE, "none", false, 0, 0, kyc_states, 0, NULL, NULL, CUSTOMER(kyc),
     "How far we know who it is."},
    {"cap", KEY_CHOICE, "A", false, 0, 0, treatments, 0, NULL, NULL, CUSTOMER(cap),
     "Nothing better than this leaves for it; refuse: no call but an emergency call."},
    {"provider", KEY_TEXT, NULL, false, 1, 64, NULL, 0, NULL, NULL, CUSTOMER(provider),
     "The provider that it has its numbers from: an attribute for rules."},
    {"contact", KEY_TEXT, NULL, false, 1, 128, NULL, 0, NULL, NULL, CUSTOMER(contact),
     "Whom to call."},
    {"attributes", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, CUSTOMER(attributes),
     "More for rules: \"column = value\" each."},
};

static const struct key rule_keys[] = {
    {"name", KEY_NAME, NULL, true, 0, 0, NULL, 0, NULL, NULL, RULE(rule.name),
     "Name of the rule, as in records and logs."},
    {"trunks", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(trunks),
     "Only calls of these trunks."},
    {"customers", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(customers),
     "Only calls of these customers."},
    {"identity", KEY_CHOICE, "any", false, 0, 0, rule_identities, 0, NULL, NULL,
     RULE(rule.identity), "Only calls of trunks with this identity."},
    {"number_states", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(number_states),
     "Only calls whose calling number is in one of these states: owned, delegated, unverified, "
     "unknown, expired, not_yet, other_customer."},
    {"customer_is", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(customer_is),
     "Only calls of customers with all of these: \"column = value\" each, as \"kyc = pending\"."},
    {"number_is", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(number_is),
     "Only calls whose number row has all of these: \"column = value\" each."},
    {"calling", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(calling),
     "Only calls whose calling number begins with one of these: \"+1215\"; a country is its code."},
    {"called", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(called),
     "The same for the called number."},
    {"days", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(days),
     "Only on these days: sun, mon, tue, wed, thu, fri, sat."},
    {"from", KEY_TEXT, "00:00", false, 1, 8, NULL, 0, NULL, NULL, RULE(from),
     "Only from this time of day on."},
    {"to", KEY_TEXT, "00:00", false, 1, 8, NULL, 0, NULL, NULL, RULE(to),
     "Only before this time of day; earlier than from: over midnight; equal: all day."},
    {"time_zone", KEY_TEXT, NULL, false, 1, 64, NULL, 0, NULL, NULL, RULE(time_zone),
     "Whose days and times these are; that of numbers.time_zone when left out."},
    {"header_name", KEY_NAME, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(rule.header_name),
     "Only calls of a trusted trunk with this header."},
    {"header_value", KEY_TEXT, NULL, false, 1, 255, NULL, 0, NULL, NULL, RULE(rule.header_value),
     "The value of that header, in any case; of several any for what lowers, all for what raises."},
    {"carries", KEY_CHOICE, "any", false, 0, 0, carried, 0, NULL, NULL, RULE(rule.carries),
     "Only calls that carry a shaken Identity already, or only those that do not."},
    {"then", KEY_CHOICE, NULL, true, 0, 0, verdicts, 0, NULL, NULL, RULE(rule.verdict),
     "A, B or C at most, as far as the number allows; unsigned; refuse; by_number: as without "
     "rules."},
    {"existing_identity", KEY_CHOICE, NULL, false, 0, 0, existing, 0, NULL, NULL,
     RULE(rule.existing_identity), "As that of the trunk, for these calls."},
    {"status", KEY_INTEGER, "403", false, 400, 699, NULL, 0, NULL, NULL, RULE(rule.status),
     "The answer of refuse."},
    {"certificate", KEY_NAME, NULL, false, 0, 0, NULL, 0, NULL, NULL, RULE(certificate),
     "What these calls are signed with; the number row's cert goes before it."},
    {"reason", KEY_TEXT, NULL, false, 1, 64, NULL, 0, NULL, NULL, RULE(rule.reason_text),
     "Goes out with the answer, in a Reason header (RFC 3326)."},
};

static const struct key root_keys[] = {
    {"node", KEY_TEXT, NULL, false, 1, 64, NULL, 0, NULL, NULL, ROOT(settings.node),
     "Name of this machine in the records; the host name when left out."},
    {"workers", KEY_INTEGER, "1", false, 1, 64, NULL, 0, NULL, NULL,
     ROOT_AS(AT_START_ONLY, settings.workers),
     "Processes that take calls, at most one a core; more than one need CAP_BPF at start."},
    {"listen", KEY_OBJECTS, NULL, true, 0, 0, NULL, 0, NULL, &listener_table,
     ROOT_AS(AT_START_ONLY, listeners), "Where stird listens."},
    {"aliases", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, ROOT(aliases),
     "Names and addresses, with a port or without (any), that are ours too: another node's, or what "
     "leads here."},
    {"trunks", KEY_OBJECTS, NULL, true, 0, 0, NULL, 0, NULL, &trunk_table, ROOT(trunks),
     "Whose calls are taken."},
    {"upstreams", KEY_OBJECTS, NULL, true, 0, 0, NULL, 0, NULL, &upstream_table, ROOT(upstreams),
     "Where calls go."},
    {"certificates", KEY_OBJECTS, NULL, true, 0, 0, NULL, 0, NULL, &certificate_table,
     ROOT(certificates), "What calls are signed with."},
    {"providers", KEY_OBJECTS, NULL, false, 0, 0, NULL, 0, NULL, &provider_table, ROOT(providers),
     "For whom stird signs, where that is more than one; instead of provider.spc."},
    {"customers", KEY_OBJECTS, NULL, false, 0, 0, NULL, 0, NULL, &customer_table, ROOT(customers),
     "Who the customers are."},
    {"rules", KEY_OBJECTS, NULL, false, 0, 0, NULL, 0, NULL, &rule_table, ROOT(rules),
     "Exceptions from the attestation by number; the first rule that fits a call decides."},
    {"provider.spc", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, ROOT(provider_spcs),
     "Our service provider codes, needed unless providers has them: a certificate for another one "
     "is refused."},
    {"numbers.customers", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, ROOT(customers_files),
     "Tables of customers: files, or directories whose *.csv are read."},
    {"numbers.time_zone", KEY_TEXT, "UTC", false, 1, 64, NULL, 0, NULL, NULL, ROOT(time_zone),
     "Whose days the dates of the tables are, and whose times those of rules: America/New_York."},
    {"numbers.files", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, ROOT(numbers_files),
     "Number tables: files, or directories whose *.csv are read."},
    {"numbers.compiled", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL,
     ROOT(settings.numbers_compiled),
     "A table that stirctl numbers compile made, instead of numbers.files and .customers."},
    {"numbers.max_shrink_percent", KEY_INTEGER, "10", false, 0, 100, NULL, 0, NULL, NULL,
     ROOT(settings.numbers_max_shrink_percent),
     "A reload that would lose more of the rows than this is refused."},
    {"numbers.two_owners", KEY_CHOICE, "warn", false, 0, 0, two_owners, 0, NULL, NULL,
     ROOT(settings.numbers_two_owners),
     "Two customers own one number on the same day: warn gives both an A, refuse loads no such "
     "table and takes no such urgent change."},
    {"attestation.owned", KEY_CHOICE, "A", false, 0, 0, treatments, 0, NULL, NULL,
     ROOT(common.by_state[NUMBER_OWNED]), "The number is assigned to the trunk's customer."},
    {"attestation.delegated", KEY_CHOICE, "A", false, 0, 0, treatments, 0, NULL, NULL,
     ROOT(common.by_state[NUMBER_DELEGATED]), "The customer may use the number by delegation."},
    {"attestation.unverified", KEY_CHOICE, "B", false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     ROOT(common.by_state[NUMBER_UNVERIFIED]),
     "The number is listed for the customer without proof."},
    {"attestation.unknown", KEY_CHOICE, "B", false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     ROOT(common.by_state[NUMBER_UNKNOWN]), "The number is in no table."},
    {"attestation.expired", KEY_CHOICE, "B", false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     ROOT(common.by_state[NUMBER_EXPIRED]), "The customer's row is no longer in force."},
    {"attestation.not_yet", KEY_CHOICE, "B", false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     ROOT(common.by_state[NUMBER_NOT_YET]), "The customer's row is not in force yet."},
    {"attestation.other_customer", KEY_CHOICE, "B", false, 0, 0, treatments, NOT_A, WHY_NOT_A, NULL,
     ROOT(common.by_state[NUMBER_OTHER_CUSTOMER]), "The number is somebody else's."},
    {"attestation.blocked", KEY_CHOICE, "refuse", false, 0, 0, treatments, LEVELS, WHY_NOT_SIGNED,
     NULL, ROOT(common.by_state[NUMBER_BLOCKED]),
     "The number is marked as one that never originates calls."},
    {"attestation.gateway", KEY_CHOICE, "C", false, 0, 0, treatments, NOT_A | 1u << TREATMENT_B,
     WHY_GATEWAY, NULL, ROOT(common.gateway_treatment),
     "A call of a gateway trunk, whatever its number."},
    {"attestation.no_calling_number", KEY_CHOICE, "unsigned", false, 0, 0, treatments, LEVELS,
     WHY_NO_NUMBER, NULL, ROOT(common.no_calling_number),
     "Neither P-Asserted-Identity nor From holds a telephone number."},
    {"attestation.impossible_number", KEY_CHOICE, "unsigned", false, 0, 0, treatments, LEVELS,
     WHY_IMPOSSIBLE, NULL, ROOT(common.impossible_number),
     "The calling number is one that nobody can have; no_calling_number = refuse refuses it too."},
    {"countries.own", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, ROOT(own_countries),
     "Country codes whose numbers are our own to attest; all when left out."},
    {"countries.foreign_cap", KEY_CHOICE, "C", false, 0, 0, treatments, 1u << TREATMENT_REFUSE,
     WHY_NOT_REFUSE, NULL, ROOT(settings.foreign_cap),
     "With countries.own: a calling number of another country gets this at most."},
    {"country.code", KEY_DIGITS, "1", false, 0, 3, NULL, 0, NULL, NULL, ROOT(common.country.code),
     "Country code for numbers without a plus; empty: only numbers with a plus are taken."},
    {"country.international_prefix", KEY_DIGITS, "011", false, 0, 5, NULL, 0, NULL, NULL,
     ROOT(common.country.international_prefix), "What is dialled before a foreign number."},
    {"country.national_prefix", KEY_DIGITS, "", false, 0, 5, NULL, 0, NULL, NULL,
     ROOT(common.country.national_prefix),
     "What is dialled before a national number; empty: nothing."},
    {"country.national_length", KEY_INTEGER, "10", false, 4, 14, NULL, 0, NULL, NULL,
     ROOT(common.country.national_length), "Digits of a national number behind the code."},
    {"country.national_length_max", KEY_INTEGER, "0", false, 0, 14, NULL, 0, NULL, NULL,
     ROOT(common.country.national_length_max),
     "The most digits, where national numbers are not all as long; 0: they are."},
    {"emergency.numbers", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(emergency_numbers), "Emergency numbers besides 911, 112, 933 and urn:service:sos."},
    {"emergency.prefixes", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(emergency_prefixes), "What may stand before them for an outside line; 9 when left out."},
    {"emergency.to", KEY_BOOLEAN, "true", false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(settings.emergency_by_to),
     "To alone can make it an emergency call; false: the Request-URI always tells."},
    {"emergency.to_alarm", KEY_INTEGER, "2", false, 0, 100, NULL, 0, NULL, NULL,
     ROOT(settings.emergency_to_alarm_percent),
     "Percent of the calls that may be emergency calls by To alone before an alarm; 0: none is given."},
    {"short_codes", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, ROOT(short_codes),
     "Called numbers that are taken as they are."},
    {"signing.failure", KEY_CHOICE, "fail_open", false, 0, 0, failures, 0, NULL, NULL,
     ROOT(settings.failure_mode),
     "fail_open: a call that cannot be signed leaves unsigned; fail_closed: it gets 503."},
    {"signing.timeout", KEY_DURATION, "50ms", false, 5, 1000, NULL, 0, NULL, NULL,
     ROOT(settings.sign_timeout_ms), "How long a call waits for its signature."},
    {"signing.requests_per_second", KEY_INTEGER, "0", false, 0, 1000000, NULL, 0, NULL, NULL,
     ROOT(settings.sign_requests_per_second),
     "Most signatures a second that one worker may ask for; 0: twice the calls of all trunks that "
     "may be in progress; 10000 where a trunk has no limit; never more than twice limits.calls."},
    {"signing.pkcs11_module", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL,
     ROOT(settings.pkcs11_module),
     "The library of the token (PKCS#11) that a unit's key.uri names."},
    {"signing.origid", KEY_CHOICE, "call", false, 0, 0, origids, 0, NULL, NULL, ROOT(common.origid),
     "Which calls share an origid: none, those of a trunk, or those of a customer."},
    {"proxy.pass_503", KEY_BOOLEAN, "true", false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(settings.pass_503), "Whether a caller sees an upstream's 503; false: it gets 500."},
    {"proxy.private_headers", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(private_headers), "Further headers that only a trusted trunk may send through stird."},
    {"proxy.record_route", KEY_BOOLEAN, "true", false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(settings.record_route), "Whether later requests of a call come through stird."},
    {"proxy.drain", KEY_CHOICE, "503", false, 0, 0, drains, 0, NULL, NULL,
     ROOT(settings.drain_silently),
     "What a stop says to new calls and OPTIONS: 503, or silence for peers that take any answer "
     "as health."},
    {"proxy.dialog_peers", KEY_CHOICE, "known", false, 0, 0, dialog_peers, 0, NULL, NULL,
     ROOT(settings.dialog_peers_any),
     "known: inside a call a stranger's request goes only to addresses that a trunk or an upstream "
     "covers; any: anywhere."},
    {"proxy.dialog_ports", KEY_CHOICE, "known", false, 0, 0, dialog_peers, 0, NULL, NULL,
     ROOT(settings.dialog_ports_any),
     "known: a stranger's request goes only to ports of a peer that the configuration, the "
     "standard or the peer itself says; any: to any port."},
    {"proxy.responses", KEY_CHOICE, "known", false, 0, 0, dialog_peers, 0, NULL, NULL,
     ROOT(settings.responses_any),
     "known: a response counts that comes from where its request went, or from an address that a "
     "trunk or an upstream covers; any: from anywhere."},
    {"proxy.dialog_days", KEY_INTEGER, "2", false, 2, 90, NULL, 0, NULL, NULL,
     ROOT(settings.dialog_days),
     "How many days the Record-Route of a call holds, that of its beginning the first."},
    {"dns.servers", KEY_TEXTS, NULL, false, 0, 0, NULL, 0, NULL, NULL, ROOT(dns_servers),
     "Name servers, ADDRESS or ADDRESS:PORT; those of /etc/resolv.conf when left out."},
    {"timers.t1", KEY_DURATION, "500ms", false, 50, 5000, NULL, 0, NULL, NULL, ROOT(settings.t1_ms),
     "Round trip time (RFC 3261 section 17)."},
    {"timers.t2", KEY_DURATION, "4s", false, 500, 32000, NULL, 0, NULL, NULL, ROOT(settings.t2_ms),
     "Longest interval of retransmissions."},
    {"timers.t4", KEY_DURATION, "5s", false, 500, 32000, NULL, 0, NULL, NULL, ROOT(settings.t4_ms),
     "How long a message may stay in the network."},
    {"timers.c", KEY_DURATION, "181s", false, 180001, 3600000, NULL, 0, NULL, NULL,
     ROOT(settings.timer_c_ms),
     "How long an INVITE may ring; more than three minutes (RFC 3261 section 16.6)."},
    {"timers.next_hop", KEY_DURATION, "2s", false, 100, 32000, NULL, 0, NULL, NULL,
     ROOT(settings.next_hop_timeout_ms),
     "An upstream that answers nothing at all for so long is given up for the next."},
    {"limits.message", KEY_SIZE, "64k", false, 2048, 65536, NULL, 0, NULL, NULL,
     ROOT(settings.max_message_bytes), "Longest message."},
    {"limits.header_lines", KEY_INTEGER, "256", false, 32, 256, NULL, 0, NULL, NULL,
     ROOT(settings.max_header_lines), "Most header lines of a request."},
    {"limits.calls", KEY_INTEGER, "20000", false, 1, 1000000, NULL, 0, NULL, NULL,
     ROOT(settings.max_calls), "Most calls that begin and have no final answer yet, in a worker."},
    {"limits.unacknowledged", KEY_INTEGER, "20000", false, 1, 1000000, NULL, 0, NULL, NULL,
     ROOT(settings.max_unacknowledged),
     "Most refused calls of one trunk that wait for their ACK, in a worker; more get 503."},
    {"limits.emergency", KEY_INTEGER, "500", false, 1, 1000000, NULL, 0, NULL, NULL,
     ROOT(settings.max_emergency),
     "Most emergency calls in progress at once, in a worker; more get 503."},
    {"limits.memory", KEY_SIZE, "768m", false, 1048576, 2146435072, NULL, 0, NULL, NULL,
     ROOT(settings.memory_bytes),
     "Most memory that requests may hold, all workers together; each has its part. Emergency calls "
     "have as much as limits.emergency needs beside it."},
    {"limits.per_trunk", KEY_INTEGER, "75", false, 1, 100, NULL, 0, NULL, NULL,
     ROOT(settings.trunk_percent),
     "How many percent of a worker's calls, emergency calls and memory one trunk may have while "
     "others have none; less when they do."},
    {"limits.per_source", KEY_INTEGER, "90", false, 1, 100, NULL, 0, NULL, NULL,
     ROOT(settings.source_percent), "The same of one source address; of IPv6 its /64."},
    {"limits.connections", KEY_INTEGER, "1000", false, 1, 60000, NULL, 0, NULL, NULL,
     ROOT(settings.max_connections), "Most TCP and TLS connections at once, in a worker."},
    {"limits.connections_per_source", KEY_INTEGER, "512", false, 1, 60000, NULL, 0, NULL, NULL,
     ROOT(settings.max_connections_per_source),
     "Most of them that one address may open; never more than limits.connections."},
    {"limits.connections_led", KEY_INTEGER, "0", false, 0, 60000, NULL, 0, NULL, NULL,
     ROOT(settings.max_led),
     "Most connections that stird opens for what peers write (Contact, Route), in a worker; 0, and "
     "at most: half of limits.connections. Of these an eighth for strangers."},
    {"limits.connections_per_peer", KEY_INTEGER, "64", false, 1, 60000, NULL, 0, NULL, NULL,
     ROOT(settings.max_led_per_peer), "Most of these to one address."},
    {"limits.message_timeout", KEY_DURATION, "10s", false, 100, 60000, NULL, 0, NULL, NULL,
     ROOT(settings.message_timeout_ms), "How long a message may take to arrive over TCP."},
    {"limits.idle_timeout", KEY_DURATION, "60s", false, 1000, 86400000, NULL, 0, NULL, NULL,
     ROOT(settings.idle_timeout_ms), "How long a TCP connection may be silent."},
    {"limits.write_timeout", KEY_DURATION, "10s", false, 100, 600000, NULL, 0, NULL, NULL,
     ROOT(settings.write_timeout_ms),
     "A TCP connection whose peer takes nothing of what waits for it so long is closed."},
    {"limits.queue", KEY_SIZE, "256k", false, 65536, 16777216, NULL, 0, NULL, NULL,
     ROOT(settings.queue_bytes), "Most octets that wait to leave by one TCP connection."},
    {"limits.queues", KEY_SIZE, "64m", false, 1048576, 2146435072, NULL, 0, NULL, NULL,
     ROOT(settings.queues_bytes),
     "Most octets that wait in TCP connections, either way, all workers together; each has its "
     "part."},
    {"limits.drain_timeout", KEY_DURATION, "30s", false, 0, 3600000, NULL, 0, NULL, NULL,
     ROOT(settings.drain_timeout_ms), "How long a stop waits for running calls."},
    {"tls.certificate", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL,
     ROOT(settings.tls_certificate), "Certificate chain for SIP over TLS, PEM, our own first."},
    {"tls.key", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL, ROOT(settings.tls_key),
     "Its private key, PEM; readable by nobody else."},
    {"tls.ca", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL, ROOT(settings.tls_ca),
     "Certificates whose holders may vouch for our peers, PEM."},
    {"check.interval", KEY_DURATION, "1h", false, 0, 604800000, NULL, 0, NULL, NULL,
     ROOT(settings.check.interval_ms),
     "How often each certificate is fetched from its URL, as a verifier does; 0ms: never."},
    {"check.allow_private", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(settings.check.allow_private),
     "Whether these URLs may lead to private addresses: for labs."},
    {"check.tls_ca", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL,
     ROOT(settings.check.tls_ca),
     "Whom the web servers' certificates may come from, PEM; empty: the system's."},
    {"check.anchors", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL,
     ROOT(settings.check.anchors),
     "Trust anchors of STIR, PEM: chains must lead to one, at load and at their URLs; empty: not "
     "judged."},
    {"check.crls", KEY_PATH, NULL, false, 0, 4095, NULL, 0, NULL, NULL, ROOT(settings.check.crls),
     "Certificate revocation lists, PEM or DER; needs check.anchors; empty: not judged."},
    {"records.file", KEY_PATH, "/var/log/stird/records.jsonl", false, 0, 4095, NULL, 0, NULL, NULL,
     ROOT(settings.records_file), "One JSON line for each INVITE; empty: none."},
    {"records.max_size", KEY_SIZE, "256m", false, 0, 2147483647, NULL, 0, NULL, NULL,
     ROOT(settings.records_max_bytes),
     "A record file of this size moves aside and another begins; 0: never for its size."},
    {"records.max_age", KEY_DURATION, "24h", false, 0, 2678400000, NULL, 0, NULL, NULL,
     ROOT(settings.records_max_age_ms), "The same for its age; 0ms: never."},
    {"records.keep", KEY_INTEGER, "0", false, 0, 100000, NULL, 0, NULL, NULL,
     ROOT(settings.records_keep),
     "How many record files that moved aside are kept; 0: all of them."},
    {"records.backlog", KEY_SIZE, "8m", false, 65536, 1073741824, NULL, 0, NULL, NULL,
     ROOT_AS(AT_START, settings.records_backlog),
     "What may wait in each worker for a recorder that is slow or dead."},
    {"records.mask_numbers", KEY_BOOLEAN, "false", false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(settings.mask_numbers), "Numbers in records and log show their last four digits only."},
    {"directories.state", KEY_PATH, "/var/lib/stird", false, 1, 4095, NULL, 0, NULL, NULL,
     ROOT_AS(AT_START_ONLY, settings.state_directory), "What stird keeps between starts."},
    {"directories.runtime", KEY_PATH, RUNTIME_DIRECTORY_DEFAULT, false, 1, 4095, NULL, 0, NULL,
     NULL, ROOT_AS(AT_START, settings.runtime_directory), "Sockets for other programs."},
    {"control.group", KEY_TEXT, NULL, false, 0, 64, NULL, 0, NULL, NULL,
     ROOT(settings.control_group),
     "Whose members may do everything at the control socket; empty: that of stird's user."},
    {"control.read_group", KEY_TEXT, NULL, false, 0, 64, NULL, 0, NULL, NULL,
     ROOT(settings.control_read_group),
     "Whose members may look there and change nothing; empty: nobody's."},
    {"log.level", KEY_CHOICE, "info", false, 0, 0, levels, 0, NULL, NULL, ROOT(settings.log_level),
     "error, warning, info or debug."},
    {"security.landlock_required", KEY_BOOLEAN, "true", false, 0, 0, NULL, 0, NULL, NULL,
     ROOT(settings.landlock_required),
     "true: do not start on a kernel without Landlock; false: only say so."},
    {"security.user", KEY_TEXT, "stird", false, 0, 64, NULL, 0, NULL, NULL,
     ROOT_AS(AT_START_ONLY, settings.user),
     "Whom the processes of a stird that was started as root become; empty: they stay root."},
};

const struct table listener_table = {"listener", "name", listener_keys, COUNT(listener_keys),
                                     sizeof(struct draft_listener)};
const struct table certificate_table = {"certificate", "id", certificate_keys,
                                        COUNT(certificate_keys), sizeof(struct draft_certificate)};
const struct table provider_table = {"provider", "name", provider_keys, COUNT(provider_keys),
                                     sizeof(struct draft_provider)};
const struct table upstream_table = {"upstream", "name", upstream_keys, COUNT(upstream_keys),
                                     sizeof(struct draft_upstream)};
const struct table trunk_table = {"trunk", "name", trunk_keys, COUNT(trunk_keys),
                                  sizeof(struct draft_trunk)};
const struct table customer_table = {"customer", "name", customer_keys, COUNT(customer_keys),
                                     sizeof(struct draft_customer)};
const struct table rule_table = {"rule", "name", rule_keys, COUNT(rule_keys),
                                 sizeof(struct draft_rule)};
const struct table root_table = {NULL, NULL, root_keys, COUNT(root_keys), sizeof(struct draft)};

unsigned key_find(const struct table *table, struct str name)
{
    unsigned i = 0;
    while (i < table->n_keys && !str_eq(str_of(table->keys[i].name), name))
        i++;
    return i;
}
