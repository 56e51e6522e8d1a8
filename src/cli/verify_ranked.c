/*
 * What failed where the call arrives is looked for at the places where it was seen before: what was
 * still right there was broken between the two, whatever the check itself would guess.
 */
#include "verify_ranked.h"

#include "json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <stird/base/buf.h>
#include <stird/core/verify_fault.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* In the order of their weight. */
static const char *const severities[] = {"fault", "open", "warning"};

static int weight_of(const json_t *finding)
{
    int weight = 0;
    while (weight < 2 && strcmp(text_of(finding, "severity"), severities[weight]) != 0)
        weight++;
    return weight;
}

static void set_whose(json_t *finding, enum verify_fault fault)
{
    json_object_set_new(finding, "whose", json_of(verify_fault_name(fault)));
    json_object_set_new(finding, "whose_text", json_of(verify_fault_text(fault)));
}

/* ---- where it was right before ---- */

/* The same token in HOP, as it was judged there; NULL: it is not there, or was not judged. */
static const json_t *same_token(const json_t *hop, const json_t *token)
{
    size_t i;
    json_t *other;
    json_array_foreach(
        json_object_get(hop, "tokens"), i,
        other) if (json_equal(json_object_get(other, "header"), json_object_get(token, "header")) &&
                   json_equal(json_object_get(other, "payload"),
                              json_object_get(token, "payload"))) return other;
    return NULL;
}

/* What a check found of the same token in HOP; empty: nobody judged it there. */
static const char *result_in(const json_t *hop, const json_t *token, size_t check)
{
    const json_t *other = same_token(hop, token);
    return text_of(json_array_get(json_object_get(other, "checks"), check), "result");
}

static json_t *place_of(const json_t *hop)
{
    static const char *const keys[] = {"packet", "line", "from", "to"};
    json_t *place = json_object();
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (json_object_get(hop, keys[i]))
            json_object_set(place, keys[i], json_object_get(hop, keys[i]));
    return place;
}

static void set_between(json_t *finding, const json_t *right, const json_t *wrong)
{
    set_whose(finding, FAULT_BETWEEN);
    json_object_set_new(finding, "right_at", place_of(right));
    json_object_set_new(finding, "wrong_from", place_of(wrong));
}

/* The last place at which CHECK was right, and the first behind it at which it is not. */
static void look_back(json_t *finding, const json_t *hops, const json_t *token, size_t check)
{
    size_t n = json_array_size(hops);
    const json_t *wrong = json_array_get(hops, n - 1);
    for (size_t i = n - 1; i-- > 0;) {
        const json_t *hop = json_array_get(hops, i);
        const char *result = result_in(hop, token, check);
        if (strcmp(result, "ok") == 0) {
            set_between(finding, hop, wrong);
            json_object_set_new(
                finding, "todo",
                json_of(verify_fault_advice((enum verify_check)check, FAULT_BETWEEN)));
            return;
        }
        if (strcmp(result, "FAILED") == 0)
            wrong = hop;
    }
}

/* ---- findings ---- */

/* Whether another finding of the same token already says why this check could not be made. */
static bool is_told(const json_t *checks, size_t check)
{
    const json_t *one = json_array_get(checks, check);
    size_t ground = check;
    while (strcmp(text_of(one, "severity"), "open") == 0 &&
           verify_fault_ground((enum verify_check)ground) != (enum verify_check)ground) {
        ground = verify_fault_ground((enum verify_check)ground);
        const char *severity = text_of(json_array_get(checks, ground), "severity");
        if (strcmp(severity, "fault") == 0 || strcmp(severity, "open") == 0)
            return true;
    }
    return false;
}

/* PASSED: another token of the call is good, so that this one hinders nothing. */
static json_t *finding_of(const json_t *check, size_t header, bool passed)
{
    static const char *const keys[] = {"check", "what", "found", "todo", "whose", "whose_text"};
    json_t *finding = json_pack("{s:s,s:i}", "severity",
                                passed ? "warning" : text_of(check, "severity"), "header",
                                (int)header + 1);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (json_object_get(check, keys[i]))
            json_object_set(finding, keys[i], json_object_get(check, keys[i]));
    return finding;
}

