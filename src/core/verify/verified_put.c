/* What was found of a verified call, as JSON: the one writer of records and of stirctl explain. */
#include <stird/core/verified.h>

static struct str letter_text(const char *letter)
{
    return (struct str){letter, *letter ? 1 : 0};
}

static void put_text(struct json *j, struct str key, struct str text)
{
    json_put_known_text(j, key, str_slice(text, 0, VERIFIED_TEXT_MAX));
}

/* NULL: nothing came along, or there is nothing to compare it with. */
static void put_comparison(struct json *j, const struct verified *v)
{
    json_put_key(j, STR("verstat_fits"));
    if (v->told == VERSTAT_TOLD_NOTHING)
        json_put_null(j);
    else
        json_put_bool(j, str_eq(verstat_told_name(v->told), verstat_text(v->verstat)));
}

/* Which of the call's Identity values it is about is counted from 1, as people do. */
static void put_token(struct json *j, const struct verified *v)
{
    const bool has_time = v->iat_s != VERIFIED_NO_TIME;
    json_put_known_integer(j, STR("header"), (int64_t)v->header + 1,
                           v->header != VERIFIED_NO_HEADER);
    json_put_known_integer(j, STR("headers"), v->headers, true);
    if (v->beyond > 0)
        json_put_known_integer(j, STR("headers_beyond"), v->beyond, true);
    json_put_known_text(j, STR("attest"), letter_text(&v->attest));
    put_text(j, STR("origid"), v->origid);
    put_text(j, STR("x5u"), v->x5u);
    put_text(j, STR("spc"), v->spc);
    put_text(j, STR("subject"), v->subject);
    put_text(j, STR("trust"), v->trust);
    json_put_known_integer(j, STR("iat"), v->iat_s, has_time);
    json_put_known_integer(j, STR("age"), v->age_s, has_time && v->age_s != VERIFIED_NO_TIME);
    if (v->elsewhere.n > 0)
        json_put_known_text(j, STR("requested"), tn_str(&v->elsewhere));
}

/* Only where it is another one than was found. */
static void put_shown(struct json *j, const struct verified *v)
{
    if (v->shown.is_lowered) {
        json_put_known_text(j, STR("told_class"), verification_class_name(v->shown.class));
        json_put_known_text(j, STR("told_level"), letter_text(&v->shown.level));
    }
    if (v->own_number) {
        json_put_key(j, STR("own_number"));
        json_put_bool(j, true);
    }
    if (v->replayed) {
        json_put_key(j, STR("replayed"));
        json_put_bool(j, true);
    }
}

void verified_put(struct json *j, const struct verified *v)
{
    const bool failed = v->check < VERIFY_CHECKS;
    json_begin_object(j);
    json_put_known_text(j, STR("class"), verification_class_name(v->class));
    json_put_known_text(j, STR("reason"), reason_name(v->reason));
    json_put_known_text(j, STR("level"), letter_text(&v->level));
    json_put_known_text(j, STR("check"), failed ? verify_check_name(v->check) : STR(""));
    put_token(j, v);
    json_put_known_text(j, STR("verstat"), verstat_text(v->verstat));
    json_put_known_text(j, STR("verstat_came"), verstat_told_name(v->told));
    put_comparison(j, v);
    put_shown(j, v);
    json_put_known_text(j, STR("cache"), verified_cache_name(v->cache));
    json_put_known_text(j, STR("fetch"),
                        v->fetched == FETCH_OK ? STR("") : str_of(fetch_outcome_word(v->fetched)));
    json_put_known_integer(j, STR("wait_us"), v->wait_us, true);
    json_put_known_integer(j, STR("verify_us"), v->verify_us, true);
    json_put_known_text(j, STR("refusal"), verification_answered_word(v->answered));
    json_put_known_integer(j, STR("refusal_status"), v->answer_status, v->answer_status > 0);
    json_put_known_integer(j, STR("trust_generation"), (int64_t)v->trust_generation,
                           v->trust_generation > 0);
    json_end_object(j);
}
