#include <stird/core/verify_check.h>

static const struct {
    const char *name, *text, *advice;
    int status;
    enum verify_need need;
} checks[VERIFY_CHECKS] = {
#define CHECK(upper, lower, code, when, what, todo)                                                \
    [VERIFY_##upper] = {                                                                           \
        .name = lower, .text = what, .advice = todo, .status = code, .need = NEED_##when},
#include <stird/core/verify.def>
#undef CHECK
};

struct str verify_check_name(enum verify_check check)
{
    return str_of(checks[check].name);
}

struct str verify_check_text(enum verify_check check)
{
    return str_of(checks[check].text);
}

struct str verify_check_advice(enum verify_check check)
{
    return str_of(checks[check].advice);
}

int verify_check_status(enum verify_check check)
{
    return checks[check].status;
}

enum verify_need verify_check_need(enum verify_check check)
{
    return checks[check].need;
}

struct str verify_status_phrase(int sip_status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {{400, "Bad Request"},
                   {403, "Stale Date"},
                   {428, "Use Identity Header"},
                   {433, "Anonymity Disallowed"},
                   {436, "Bad Identity Info"},
                   {437, "Unsupported Credential"},
                   {438, "Invalid Identity Header"}};
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == sip_status)
            return str_of(phrases[i].phrase);
    return STR("");
}
