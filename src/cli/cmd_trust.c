/* Whom the running stird believes when it verifies: domains of trust, and what of them was not
   taken. */
#include "columns.h"
#include "session.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool has(const json_t *object, const char *key)
{
    return json_object_get(object, key) != NULL;
}

#define WHEN_BYTES 32

static const char *when(char text[WHEN_BYTES], json_int_t s)
{
    const time_t t = (time_t)s;
    struct tm tm;
    text[0] = '\0';
    if (gmtime_r(&t, &tm))
        strftime(text, WHEN_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return text;
}

/* Of a domain whose files cannot be used no list was judged; what a domain without authorities has
   is used for nothing. */
static const char *use_of(const json_t *source, const json_t *domain)
{
    const bool used = json_is_true(json_object_get(source, "used"));
    if (used && strcmp(text_of(domain, "state"), "unavailable") == 0)
        return "at hand, and used for nothing while the domain is unavailable";
    if (json_is_true(json_object_get(source, "taken")))
        return "in use";
    if (used)
        return "the last good one is in use";
    return has(domain, "broken") && !has(source, "refused") && !has(source, "not_fetched")
               ? "not judged before those files can be used"
               : "none is at hand";
}

/* Of a list that is used: which it is, and until when it holds. */
static void print_term(const json_t *source, const json_t *domain, bool is_list)
{
    char until[WHEN_BYTES];
    const bool over = json_is_true(json_object_get(source, "is_over"));
    if (is_list && json_is_true(json_object_get(source, "used")))
        columns_say(6, 0, "sequence %lld%s%s", (long long)number_of(domain, "sequence"),
                    over ? "" : ", until ", over ? "" : when(until, number_of(source, "until")));
    else if (has(source, "until") && !over)
        columns_say(6, 0, "until %s", when(until, number_of(source, "until")));
    if (over)
        columns_say(6, 0, "it is over since %s, and its successor is not there yet",
                    when(until, number_of(source, "until")));
}

/* IS_LIST: of authorities; else of revocations. */
static void print_source(const json_t *source, const json_t *domain, bool is_list)
{
    char since[WHEN_BYTES];
    const bool used = json_is_true(json_object_get(source, "used"));
    const char *stays = used ? "The last good one stays." : "There is no other one.";
    columns_say(4, 0, "%s: %s", text_of(source, "source"), use_of(source, domain));
    print_term(source, domain, is_list);
    if (has(source, "refused"))
        columns_say(6, 0, "not taken since %s: it %s. %s",
                    when(since, number_of(source, "refused_since")), text_of(source, "refused"),
                    stays);
    if (has(source, "not_fetched_signer"))
        columns_say(6, 0, "the certificate of its signer, %s, is not fetched since %s: %s. %s",
                    text_of(source, "not_fetched_signer"),
                    when(since, number_of(source, "not_fetched_since")),
                    text_of(source, "not_fetched"), stays);
    else if (has(source, "not_fetched"))
        columns_say(6, 0, "not fetched since %s: %s. %s",
                    when(since, number_of(source, "not_fetched_since")),
                    text_of(source, "not_fetched"), stays);
    if (has(source, "kept_unread"))
        columns_say(6, 0, "the last good one, in the folder trust of directories.state: it %s",
                    text_of(source, "kept_unread"));
    if (has(source, "not_kept"))
        columns_say(6, 0, "it cannot be kept for the next start: %s", text_of(source, "not_kept"));
}

/* What of a domain is not as its administrator, or the operator, wants it. */
static void print_faults(const json_t *domain)
{
    char since[WHEN_BYTES];
    const int left_out = (int)number_of(domain, "left_out");
    if (has(domain, "broken"))
        columns_say(
            4, 0,
            "its files cannot be used since %s: %s. %s Mend the file, then: stirctl trust refresh",
            when(since, number_of(domain, "broken_since")), text_of(domain, "broken"),
            number_of(domain, "authorities") > 0 ? "What was in force before stays."
                                                 : "Nobody is believed by it.");
    if (left_out > 0)
        columns_say(
            4, 0, "%d of its certificates %s not used%s%s", left_out, left_out == 1 ? "is" : "are",
            has(domain, "left_out_is") ? ": the first is " : "", text_of(domain, "left_out_is"));
    if (json_is_false(json_object_get(domain, "revocation_judged")))
        columns_say(4, 0, "revocation is not judged: it has no crls");
}

#define NO_VERDICT "calls whose certificate has to lead to it are open"

/* What calls get by it, where that is not what its state says. */
static void print_calls(const json_t *domain)
{
    const char *calls = text_of(domain, "calls"), *state = text_of(domain, "state");
    const int lacking = (int)number_of(domain, "crls_lacking");
    char until[WHEN_BYTES];
    if (has(domain, "used_until"))
        columns_say(4, 0, "its list has ended and is used until %s, then " NO_VERDICT,
                    when(until, number_of(domain, "used_until")));
    const bool made = strcmp(state, "unavailable") != 0 && strcmp(state, "being made") != 0;
    if (!made)
        columns_say(
            4, 0, strcmp(state, "unavailable") == 0 ? NO_VERDICT : NO_VERDICT " until it is made");
    else if (lacking > 0 && strcmp(calls, "open") == 0)
        columns_say(4, 0, NO_VERDICT ": no revocation list is in force (crl_stale = \"open\")");
    else if (lacking > 0)
        columns_say(4, 0, "%d of its revocation lists %s not in force: calls that need %s are %s",
                    lacking, lacking == 1 ? "is" : "are", lacking == 1 ? "it" : "one of them",
                    strcmp(calls, "judged") == 0 ? "judged without (crl_stale = \"warn\")"
                                                 : "open (crl_stale = \"open\")");
}

/* Which numbers it may vouch for, where not for all. */
static void print_countries(const json_t *domain)
{
    const json_t *countries = json_object_get(domain, "countries"), *one;
    struct buf codes = BUF_INIT;
    size_t i;
    json_array_foreach(countries, i, one)
        buf_addf(&codes, "%s+%s", i == 0 ? "" : ", ", json_string_value(one));
    if (codes.n > 0)
        columns_say(4, 0, "for numbers of %.*s alone", STR_ARG(buf_str(&codes)));
    else
        columns_say(4, 0, "for numbers of all countries");
    buf_fini(&codes);
}

static void print_domain(const json_t *domain)
{
    const json_t *source;
    size_t i;
    const int authorities = (int)number_of(domain, "authorities");
    const int revoked = (int)number_of(domain, "revoked");
    print_said("%s: %s, %d %s, %d %s of revocation lists\n", text_of(domain, "name"),
               text_of(domain, "state"), authorities,
               authorities == 1 ? "authority" : "authorities", revoked,
               revoked == 1 ? "entry" : "entries");
    print_countries(domain);
    print_calls(domain);
    print_faults(domain);
    json_array_foreach(json_object_get(domain, "sources"), i, source)
        print_source(source, domain, i == 0 && has(domain, "sequence"));
}

static void print_trust(const json_t *reply)
{
    const json_t *domains = json_object_get(reply, "trust"), *domain;
    const int without = (int)number_of(reply, "workers_without");
    size_t i;
    if (json_array_size(domains) == 0)
        puts("the configuration names no domain of trust");
    json_array_foreach(domains, i, domain) print_domain(domain);
    if (without > 0)
        columns_say(0, 0, "%d worker%s yet by what was in force before (stirctl status)", without,
                    without == 1 ? " judges" : "s judge");
}

static int run_list(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_TRUST, false, STR(""), SESSION_TIMEOUT_MS, print_trust);
}

static int run_refresh(const struct cli *cli, const struct words *words)
{
    (void)words;
    return session_show(cli, ADMIN_TRUST_REFRESH, true, STR(""), SESSION_LONG_TIMEOUT_MS,
                        print_trust);
}

const struct command command_trust_list = {
    .name = "trust list",
    .usage = "",
    .summary = "whom the running stird believes when it verifies calls",
    .run = run_list};
const struct command command_trust_refresh = {.name = "trust refresh",
                                              .usage = "",
                                              .summary = "the same, fetched and made anew",
                                              .run = run_refresh};
