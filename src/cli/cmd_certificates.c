/*
 * Certificates of others that the fetcher keeps over a restart: what it wrote, read beside it; and
 * what the running stird is to forget of them.
 */
#include "columns.h"
#include "decision.h"
#include "json_text.h"

#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <stird/base/clock.h>
#include <stird/core/sti_certificate.h>
#include <stird/fetch/kept_files.h>
#include <string.h>
#include <time.h>

#define FURTHER    4     /* in */
#define LISTED_MAX 10000 /* more than fetch.entries may be: the rest is counted */
#define NAME_WIDTH 12

struct listing {
    struct keep_rules rules;
    int64_t now_s;
    struct str url;  /* of the one that is asked for; empty: all */
    struct buf body; /* of that one */
    json_t *list;
    json_int_t beyond;
};

static const char *state_word(enum keep_state state)
{
    static const char *const words[] = {[KEEP_FRESH] = "fresh",
                                        [KEEP_RENEW] = "to be renewed",
                                        [KEEP_STALE] = "stale",
                                        [KEEP_OVER] = "over"};
    return words[state];
}

static json_t *time_json(int64_t at_s)
{
    char text[32];
    time_t at = (time_t)at_s;
    struct tm tm;
    size_t n = gmtime_r(&at, &tm) ? strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) : 0;
    return n > 0 ? json_string(text) : json_null();
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* ---- reading ---- */

static void see(void *user, const struct kept_file *f)
{
    struct listing *l = user;
    if (l->url.n > 0 && !str_eq(f->url, l->url))
        return;
    if (json_array_size(l->list) >= LISTED_MAX) {
        l->beyond++;
        return;
    }
    if (l->url.n > 0)
        buf_add_str(&l->body, f->body);
    json_array_append_new(l->list,
                          json_pack("{s:o,s:s,s:o,s:o,s:I}", "url", json_of(f->url), "state",
                                    state_word(keep_state(&l->rules, &f->kept, l->now_s)),
                                    "fetched", time_json(f->kept.fetched_s), "until",
                                    time_json(keep_until_s(&l->rules, &f->kept)), "octets",
                                    (json_int_t)f->body.n));
}

static int by_url(const void *a, const void *b)
{
    return strcmp(text_of(*(json_t *const *)a, "url"), text_of(*(json_t *const *)b, "url"));
}

/* False: no memory. */
static bool sort(struct listing *l)
{
    const size_t n = json_array_size(l->list);
    json_t **all = calloc(n + 1, sizeof(*all)), *sorted = json_array();
    for (size_t i = 0; all && i < n; i++)
        all[i] = json_array_get(l->list, i);
    if (all)
        qsort(all, n, sizeof(*all), by_url);
    for (size_t i = 0; all && i < n; i++)
        json_array_append(sorted, all[i]);
    free(all);
    json_decref(l->list);
    l->list = sorted;
    return json_array_size(sorted) == n;
}

static bool complain_of_memory(void)
{
    fputs("stirctl: out of memory\n", stderr);
    return false;
}

/* Reads what there is, or of URL alone, which is looked at as of now. */
static bool read_kept(struct listing *l, const struct settings *s, struct str url)
{
    char *directory = NULL;
    *l = (struct listing){.rules = {.least_s = s->fetch.keep_min_ms / 1000,
                                    .most_s = s->fetch.keep_max_ms / 1000,
                                    .stale_s = s->fetch.stale_if_error_ms / 1000},
                          .now_s = clock_real_s(),
                          .url = url,
                          .list = json_array()};
    if (!l->list ||
        asprintf(&directory, "%.*s/" KEPT_FILES_DIRECTORY, STR_ARG(s->state_directory)) < 0)
        return complain_of_memory();
    int r = kept_files_list(directory, see, l);
    if (r == -EACCES)
        warn_said("stirctl: %s: you may not read what is kept there: be root, or the user that "
                  "stird runs as\n",
                  directory);
    else if (r < 0)
        warn_said("stirctl: %s: %s\n", directory, strerror(-r));
    free(directory);
    return r >= 0 && (sort(l) || complain_of_memory());
}

static void listing_fini(struct listing *l)
{
    json_decref(l->list);
    buf_fini(&l->body);
}

/* ---- all of them ---- */

static void print_all(const struct listing *l)
{
    const json_t *one;
    size_t i;
    if (json_array_size(l->list) == 0)
        puts("none");
    json_array_foreach(l->list, i, one)
    {
        print_shown(text_of(one, "url"));
        putchar('\n');
        columns_say(FURTHER, 0, "%s, fetched %s, until %s, %" JSON_INTEGER_FORMAT " octets",
                    text_of(one, "state"), text_of(one, "fetched"), text_of(one, "until"),
                    json_integer_value(json_object_get(one, "octets")));
    }
    if (l->beyond > 0)
        printf("%" JSON_INTEGER_FORMAT " more\n", l->beyond);
}

