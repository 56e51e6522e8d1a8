/*
 * settings - what the configuration says, typed and validated. No libconfig here.
 *
 * One immutable tree in one arena; a call holds the snapshot it began with to its last step.
 * References between parts (a trunk's upstreams, its certificate) are indices into the lists here.
 *
 * Fields that hold a setting just as it is written are rows of settings.def; here is what the
 * others are turned into.
 */
#ifndef STIRD_SETTINGS_H
#define STIRD_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/base/arena.h>
#include <stird/base/log_level.h>
#include <stird/core/certificate.h>
#include <stird/core/dialect.h>
#include <stird/core/numbers.h>
#include <stird/core/source_table.h>
#include <stird/core/status_set.h>
#include <stird/core/time_zone.h>
#include <stird/core/tls_dates.h>
#include <stird/core/tn.h>
#include <stird/core/trunk_group.h>

struct signer;

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS, TRANSPORTS };

struct listener {
#define SETTINGS_OF_LISTENER
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    struct address address;    /* never a wildcard */
    struct address advertised; /* goes into Via and Record-Route instead; family NONE: none */
    bool transports[TRANSPORTS];
};

/* Another address or name of ours: another node's address, or a name that leads to us. */
struct alias {
    struct str name;        /* lower case, no final dot; empty: an address */
    struct address address; /* with port; of a name only the port is set. 0: any port */
    uint16_t listener; /* index of the listener that it stands for; NO_LISTENER: for the one with
                          its port */
};

#define NO_LISTENER UINT16_MAX

/* What happens to a call: signed with a level, unsigned, or refused. */
enum treatment { TREATMENT_A, TREATMENT_B, TREATMENT_C, TREATMENT_UNSIGNED, TREATMENT_REFUSE };

/* What becomes of Identity headers that a call brings along. */
enum existing_identity { IDENTITY_KEEP, IDENTITY_STRIP, IDENTITY_REPLACE, IDENTITY_ADD };

/* Whether calls share an origid (RFC 8588 section 5). */
enum origid_of { ORIGID_OF_CALL, ORIGID_OF_TRUNK, ORIGID_OF_CUSTOMER };

enum failure_mode { FAIL_OPEN, FAIL_CLOSED };

#define NO_CERTIFICATE UINT32_MAX

/* "region = east": a column of a number or customers table, and its value. */
struct attribute {
    struct str column, value;
};

/* A customer that the configuration declares; customers tables declare others. */
struct customer {
    struct str name;
    struct str file;                    /* where it is written, */
    uint32_t line;                      /* for problems */
    const struct attribute *attributes; /* kyc, cap, provider, contact and those of its own */
    unsigned n_attributes;
};

#define NO_CUSTOMER_ENTRY UINT32_MAX

/* What becomes of the calls of a trunk (service_word.h). */
enum trunk_service {
#define SERVICE(NAME, ...) SERVICE_##NAME,
#include <stird/core/service_word.def>
    SERVICES
};
/* How its SBC asks: it sends its calls through, or takes an answer and routes them itself. */
enum trunk_front { FRONT_PROXY, FRONT_REDIRECT, FRONT_REST };

/* What an answer to the OPTIONS of a trunk's SBC says: */
enum health {
    HEALTH_ALIVE,     /* that stird runs */
    HEALTH_NEXT_HOPS, /* and that a call would find a next hop */
    HEALTH_SIGNING    /* and that it can be signed */
};

struct dialect;

struct trunk {
#define SETTINGS_OF_TRUNK
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
#define SETTINGS_OF_ROOT
#define INHERITED(type, field, ...) type field;
#include <stird/core/settings.def>
    /* Recognition: the source must match; an empty discriminator matches every call. */
    const struct address_prefix *sources;
    unsigned n_sources;

