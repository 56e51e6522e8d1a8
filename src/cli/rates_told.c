#include "rates_told.h"

#include "session.h"

#include <stird/core/settings.h>

static uint64_t number_of(const json_t *reply, const char *key)
{
    const json_int_t n = json_integer_value(json_object_get(reply, key));
    return n > 0 ? (uint64_t)n : 0;
}

static bool look(void *user, const struct rule *rule, struct str customer, struct str number,
                 struct rate_counts *counts)
{
    const struct cli *cli = user;
    struct buf text = BUF_INIT;
    buf_addf(&text, "%.*s\t%.*s\t%.*s", STR_ARG(rule->name), STR_ARG(customer), STR_ARG(number));
    json_t *reply = buf_failed(&text)
                        ? NULL
                        : session_json(cli, ADMIN_RATES, false, buf_str(&text), SESSION_TIMEOUT_MS);
    buf_fini(&text);
    if (!reply)
        return false;
    *counts = (struct rate_counts){
        .n = {[RATE_CALL] = number_of(reply, "calls"),
              [RATE_ANSWERED] = number_of(reply, "answered"),
              [RATE_UNANSWERED] = number_of(reply, "unanswered"),
              [RATE_SHORT] = number_of(reply, "short")},
        .held = json_is_true(json_object_get(reply, "held")),
        .coarse = json_is_true(json_object_get(reply, "coarse")),
    };
    json_decref(reply);
    return true;
}

struct rate_reader rates_told(const struct cli *cli)
{
    return (struct rate_reader){.look = look, .user = (void *)(uintptr_t)cli};
}