static int run_cache(const struct cli *cli, const struct words *words)
{
    (void)words;
    struct settings *s = session_paths(cli);
    struct listing l = {.list = NULL};
    bool good = s && read_kept(&l, s, STR(""));
    if (good && cli->json)
        json_print(json_pack("{s:O,s:I}", "certificates", l.list, "beyond", l.beyond));
    else if (good)
        print_all(&l);
    listing_fini(&l);
    settings_free(s);
    return !good || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- one of them ---- */

/* NULL: nothing is wrong with it, for whoever believes one of the domains that it leads to. */
static const char *why_not(const struct sti_certificate *c, bool has_domains, int64_t now_s)
{
    if (c->unreadable)
        return c->unreadable;
    if (sti_certificate_fault(c))
        return sti_certificate_fault(c);
    if (now_s < c->not_before_s)
        return "it is not valid yet";
    if (now_s > c->not_after_s)
        return "it is not valid any more";
    if (!has_domains)
        return "no domain of trust is at hand to judge it by";
    if (c->is_open)
        return "a domain of trust has no list of authorities in force";
    if (!c->domains)
        return c->by_anchors.chain ? c->by_anchors.chain : "it leads to no domain of trust";
    if (c->by_anchors.revoked == TRUST_REVOKED)
        return "it is revoked";
    return c->by_anchors.revoked == TRUST_NOT_KNOWN && c->crl_is_needed ? c->by_anchors.not_known
                                                                        : NULL;
}

static json_t *domains_json(const struct sti_certificate *c, const struct trust_image *image)
{
    json_t *names = json_array();
    for (unsigned i = 0; image && i < trust_image_domains(image); i++)
        if (c->domains & (UINT32_C(1) << i))
            json_array_append_new(names, json_of(trust_image_domain(image, i)->name));
    return names;
}

static const char *revoked_word(const struct sti_certificate *c)
{
    static const char *const words[] = {[TRUST_NO_LISTS] = "not judged",
                                        [TRUST_NOT_REVOKED] = "no",
                                        [TRUST_REVOKED] = "yes",
                                        [TRUST_NOT_KNOWN] = "not known"};
    return words[c->by_anchors.revoked];
}

/* Adds to ONE what the certificate is, judged as the calls' are, by all domains at once. False: no
   memory. */
static bool judge(json_t *one, struct str body, const struct trust_image *image, int64_t now_s)
{
    struct arena *arena = arena_new(8192);
    struct sti_certificate c = {.key = NULL};
    bool good = arena &&
                sti_certificate_prepare_for(&c, body, image, image ? UINT32_MAX : 0, now_s, arena);
    if (good) {
        const char *why = why_not(&c, image != NULL, now_s);
        const bool readable = !c.unreadable;
        json_object_set_new(one, "subject", readable ? json_of(c.subject) : json_null());
        json_object_set_new(one, "spc", readable ? json_of(c.spc) : json_null());
        json_object_set_new(one, "serial", readable ? json_of(c.serial) : json_null());
        json_object_set_new(one, "valid_from", readable ? time_json(c.not_before_s) : json_null());
        json_object_set_new(one, "valid_until", readable ? time_json(c.not_after_s) : json_null());
        json_object_set_new(one, "trust", domains_json(&c, image));
        json_object_set_new(one, "revoked", json_string(revoked_word(&c)));
        json_object_set_new(one, "good", json_boolean(!why));
        json_object_set_new(one, "why", why ? json_string(why) : json_null());
    }
    sti_certificate_fini(&c);
    arena_free(arena);
    return good || complain_of_memory();
}

static void print_member(const char *name, const char *text)
{
    if (!text[0])
        return;
    int at = printf("%-*s ", NAME_WIDTH, name);
    columns_wrap(text, at, at);
}

static void print_one(const json_t *one)
{
    const json_t *domain;
    size_t i;
    static const char *const keys[] = {"url", "state",  "fetched",    "until",      "subject",
                                       "spc", "serial", "valid_from", "valid_until"};
    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        print_member(keys[i], text_of(one, keys[i]));
    json_array_foreach(json_object_get(one, "trust"), i, domain)
        print_member(i == 0 ? "trust" : "", json_string_value(domain));
    print_member("revoked", text_of(one, "revoked"));
    print_member("good", json_is_true(json_object_get(one, "good")) ? "yes" : "no");
    print_member("why", text_of(one, "why"));
}

static int show(const struct cli *cli, const struct decision_basis *basis, struct str url)
{
    struct listing l;
    bool good = read_kept(&l, basis->settings, url);
    json_t *one = good ? json_array_get(l.list, 0) : NULL;
    if (good && !one)
        warn_said("stirctl: %.*s: nothing of it is kept over a restart: no call has shown that "
                  "it leads to an authority; what is wrong with it: stirctl verify --online\n",
                  STR_ARG(url));
    good = one && judge(one, buf_str(&l.body), basis->trust.image, l.now_s);
    if (good && cli->json)
        json_print(json_incref(one));
    else if (good)
        print_one(one);
    listing_fini(&l);
    return !good || fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_show(const struct cli *cli, const struct words *words)
{
    struct decision_basis basis;
    if (!decision_basis_get(&basis, cli, SOURCE_EITHER, NEED_CALLS))
        return EXIT_FAILURE;
    int status = show(cli, &basis, str_of(words->word[0]));
    decision_basis_fini(&basis);
    return status;
}

static void print_dropped(const json_t *reply)
{
    (void)reply;
    puts("dropped: the next call that needs it has it fetched");
}

static int run_drop(const struct cli *cli, const struct words *words)
{
    return session_show(cli, ADMIN_DROP, true, str_of(words->word[0]), SESSION_LONG_TIMEOUT_MS,
                        print_dropped);
}

const struct command command_certificates_cache = {
    .name = "certificates cache",
    .usage = "",
    .summary = "certificates of others that are kept over a restart",
    .run = run_cache};
const struct command command_certificates_show = {
    .name = "certificates show",
    .usage = "URL",
    .summary = "one of them: whose it is, and whether it is good",
    .run = run_show,
    .words = "URL"};
const struct command command_certificates_drop = {
    .name = "certificates drop",
    .usage = "URL",
    .summary = "forget what the URL served: it is fetched anew",
    .run = run_drop,
    .words = "URL"};