    struct str file; /* where it is written */
    uint32_t line;
    struct str rates_name; /* of a gateway: by which its calls are counted (rates.h) */
    struct country country;
    enum treatment by_state[NUMBER_STATES]; /* for an authenticated trunk */
    bool own_treatment[NUMBER_STATES];      /* by_state is the trunk's own, not the common one */
    uint32_t provider;                      /* index: only its certificates sign for this trunk */
    bool provider_open;        /* nobody knows it, because of a mistake that was reported */
    uint32_t certificate;      /* index, or NO_CERTIFICATE */
    uint32_t verification;     /* index, or NO_VERIFICATION */
    uint32_t customer_entry;   /* index of its customer in the settings, or NO_CUSTOMER_ENTRY */
    const uint32_t *upstreams; /* indices, in the order they are tried */
    unsigned n_upstreams;      /* 0 where its calls need none */
    const struct dialect *in_dialect; /* of front redirect; NULL: its calls leave by stird */
};

struct upstream {
#define SETTINGS_OF_UPSTREAM
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    struct str host;        /* a name for DNS (then `address` has only a port); empty: none */
    struct address address; /* with port */
    enum transport transport;
    bool port_given;      /* else SRV records of `host` come first (RFC 3263 section 4.2) */
    bool transport_given; /* else UDP, and TCP for what is too long for it (section 18.1.1) */
    bool listener_given;
    bool asked_when_out; /* even without probes OPTIONS asks whether a next hop that is out is back
                          */
    struct status_set failover, retry_unsigned; /* routing.md: after which of its answers */
    const struct address_prefix *sources;       /* where it may send from; default: its address */
    unsigned n_sources;
    uint32_t listener; /* index: the socket that requests leave from, same family and transport */
};

enum rule_identity { RULE_ANY_IDENTITY, RULE_AUTHENTICATED, RULE_GATEWAY };
/* Which levels are too low: none, or those below this one, with what has none. */
enum rule_floor { RULE_NO_FLOOR, RULE_FLOOR_C, RULE_FLOOR_B, RULE_FLOOR_A };
enum rule_carries { RULE_CARRIES_ANY, RULE_CARRIES_SHAKEN, RULE_CARRIES_NONE };
/* What a rule makes of a call: a level at most, no signature, a refusal; or nothing, so that the
   number decides. */
enum rule_verdict {
    RULE_A = TREATMENT_A,
    RULE_B = TREATMENT_B,
    RULE_C = TREATMENT_C,
    RULE_UNSIGNED = TREATMENT_UNSIGNED,
    RULE_REFUSE = TREATMENT_REFUSE,
    RULE_BY_NUMBER,
    RULE_ALARM, /* nothing: of a rate that only an alarm is to tell of */
    RULE_FAILED /* of a call that was judged: it is told on as one that failed; where it is signed,
                   as RULE_UNSIGNED */
};
#define RULE_JUDGED_UNSIGNED (1u << 31) /* beside enum verification_class, in rule.judged */
enum rule_rate_of { RATE_OF_NUMBER, RATE_OF_CUSTOMER };

/* The first rule whose conditions are all met decides. An empty condition is always met. */
struct rule {
#define SETTINGS_OF_RULE
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    struct str file;        /* where it is written, */
    uint32_t line;          /* for problems */
    const uint32_t *trunks; /* indices */
    unsigned n_trunks;
    const struct str *customers;
    unsigned n_customers;
    unsigned number_states; /* bits by enum number_state */
    const struct attribute *customer_is, *number_is;
    unsigned n_customer_is, n_number_is;
    const struct str *calling, *called; /* prefixes of canonical numbers: digits */
    unsigned n_calling, n_called;
    const struct str *called_customers; /* whose rows have the called number */
    unsigned n_called_customers;
    const struct attribute *called_customer_is;
    unsigned n_called_customer_is;
    unsigned judged;           /* bits by enum verification_class, and RULE_JUDGED_UNSIGNED */
    unsigned levels;           /* bits, 0 is A */
    const struct str *signers; /* service provider codes */
    unsigned n_signers;
    uint32_t trusts;           /* bits: indices of settings.trusts */
    const uint32_t *upstreams; /* indices: where its calls go instead of by their trunk's */
    unsigned n_upstreams;
    unsigned days;                   /* bits, 0 is Sunday */
    unsigned from_minute, to_minute; /* of the local day; equal: all of it */
    uint32_t zone;                   /* index */
    bool has_existing;
    uint32_t certificate; /* index of its first unit, or NO_CERTIFICATE */
    uint32_t rate_id;     /* rates_rule_id(), where it asks for a rate */
};

