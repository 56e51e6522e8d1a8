/* Whom the running stird believes when it verifies: domains of trust. */
#include "session.h"

#include <stdio.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_source(const json_t *source)
{
    bool used = json_is_true(json_object_get(source, "used"));
    print_said("    %s: %s\n", text_of(source, "source"), used ? "in use" : "none is at hand");
    if (json_object_get(source, "refused"))
        print_said("      the new one is not taken: it %s\n", text_of(source, "refused"));
    if (json_object_get(source, "not_fetched"))
        print_said("      it cannot be fetched: %s\n", text_of(source, "not_fetched"));
}

static void print_domain(const json_t *domain)
{
    const json_t *source;
    size_t i;
    const int authorities = (int)number_of(domain, "authorities");
    const int revoked = (int)number_of(domain, "revoked");
    const int left_out = (int)number_of(domain, "left_out");
    print_said("%s: %s, %d %s, %d revoked certificate%s\n", text_of(domain, "name"),
               text_of(domain, "state"), authorities,
               authorities == 1 ? "authority" : "authorities", revoked, PLURAL(revoked));
    if (left_out > 0)
        print_said("    %d %s of its list %s not used\n", left_out,
                   left_out == 1 ? "entry" : "entries", left_out == 1 ? "is" : "are");
    json_array_foreach(json_object_get(domain, "sources"), i, source) print_source(source);
}

static void print_trust(const json_t *reply)
{
    const json_t *domains = json_object_get(reply, "trust"), *domain;
    size_t i;
    if (json_array_size(domains) == 0)
        puts("the configuration names no domain of trust");
    json_array_foreach(domains, i, domain) print_domain(domain);
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
