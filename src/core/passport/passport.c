#include <stird/core/passport.h>

void passport_write_header(struct buf *out, const struct passport_type *type, struct str x5u)
{
    struct json json = json_writer(out, true);
    json_begin_object(&json);
    json_put_key(&json, STR("alg"));
    json_put_string(&json, type->alg);
    json_put_key(&json, STR("ppt"));
    json_put_string(&json, type->ppt);
    json_put_key(&json, STR("typ"));
    json_put_string(&json, STR("passport"));
    json_put_key(&json, STR("x5u"));
    json_put_string(&json, x5u);
    json_end_object(&json);
}

void passport_write_payload(struct buf *out, const struct passport_type *type,
                            const struct passport_claims *claims)
{
    struct json json = json_writer(out, true);
    type->write_payload(&json, claims);
}
