#include <stird/core/list_login.h>

#include "token_claims.h"

#include <stird/base/json.h>
#include <stird/base/shortage.h>
#include <stird/core/list_refusal.h>
#include <string.h>

static struct str line_of(struct str *text)
{
    struct str line = str_cut(text, '\n');
    if (line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

struct login {
    struct str user, password;
};

static const char *read_login(struct str file, struct login *l)
{
    struct str rest = file;
    l->user = line_of(&rest);
    l->password = line_of(&rest);
    if (l->user.n == 0 || l->password.n == 0)
        return "must hold " LIST_LOGIN_FORM;
    if (rest.n > 0)
        return "must hold " LIST_LOGIN_FORM;
    if (str_find(file, '\0', 0) < file.n)
        return "holds NUL bytes";
    return NULL;
}

bool list_login_is_whole(struct str file)
{
    struct login l;
    return read_login(file, &l) == NULL;
}

struct str list_login_password(struct str file)
{
    struct login l;
    return read_login(file, &l) ? STR("") : l.password;
}

const char *list_login_write(struct str file, struct buf *body)
{
    struct json j = json_writer(body, false);
    struct login l;
    const char *why = read_login(file, &l);
    if (why)
        return why;
    json_begin_object(&j);
    json_put_key(&j, STR("userId"));
    json_put_string(&j, l.user);
    json_put_key(&j, STR("password"));
    json_put_string(&j, l.password);
    json_end_object(&j);
    buf_add_char(body, '\0');
    return buf_failed(body) ? "cannot be used: out of memory" : NULL;
}

/* b64token (RFC 6750 section 2.1), which goes into a header as it is: anything else a server reads
   as the end of it. */
static bool is_token(struct str text)
{
    size_t n = text.n;
    while (n > 0 && text.p[n - 1] == '=')
        n--;
    bool good = n > 0 && text.n <= TRUST_TOKEN_BYTES_MAX;
    for (size_t i = 0; good && i < n; i++)
        good = ascii_is_alpha(text.p[i]) || ascii_is_digit(text.p[i]) ||
               (text.p[i] != '\0' && strchr("-._~+/", text.p[i]));
    return good;
}

bool list_token_is_whole(struct str file)
{
    return is_token(line_of(&file)) && file.n == 0;
}

const char *list_login_read(struct str answer, struct str password,
                            char token[TRUST_TOKEN_BYTES_MAX + 1], struct buf *said)
{
    const unsigned long before = shortages();
    json_t *object = json_loadb(answer.n > 0 ? answer.p : "", answer.n, JSON_REJECT_DUPLICATES,
                                NULL);
    const json_t *status = json_object_get(object, "status");
    struct str found = json_member(object, "accessToken");
    const char *why = NULL;
    if (!found.p)
        found = json_member(object, "token");
    if (!json_is_object(object))
        why = shortages() == before ? "answers what is no JSON" : "cannot be read: out of memory";
    else if (status && !str_eq(json_text(status), STR("success")))
        why = "is refused: the status of its answer is not success";
    else if (!is_token(found))
        why = "gives no token (accessToken)";
    if (!why) {
        memcpy(token, found.p, found.n);
        token[found.n] = '\0';
    } else
        list_refusal_add(said, answer, password);
    json_decref(object);
    return why;
}