/* Whether it asks for a rate: then it decides nothing, and only lowers (by_rate.h). */
static inline bool rule_asks_for_rate(const struct rule *r)
{
    return r->calls_per_minute > 0 || r->short_share > 0 || r->unanswered_share > 0;
}

/* Whether it asks what a call's Identity is worth: then it holds for none that nobody judged. */
static inline bool rule_asks_for_verdict(const struct rule *r)
{
    return r->judged != 0 || r->levels != 0 || r->level_below != RULE_NO_FLOOR ||
           r->n_signers > 0 || r->trusts != 0 || r->own_number || r->replayed;
}

/* What is not a mistake but probably not meant either: `stird -t` and the log say it. */
struct setting_warning {
    struct str file;
    unsigned line;
    struct str text;
    const struct setting_warning *next;
};

/* Who has the obligation to sign (47 CFR 64.6301): its certificates sign for its trunks alone. */
struct provider {
    struct str name;        /* as in records; empty: the configuration names none */
    const struct str *spcs; /* its service provider codes */
    unsigned n_spcs;
    const struct str *certificates; /* their ids; none: all that there are */
    unsigned n_certificates;
};

/* So many units fit in what the supervisor tells about their states, a byte for each
   (control.h). */
#define CERTIFICATE_UNITS_MAX 255
/* How many units may be there, including expired ones: whoever owns the directory could otherwise
   make more than anybody can read. */
#define CERTIFICATE_UNITS_READ_MAX 1000

#define TRUST_TOKEN_BYTES_MAX 4095 /* of list_token_file */
#define TRUST_LOGIN_BYTES_MAX 1024 /* of list_login_file */

/* A domain of trust (trust_image.h), as it is configured. */
struct trust_setting {
#define SETTINGS_OF_TRUST
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    struct str file; /* where it is written */
    uint32_t line;
    bool list_is_url;
    const struct str *crls; /* https URLs, or absolute paths */
    unsigned n_crls;
    const struct str *countries;
    unsigned n_countries;
    struct str mark; /* a digest of what it says (believed.h) */
};

/* Whether what is written there is fetched; else it is a file. */
bool trust_setting_is_url(struct str source);

/* What a token's called number has to be: To's, the Request-URI's, or one of the two. */
enum verification_dest { VERIFICATION_TO, VERIFICATION_REQUEST_URI, VERIFICATION_EITHER };
enum verification_level { VERIFICATION_A, VERIFICATION_B, VERIFICATION_C };
/* What becomes of a call that fails. */
enum verification_failure {
    VERIFICATION_MARK,
    VERIFICATION_REASON, /* its responses tell of it */
    VERIFICATION_REJECT
};
/* ISUP's locations (RFC 8606). */
enum blocked_location {
    LOCATION_USER,
    LOCATION_LOCAL_PRIVATE,
    LOCATION_LOCAL,
    LOCATION_TRANSIT,
    LOCATION_REMOTE_LOCAL,
    LOCATION_REMOTE_PRIVATE,
    LOCATION_INTERNATIONAL,
    LOCATION_BEYOND,
    BLOCKED_LOCATIONS
};
enum verstat_map { VERSTAT_EVIDENCE, VERSTAT_ALL, VERSTAT_SIGNATURE };
/* Where verstat is written, and how (marking.h). */
enum verstat_place {
    VERSTAT_PLACE_PAI,
    VERSTAT_PLACE_FROM,
    VERSTAT_PLACE_BOTH,
    VERSTAT_PLACE_NONE
};
enum verstat_form { VERSTAT_FORM_USER, VERSTAT_FORM_URI, VERSTAT_FORM_TEL };
enum verstat_suffix { VERSTAT_SUFFIX_NONE, VERSTAT_SUFFIX_LETTER };
/* What becomes of the Identity of a call that was verified. */
enum identity_out { IDENTITY_OUT_KEEP, IDENTITY_OUT_STRIP, IDENTITY_OUT_KEEP_VALID };

