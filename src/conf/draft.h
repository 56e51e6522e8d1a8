/*
 * draft - what the files say, each value in its type, before references between parts are
 * resolved and the whole is judged. Lives in the settings' arena.
 */
#ifndef STIRD_CONF_DRAFT_H
#define STIRD_CONF_DRAFT_H

#include <stird/core/settings.h>
#include <stird/core/trust_build.h>

struct place {
    struct str file;
    unsigned line; /* 0: not there, or the file as a whole */
    bool guessed;  /* of a key: a misspelt key stands there, and probably means this one */
    bool unread;   /* of a key: its value could not be taken, which was reported */
};

struct text_item {
    struct str text;
    struct place at;
};

struct texts {
    struct text_item *items;
    unsigned n, capacity;
    bool faulty; /* something in it was not a text, which was reported */
};

struct object {
    const struct table *table; /* keys.h */
    struct str label;          /* `trunk "pbx-acme": ` for problems; empty for the root */
    struct place at;
    struct place *given; /* of each key of the table */
};

struct objects {
    struct object **items;
    unsigned n, capacity;
    bool faulty; /* something in it was not a group, which was reported */
};

/* In each draft the object comes first. */
struct draft_listener {
    struct object object;
    struct listener listener;
    struct str address, advertise;
    struct texts transports, aliases;
};

struct draft_certificate {
    struct object object;
    struct str id, directory;
    bool foreign;
};

struct draft_provider {
    struct object object;
    struct str name;
    struct texts spcs, certificates;
};

struct draft_trust {
    struct object object;
    struct trust_setting trust;
    struct texts crls, countries;
    bool crl_is_told[TRUST_CRLS_MAX]; /* that this file of a list cannot be read */
};

struct draft_verification {
    struct object object;
    struct verification_setting verification;
    struct texts trust, attestation_headers, reject, reject_countries;
};

struct draft_upstream {
    struct object object;
    struct upstream upstream;
    struct str uri, listener;
    struct texts sources, failover, retry_unsigned;
};

struct draft_trunk {
    struct object object;
    struct trunk trunk;
    struct texts sources, upstreams;
    struct str certificate, provider, verification;
};

struct draft_customer {
    struct object object;
    struct str name, provider, contact;
    uint32_t kyc, cap; /* positions of choices */
    uint32_t sign_percent;
    struct texts attributes;
};

struct draft_dialect {
    struct object object;
    struct dialect dialect;
    struct str like, cases[DIALECT_CASES];
    struct texts reasons, identity, headers;
};

struct draft_monitor {
    struct object object;
    struct monitor_setting monitor;
    struct str trunk, upstream, from, to;
    struct texts arrives;
};

struct draft_rule {
    struct object object;
    struct rule rule;
    struct texts trunks, customers, number_states, customer_is, number_is, calling, called, days;
    struct texts called_customers, called_customer_is, judged, levels, signers, trust, upstreams;
    struct str from, to, time_zone, certificate;
};

struct draft {
    struct object object;
    struct settings settings;
    struct objects listeners, certificates, providers, upstreams, trunks, customers, rules, trusts,
        verifications, dialects, monitors;
    struct str time_zone;
    struct texts customers_files, own_countries, provider_spcs;
    struct texts aliases;
    struct texts numbers_files, emergency_numbers, emergency_prefixes, short_codes, dns_servers,
        private_headers, prefetch;
    struct trunk common; /* what a trunk has unless it says otherwise */
};

#endif
