/*
 * reader - one configuration file after the other into one draft, then the draft into settings.
 * For the files of this ring only.
 */
#ifndef STIRD_CONF_READER_H
#define STIRD_CONF_READER_H

#include <stird/base/problems.h>
#include <stird/conf/settings_file.h>

#include "draft.h"
#include "keys.h"

struct reader {
    struct files *files;
    struct arena *arena;
    struct problems *problems;
    struct str main_file;
    struct str directory; /* of the main file; with the slash at its end, or empty */
    int64_t now_s;
    bool incomplete; /* a file could not be read to its end: what is missing may stand there */
    bool beginnings; /* of a file with a syntax error what stands before that is taken */
    struct problems *of_certificates; /* of BEGINNINGS: what is wrong with these is a problem */
    struct setting_warning *first_warning, *last_warning;
};

/* ---- reader.c ---- */

/* Parses TEXT, the contents of FILE, and adds what it says to DRAFT. */
void reader_add_file(struct reader *r, struct draft *draft, struct str file, struct str text);
/* Sets what was not given in OBJECT and those in it: defaults, or problems for what is required. */
void reader_finish_object(struct reader *r, struct object *object);
struct object *reader_new_object(struct reader *r, const struct table *table);

/* The problem begins with the object's label. */
void complain(struct reader *r, const struct object *object, struct place at, const char *format,
              ...) __attribute__((format(printf, 4, 5)));
