/* Checks keys in a process of its own, so that the one that asks never holds a key. */
#include "aside.h"
#include "key_file.h"
#include "roles.h"

struct key_check {
    const struct settings *settings;
    bool is_narrowed, with_tokens;
};

/* A key file is somebody else's text, too. What a token's library needs is not known beforehand. */
static bool give_up_rights(const struct key_check *c)
{
    static const char *const readable[] = {"/", NULL};
    const struct role_keeps keeps = {.readable = readable};
    return c->is_narrowed || key_file_is_any_token(c->settings) ||
           roles_narrow(ROLE_LOADER, &keeps) == 0;
}

static void forget(void *user, unsigned index, struct credential *credential)
{
    (void)user, (void)index;
    credential_free(credential);
}

static void check_keys(void *user, struct problems *problems)
{
    const struct key_check *c = user;
    if (!give_up_rights(c)) {
        problems_add(problems, STR(""), 0,
                     "the process that checks the keys could not give up its rights");
        return;
    }
    for (unsigned i = 0; i < c->settings->n_mistaken_units; i++)
        key_file_check_alone(c->settings->mistaken_units[i], problems);
    key_file_load_all(c->settings, c->with_tokens, forget, NULL, problems);
}

bool signer_check_keys(const struct settings *settings, bool is_narrowed, struct problems *problems)
{
    struct key_check c = {settings, is_narrowed, !is_narrowed};
    return aside_check("the keys", check_keys, &c, problems);
}
