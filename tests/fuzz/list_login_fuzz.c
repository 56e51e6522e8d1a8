/* list_login: what an administrator answers, and the files of who we are. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <stird/core/list_login.h>
#include <stird/core/list_refusal.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken goes into a header line, behind "Bearer ". */
static void take_answer(struct str text)
{
    char token[TRUST_TOKEN_BYTES_MAX + 1];
    memset(token, 'x', sizeof(token));
    struct buf said = BUF_INIT;
    const char *why = list_login_read(text, STR("secret"), token, &said);
    assert(said.n <= LIST_REFUSAL_OCTETS);
    for (size_t i = 0; i < said.n; i++)
        assert(said.p[i] >= ' ' && said.p[i] <= '~');
    buf_fini(&said);
    if (why)
        return;
    const size_t n = strnlen(token, sizeof(token));
    assert(n > 0 && n < sizeof(token));
    for (size_t i = 0; i < n; i++)
        assert(token[i] > ' ' && token[i] <= '~' && token[i] != ',' && token[i] != ';');
}

static void take_file(struct str text)
{
    struct buf body = BUF_INIT;
    const char *why = list_login_write(text, &body);
    assert(list_login_is_whole(text) == !why);
    assert(why || (body.n > 1 && body.p[0] == '{' && strlen(body.p) == body.n - 1));
    buf_fini(&body);
    if (list_token_is_whole(text))
        assert(!memchr(text.p, '\0', text.n) && text.n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str text = {(const char *)data, size};
    take_answer(text);
    take_file(text);
    return 0;
}
