/*
 * call - what is known of one INVITE: everything the core may look at to decide.
 *
 * Filled by whoever has a call (proxy, redirect, REST, command line, tests); all text is borrowed
 * and lives as long as the call's arena or message. Plain data, no SIP stack type.
 */
#ifndef STIRD_CALL_H
#define STIRD_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/base/arena.h>
#include <stird/base/str.h>
#include <stird/core/qtype.h>
#include <stird/core/asserted.h>
#include <stird/core/identity.h>
#include <stird/core/privacy.h>
#include <stird/core/rate_reader.h>
#include <stird/core/settings.h>

#define CALL_PASSED_OVER_MAX 8 /* policy.c decides the call for each of these trunks too */

#define ORIGID_KEY_BYTES 32

#define CALL_IDENTITIES_KNOWN_MAX 8 /* as many as most verifiers look at */

struct call_header {
    struct str name, value;
};

struct switches;
struct verified;
struct by_verdict;
struct service_choice;

struct call {
    struct arena *arena;       /* for the trace and what else the outcome needs */
    int64_t now_s;             /* real time of its arrival, by which it is decided */
    int64_t waited_s;          /* how long from then until now, when its tokens are asked for */
    bool traced;               /* the outcome shall say each step (explain, log level debug) */
    uint8_t random[16];        /* for origid */
    const uint8_t *origid_key; /* ORIGID_KEY_BYTES for stable ones; NULL: there is none */

    /* how it came */
    struct address source;
    bool source_in_doubt; /* the source may belong to an upstream whose name is not resolved, or not
                             completely; its trunk covers it only by a wider prefix */
    struct str listener;  /* name of the listener it arrived at */
    const struct str *peer_names; /* names that the peer of its TLS connection has proved */
    unsigned n_peer_names;

    /* what it says: URIs without <> and header parameters */
    struct str call_id;
    struct str request_uri, from_uri, to_uri;
    struct str request_user;  /* of request_uri: %-decoded, without parameters and password */
    struct str request_host;  /* of request_uri, without port */
    bool request_uri_unclear; /* it can be read in more than one way, so neither of these two counts
                               */
    struct trunk_groups groups[GROUP_PLACES];
    struct asserted_texts from_others; /* From is not one address alone */
    struct qtype qtype;                /* what From's qtype says, where its dialect reads it */
    bool to_unread;                    /* To is not */
    struct asserted_texts
        asserted;    /* what P-Asserted-Identity holds, and lines that may be taken for one */
    struct str date; /* the Date header's value */
    unsigned n_date; /* how many Date headers there are */
    /* It has a To tag, but nothing proves that the dialog went through us: whoever wrote the tag
       may have made it up, so it is decided as a new call, and never signed. */
    bool claims_dialog;
    /* All values of its Identity headers, and what was read of the first ones. */
    unsigned n_identities, n_identities_known;
    const struct identity_value *identities_known[CALL_IDENTITIES_KNOWN_MAX];
    /* Identity headers by kind (identity.h) */
    unsigned n_identity_shaken, n_identity_other, n_identity_unreadable, n_identity_empty;
    /* Lines that are no header, but resemble Identity and say shaken: of a trusted trunk they go
       on, and the next hop may read them. Others like them count as unreadable. */
    unsigned n_identity_resembling;
    const char
        *identity_fault; /* what is wrong with the first that is not well formed; NULL: all are */
    struct privacy privacy; /* what its Privacy headers ask for */

    /* Headers that trunks may be recognised by and rules may ask for; NULL-terminated by name.p ==
     * NULL. */
    const struct call_header *headers;
    /* Lines that are not headers but may be taken for one; ends with raw.p == NULL. */
    const struct header_line *odd_lines;

    /* before policy_decide(): what trunk_match() found */
    const struct trunk *trunk;
    /* Further trunks that the call names, because it says something twice and differently, or in
       another way. Those for which there is no room are only counted. */
    const struct trunk *passed_over[CALL_PASSED_OVER_MAX];
    unsigned n_passed_over;
    bool fits_none;    /* trunk_for_emergency() chose the trunk: nothing in the call says that it is
                          this one */
    uint32_t customer; /* numbers_customer() of the trunk's customer, in the snapshot's table */
    const struct upstream *upstream;   /* the next hop; NULL: one that is not trusted */
    const uint8_t *certificate_states; /* certificate_choice.h; NULL: none was checked */
    const struct numbers
        *overlay; /* urgent changes, which outrank the table; NULL: there are none */
    const struct rate_reader *rates;     /* NULL: rates are not known */
    const struct switches *switches;     /* what an operator has switched; NULL: nothing */
    const struct verified *verified;     /* what its Identity is worth; NULL: nobody judged it */
    const struct by_verdict *ruled;      /* what was made of that; NULL: nobody asked */
    const struct service_choice *choice; /* of service auto; NULL: of others */
};

#endif