#define NO_VERIFICATION UINT32_MAX

/* How the calls of trunks are verified. */
struct verification_setting {
#define SETTINGS_OF_VERIFICATION
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    uint32_t trust; /* bits: indices of settings.trusts; those of an image: believed.h */
    const struct str *attestation_headers;
    unsigned n_attestation_headers;
    uint32_t reject; /* a bit for each check of verify.def; 0: for all of them */
    const struct str *reject_countries;
    unsigned n_reject_countries; /* 0: of all */
};

/* How well a call of a monitor has to arrive (monitor_result.h). */
enum monitor_expect {
    MONITOR_EXPECTS_A,
    MONITOR_EXPECTS_B,
    MONITOR_EXPECTS_C,
    MONITOR_EXPECTS_SIGNED, /* by whomever */
    MONITOR_EXPECTS_ARRIVAL
};

/* A call that stird places again and again, from one of our numbers to another one of ours. */
struct monitor_setting {
#define SETTINGS_OF_MONITOR
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    struct str file; /* where it is written */
    uint32_t line;
    uint32_t trunk;
    uint32_t upstream;       /* index; NO_UPSTREAM: as the trunk's calls go */
    struct str from, to;     /* digits */
    const uint32_t *arrives; /* trunks by which it may come back; none: all that verify */
    unsigned n_arrives;
};
#define NO_UPSTREAM UINT32_MAX

/* What is unknown because of mistakes that were reported already; a check that goes on says nothing
   about it. */
struct open_names {
    const struct str *certificates; /* ids that are there, whatever is in their directories */
    unsigned n_certificates;
    bool more_certificates; /* there may be others */
    bool columns;           /* customers may have other attributes */
    bool tables;            /* there may be other tables */
};

struct settings {
#define SETTINGS_OF_ROOT
#define SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    struct arena *arena;
    const struct setting_warning *warnings;

    const struct listener *listeners;
    unsigned n_listeners;
    const struct alias *aliases;
    unsigned n_aliases;
    const struct trunk *trunks;
    unsigned n_trunks;
    const struct upstream *upstreams;
    unsigned n_upstreams;
    const struct source_table *sources; /* of trunks and upstreams: which address is whose */
    struct certificate *certificates;   /* units: those of one id side by side, the newest first */
    unsigned n_certificates;            /* at most CERTIFICATE_UNITS_MAX */
    const struct trust_setting *trusts;
    unsigned n_trusts; /* at most TRUST_DOMAINS_MAX */
    const struct verification_setting *verifications;
    unsigned n_verifications;
    const struct dialect *dialects; /* that the configuration makes, beside those of dialect.h */
    unsigned n_dialects;
    const struct monitor_setting *monitors;
    unsigned n_monitors;              /* at most MONITORS_MAX */
    const struct provider *providers; /* at least one */
    unsigned n_providers;
    bool providers_named; /* given by the list `providers`; else the only one comes from
                             provider.spc */

    struct check_settings {
#define SETTINGS_OF_ROOT
#define CHECK_SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
    } check;