/* The same for what is no mistake, but probably not meant. */
void warn(struct reader *r, const struct object *object, struct place at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void out_of_memory(struct reader *r);
/* What an error of files_read() means to the operator. */
const char *files_fault(int error);
/* For problems: quoted, escaped, cut. */
struct str shown(struct reader *r, struct str text);
struct str reader_path(struct reader *r, struct str path);
/* Where the object says KEY, else where the object begins. */
struct place place_of(const struct object *object, const char *key);
bool was_given(const struct object *object, const char *key);
/* Room for N elements; n_elements of 0 gives something that is not NULL. */
void *reader_array(struct reader *r, size_t n, size_t bytes);

#define COUNTRY_TOO_LONG                                                                           \
    "country.national_length and the digits of country.code are more than %d together"
#define COUNTRY_LENGTHS_CROSS "country.national_length_max is less than country.national_length"
bool country_is_too_long(const struct country *c);
bool country_lengths_cross(const struct country *c);

/* ---- resolve*.c: each fills its part of the settings and judges it ---- */

void resolve_listeners(struct reader *r, struct draft *draft);
/* After the listeners. */
void resolve_aliases(struct reader *r, struct draft *draft);
void resolve_providers(struct reader *r, struct draft *draft);
/* After the providers. */
void resolve_certificates(struct reader *r, struct draft *draft);
/* Domains of trust, and profiles of verification, which refer to them. */
void resolve_trusts(struct reader *r, struct draft *draft);
void resolve_verifications(struct reader *r, struct draft *draft);
/* What D writes into calls. */
void resolve_marks(struct reader *r, struct draft_verification *d);
/* What D refuses. */
void resolve_refusing(struct reader *r, struct draft_verification *d);
/* The country codes that KEY lists, as they are; problems for what is none. */
const struct str *resolve_country_codes(struct reader *r, const struct object *object,
                                        const char *key, const struct texts *texts, unsigned *n);
/* What a refused caller is told of where to complain. */
void resolve_network_blocked(struct reader *r, struct draft *draft);
void resolve_upstreams(struct reader *r, struct draft *draft);
/* After the listeners. */
void resolve_dialects(struct reader *r, struct draft *draft);
/* Of a trunk of front redirect: its dialect, and what it says that has no meaning there. */
void resolve_redirect_trunk(struct reader *r, const struct draft *draft, struct draft_trunk *d);
/* When all trunks are resolved. */
void resolve_unspoken_dialects(struct reader *r, const struct draft *draft);
/* After all others: warnings of answers that may be too long for UDP, or for Contact. */
void answers_find_long(struct reader *r, const struct draft *draft);
/* After the six above. */
void resolve_trunks(struct reader *r, struct draft *draft);
void resolve_root(struct reader *r, struct draft *draft);
void resolve_dns(struct reader *r, struct draft *draft);
void resolve_fetch(struct reader *r, struct draft *draft);
/* After the trunks. */
void resolve_customers(struct reader *r, struct draft *draft);
void resolve_rules(struct reader *r, struct draft *draft);
/* What D asks of the verdict, of the customer who is called, and where it sends calls. */
void resolve_verdict_rule(struct reader *r, const struct draft *draft, struct draft_rule *d);
/* The table of other providers. */
void resolve_signers(struct reader *r, struct draft *draft);
/* Of a text that goes out in a Reason header. */
bool resolve_may_stand_in_quotes(struct str text);
void resolve_monitors(struct reader *r, struct draft *draft);
/* After all others. */
void resolve_tls(struct reader *r, struct draft *draft);
/*
 * Reads the dates of the certificate for TLS that KEY names. One that is not in force is a warning.
 * WITHOUT: NULL, and what cannot be read is a mistake; else what happens then, and it is a warning.
 */
void tls_certificate_read(struct reader *r, const struct draft *draft, const char *key,
                          struct str path, const char *without, struct tls_dates *dates);
void resolve_pages(struct reader *r, struct draft *draft);
/* After these: what of pages serves nobody; which keys for TLS sign calls. */
void pages_find_doubtful(struct reader *r, const struct draft *draft);
void keys_find_shared(struct reader *r, const struct draft *draft);
/* NAME as it is compared and as it goes into SNI: lower case, no final dot (RFC 6066 section 3). */
struct str tls_plain_host_name(struct reader *r, struct str name);
/* Finds aliases and advertised addresses that are a trunk's, or of which nobody knows the side. */
void aliases_find_conflicts(struct reader *r, const struct draft *draft);
/* Finds what D is told apart by but can fit no call. */
void discriminators_find_useless(struct reader *r, const struct draft_trunk *d);
/* "tls_name, header_name, ... or listener": what may tell trunks apart. */
struct str discriminator_keys(struct reader *r);
/* The text of KEY is a host and nothing else: a name or an address. Empty: it was not given. */
void discriminator_host(struct reader *r, const struct object *o, const char *key, struct str text);
/* Finds what only shows when the parts are seen together: ambiguity, overlap, loops. */
void sources_find_overlaps(struct reader *r, const struct draft *draft);
/* ---- files.c ---- */

/* Somebody else has read them from the disk, and has told what he found. */
bool files_are_handed_over(const struct files *files);

/* Warnings of files of lists that D's domain would not take. */
void refused_lists_find(struct reader *r, const struct draft_trust *d);
/* After all others: warnings of what of verifying nobody names, or nothing asks for. */
void verification_find_idle(struct reader *r, const struct draft *draft);
/* Finds rules, and settings of the table of signers, that never do what they say. */
void rules_find_idle(struct reader *r, const struct draft *draft);
/* After all others: what takes an Identity off, or writes into a call, that stays with its SBC. */
void identities_find_staying(struct reader *r, const struct draft *draft);
/* After all others: warnings of limits that contradict each other. */
void limits_find_conflicts(struct reader *r, const struct draft *draft);

/* Whether a call can do without headers of that name. */
bool header_can_go(struct str name);
/* "says who calls": what a header of that name means to us or to who gets the call; NULL: nothing
   that is known. */
const char *header_meaning(struct str name);
/* Whether NAME is one that such headers have: letters, digits, hyphens. */
bool resolve_is_header_name(struct str name);

/* Index of the provider whose certificate ID is; 0 where no other list names it. */
uint32_t provider_of_certificate(const struct settings *settings, struct str id);
/* Whether it is no provider's or several providers', which has been reported. */
bool provider_is_open(const struct settings *settings, struct str id);
/* What mistakes leave open of certificates: settings.h. */
void resolve_open_certificates(struct reader *r, struct draft *draft);
/* " of provider "x"", or the empty text where there is one without a name of its own. */
struct str provider_text(struct reader *r, const struct settings *settings, uint32_t provider);
/* Text for a place that names a certificate: NULL, or why it does not sign for PROVIDER. */
const char *provider_has_certificate(struct reader *r, const struct draft *draft, struct str id,
                                     uint32_t provider);

/* Problems for objects of LIST that have the name of an earlier one. */
void check_names(struct reader *r, const struct objects *list);
/* "192.0.2.0/24", ...: the prefixes of a list; problems for what is none. */
const struct address_prefix *resolve_prefixes(struct reader *r, const struct object *object,
                                              const char *key, const struct texts *texts,
                                              unsigned *n);
/* Index of the zone NAME, which is read when it is the first time; 0, UTC, with a problem. */
uint32_t resolve_zone(struct reader *r, struct draft *draft, const struct object *o,
                      struct place at, struct str name);
/* "column = value" each. */
const struct attribute *resolve_attributes(struct reader *r, const struct object *o,
                                           const char *key, const struct texts *texts, unsigned *n);
struct str object_name(const struct object *object);
/* The object of LIST with that name; its index, or list->n. */
unsigned object_find(const struct objects *list, struct str name);
/* Whether LIST has none of that name: true only where each of its names could be read. */
bool objects_lack(const struct reader *r, const struct objects *list, struct str name);
/* Whether an object of LIST, or its name, could not be read. */
bool objects_are_open(const struct reader *r, const struct objects *list);
/* " (did you mean "x"?)" or the empty text. */
struct str hint_of_objects(struct reader *r, const struct objects *list, struct str name);

/* The same for a value that is none of WORDS. */
struct str hint_of_words(struct reader *r, const char *const *words, struct str word);

#endif