static void add_token(json_t *findings, const json_t *hops, const json_t *hop, size_t header)
{
    size_t i;
    json_t *check;
    const json_t *token = json_array_get(json_object_get(hop, "tokens"), header);
    const json_t *checks = json_object_get(token, "checks");
    const bool passed = strcmp(text_of(json_object_get(hop, "call"), "class"), "passed") == 0;
    json_array_foreach(checks, i, check)
    {
        if (!text_of(check, "severity")[0] || is_told(checks, i))
            continue;
        json_t *finding = finding_of(check, header, passed);
        json_object_set_new(finding, "order", json_integer((json_int_t)i));
        if (strcmp(text_of(check, "result"), "FAILED") == 0) {
            json_object_set_new(finding, "sip_status",
                                json_integer(verify_check_status((enum verify_check)i)));
            look_back(finding, hops, token, i);
        }
        json_array_append_new(findings, finding);
    }
}

/* It arrives without an Identity: who took it off, where it had one. */
static void add_unsigned(json_t *findings, const json_t *hops)
{
    size_t n = json_array_size(hops);
    const json_t *last = json_array_get(hops, n - 1), *bare = last;
    json_t *finding = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i}", "severity", "fault", "check",
                                "identity", "what", "the call is signed", "found",
                                "no Identity arrives", "sip_status", 428, "order", 0);
    set_whose(finding, FAULT_SIGNER);
    for (size_t i = n - 1; i-- > 0;) {
        const json_t *hop = json_array_get(hops, i);
        if (json_integer_value(json_object_get(hop, "identities")) > 0) {
            set_between(finding, hop, bare);
            break;
        }
        bare = hop;
    }
    json_object_set_new(
        finding, "todo",
        json_string(json_object_get(finding, "right_at")
                        ? "an element on the way took it off: have it pass Identity on untouched, "
                          "or sign behind it"
                        : "it was signed nowhere that was looked at: ask who should sign it, or "
                          "look nearer to him"));
    json_array_append_new(findings, finding);
}

/* ---- worst first ---- */

static json_int_t order_of(const json_t *finding)
{
    return json_integer_value(json_object_get(finding, "order"));
}

static int compare(const void *a, const void *b)
{
    const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
    if (weight_of(x) != weight_of(y))
        return weight_of(x) - weight_of(y);
    if (order_of(x) != order_of(y))
        return order_of(x) < order_of(y) ? -1 : 1;
    const json_int_t hx = json_integer_value(json_object_get(x, "header")),
                     hy = json_integer_value(json_object_get(y, "header"));
    return hx < hy ? -1 : hx > hy;
}

static json_t *sorted(json_t *findings)
{
    size_t n = json_array_size(findings);
    json_t **list = calloc(n + 1, sizeof(json_t *)), *all = json_array();
    if (!list) {
        json_decref(all);
        return findings;
    }
    for (size_t i = 0; i < n; i++)
        list[i] = json_array_get(findings, i);
    qsort(list, n, sizeof(json_t *), compare);
    for (size_t i = 0; i < n; i++) {
        json_object_del(list[i], "order");
        json_array_append(all, list[i]);
    }
    free(list);
    json_decref(findings);
    return all;
}

void verify_rank(json_t *calls)
{
    size_t i;
    json_t *call;
    json_array_foreach(calls, i, call)
    {
        json_t *hops = json_object_get(call, "hops"), *findings = json_array();
        const json_t *last = json_array_get(hops, json_array_size(hops) - 1);
        if (json_is_true(json_object_get(last, "unsigned")))
            add_unsigned(findings, hops);
        for (size_t t = 0; t < json_array_size(json_object_get(last, "tokens")); t++)
            add_token(findings, hops, last, t);
        json_object_set_new(call, "findings", sorted(findings));
    }
}