    /* Of the certificates that calls name. */
    struct fetch_settings {
#define SETTINGS_OF_ROOT
#define FETCH_SETTING(type, field, ...) type field;
#include <stird/core/settings.def>
        const struct str *prefetch; /* URLs without fault (x5u.h) */
        unsigned n_prefetch;
    } fetch;

    const struct str *numbers_files; /* files or directories, as written, made absolute */
    unsigned n_numbers_files;
    uint32_t numbers_zone;             /* index: whose days the tables' dates are */
    const struct str *customers_files; /* like numbers_files */
    unsigned n_customers_files;
    const struct customer *customers;
    unsigned n_customers;
    const struct time_zone *zones; /* the first is UTC */
    unsigned n_zones;
    const struct rule *rules;
    unsigned n_rules;
    const struct signer *signers; /* signers.h: by their codes */
    unsigned n_signers;
    const uint32_t *rate_rules;      /* indices of those that ask for a rate */
    unsigned n_rate_rules;           /* at most RATE_RULES_MAX */
    const struct str *own_countries; /* country codes; none: all are our own */
    unsigned n_own_countries;

    const struct str *emergency_numbers; /* besides 911, 112, 933 and urn:service:sos */
    unsigned n_emergency_numbers;
    const struct str *emergency_prefixes; /* of outside lines: "9" */
    unsigned n_emergency_prefixes;
    const struct str *short_codes; /* taken as called numbers as they are */
    unsigned n_short_codes;

    const struct str *private_headers; /* further headers that an untrusted trunk may not send */
    unsigned n_private_headers;

    const struct address *dns_servers; /* with port; none: those of resolv.conf */
    unsigned n_dns_servers;

    struct str tls_key_file; /* the configuration's file that names the key, for problems */
    unsigned tls_key_line;
    struct tls_dates tls_dates, web_tls_dates, repository_tls_dates; /* of their certificates */
    struct address web_listen;                                       /* web.address and web.port */
    struct str web_tls_key_file;
    unsigned web_tls_key_line;
    struct address repository_listen; /* repository.address and repository.port */
    struct str repository_tls_key_file;
    unsigned repository_tls_key_line;

    struct open_names open;
    const struct str *mistaken_units; /* directories, for checks of what else is wrong in them */
    unsigned n_mistaken_units;
};

/* By whom a trunk's calls are counted: its customer. Who calls through a gateway is not known to be
   one of its customer's, so a gateway is counted by itself. */
static inline struct str rates_customer(const struct trunk *t)
{
    return t->gateway ? t->rates_name : t->customer;
}

void settings_free(struct settings *s);

/* Adds a warning behind the others; false when there is no memory. */
bool settings_warn(struct settings *s, struct str file, unsigned line, struct str text);

/*
 * How many signatures a second a worker may ask for. If it is not set: where each trunk has a
 * limit, twice the calls that its trunks may have in progress, and at most twice limits.calls; else
 * twice limits.calls, and at most 10000. Never below 100.
 */
uint32_t settings_sign_requests_per_second(const struct settings *s);
/* Whether certificates of others are fetched: for calls of a trunk that verifies, or beforehand. */
bool settings_fetch(const struct settings *s);
/* In progress at once, of all trunks together; 0: one of them has no limit. */
uint64_t settings_calls_of_trunks(const struct settings *s);

/* "attestation.owned": the key that says what becomes of a number in this state. */
const char *settings_attestation_key(enum number_state state);
/* "A", "B", "C", "unsigned", "refuse" */
struct str treatment_name(enum treatment t);
struct str health_name(enum health h);           /* "alive", "next_hops", "signing" */
struct str transport_name(enum transport t);     /* "udp", "tcp", "tls" */
struct str transport_via_name(enum transport t); /* "UDP", "TCP", "TLS" (RFC 3261 section 20.42) */
uint16_t transport_port(enum transport t);       /* where a URI names no port */
/* In upper or lower case; false when there is no such transport. */
bool transport_of_name(struct str name, enum transport *t);

#endif
