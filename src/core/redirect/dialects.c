/* The dialects that stird knows: a row each. */
#include <stird/core/dialect.h>

/*
 * What most have in common. Busy is an answer that has the SBC route on, without a token. A fault
 * is said only where signing.failure does not let the call go on, so it is none of those (R-D-005).
 */
#define SAYS(code, ...)                                                                            \
    {                                                                                              \
        .status = (code), __VA_ARGS__                                                              \
    }
#define CONTACT_MAX      2000 /* R-D-015 */
#define NO_FRAUD         STR("no-fraud-detected")
#define REFUSED_AS_USUAL SAYS(0) /* RFC 8224 section 6.2.2, and what the profile says */

const struct dialect dialects[] = {
    {
        .name = STR("generic"),
        .identity = DIALECT_IDENTITY_HEADER,
        .contact_max = CONTACT_MAX,
        .answers =
            {
                [DIALECT_SIGNED] = SAYS(302),
                [DIALECT_UNSIGNED] = SAYS(302),
                [DIALECT_BLOCKED] = SAYS(603),
                [DIALECT_BAD_NUMBER] = SAYS(302),
                [DIALECT_FAULT] = SAYS(603),
                [DIALECT_BUSY] = SAYS(503),
                [DIALECT_PASSED] = SAYS(302),
                [DIALECT_FAILED] = SAYS(302),
                [DIALECT_NO_TOKEN] = SAYS(302),
                [DIALECT_OPEN] = SAYS(302),
                [DIALECT_REFUSED] = REFUSED_AS_USUAL,
            },
    },
    {
        /* 404 and 503: the SBC takes its next route; 603 ends the call. */
        .name = STR("clearip"),
        .identity = DIALECT_IDENTITY_HEADER,
        .contact_max = CONTACT_MAX,
        .answers =
            {
                [DIALECT_SIGNED] = SAYS(302, .reason = NO_FRAUD),
                [DIALECT_UNSIGNED] = SAYS(404),
                [DIALECT_BLOCKED] = SAYS(603, .reason = STR("sti-blocked")),
                [DIALECT_BAD_NUMBER] = SAYS(484),
                [DIALECT_FAULT] = SAYS(603),
                [DIALECT_BUSY] = SAYS(503),
                [DIALECT_PASSED] = SAYS(302, .reason = NO_FRAUD),
                [DIALECT_FAILED] = SAYS(302),
                [DIALECT_NO_TOKEN] = SAYS(404),
                [DIALECT_OPEN] = SAYS(302),
                [DIALECT_REFUSED] = SAYS(603, .reason = STR("sti-blocked")),
            },
    },
    {
        .name = STR("sansay"),
        .identity = DIALECT_IDENTITY_HEADER,
        .contact_max = CONTACT_MAX,
        .qtype = true,
        .answers =
            {
                [DIALECT_SIGNED] = SAYS(302),
                [DIALECT_UNSIGNED] = SAYS(302),
                [DIALECT_BLOCKED] = SAYS(603),
                [DIALECT_BAD_NUMBER] = SAYS(302),
                [DIALECT_FAULT] = SAYS(603),
                [DIALECT_BUSY] = SAYS(302),
                [DIALECT_PASSED] = SAYS(302),
                [DIALECT_FAILED] = SAYS(302),
                [DIALECT_NO_TOKEN] = SAYS(302),
                [DIALECT_OPEN] = SAYS(302),
                [DIALECT_REFUSED] = SAYS(603),
            },
    },
    {
        /* The verdict of a call that is judged is the status alone: 503 not suspect, 603 suspect.
         */
        .name = STR("ribbon"),
        .identity = DIALECT_IDENTITY_CONTACT,
        .contact_max = CONTACT_MAX,
        .answers =
            {
                [DIALECT_SIGNED] = SAYS(300),
                [DIALECT_UNSIGNED] = SAYS(300),
                [DIALECT_BLOCKED] = SAYS(603),
                [DIALECT_BAD_NUMBER] = SAYS(300),
                [DIALECT_FAULT] = SAYS(603),
                [DIALECT_BUSY] = SAYS(300),
                [DIALECT_PASSED] = SAYS(503),
                [DIALECT_FAILED] = SAYS(603),
                [DIALECT_NO_TOKEN] = SAYS(503),
                [DIALECT_OPEN] = SAYS(503),
                [DIALECT_REFUSED] = SAYS(603),
            },
    },
    {
        .name = STR("peeredge"),
        .identity = DIALECT_IDENTITY_HEADER,
        .contact_max = CONTACT_MAX,
        .answers =
            {
                [DIALECT_SIGNED] = SAYS(302, .reason = NO_FRAUD),
                [DIALECT_UNSIGNED] = SAYS(302),
                [DIALECT_BLOCKED] = SAYS(603),
                [DIALECT_BAD_NUMBER] = SAYS(302),
                [DIALECT_FAULT] = SAYS(603),
                [DIALECT_BUSY] = SAYS(503),
                [DIALECT_PASSED] = SAYS(302, .reason = NO_FRAUD),
                [DIALECT_FAILED] = SAYS(302),
                [DIALECT_NO_TOKEN] = SAYS(302),
                [DIALECT_OPEN] = SAYS(302),
                [DIALECT_REFUSED] = SAYS(603),
            },
    },
    {
        .name = STR("oracle"),
        .identity = DIALECT_IDENTITY_CONTACT,
        .contact_max = CONTACT_MAX,
        .answers =
            {
                [DIALECT_SIGNED] = SAYS(302),
                [DIALECT_UNSIGNED] = SAYS(302),
                [DIALECT_BLOCKED] = SAYS(603),
                [DIALECT_BAD_NUMBER] = SAYS(302),
                [DIALECT_FAULT] = SAYS(603),
                [DIALECT_BUSY] = SAYS(503),
                [DIALECT_PASSED] = SAYS(302),
                [DIALECT_FAILED] = SAYS(302),
                [DIALECT_NO_TOKEN] = SAYS(302),
                [DIALECT_OPEN] = SAYS(302),
                [DIALECT_REFUSED] = SAYS(603),
            },
    },
    {
        /* Its guide has five outcomes (R-X-056); words of a verdict are stird's own. */
        .name = STR("provenant"),
        .identity = DIALECT_IDENTITY_HEADER,
        .contact = DIALECT_CONTACT_ECHO,
        .contact_max = CONTACT_MAX,
        .phrase_code = true,
        .request_id = STR("Request_id"),
        .foreign = true,
        .answers =
            {
                [DIALECT_SIGNED] = SAYS(306, .phrase = STR("branded")),
                [DIALECT_UNSIGNED] = SAYS(302, .phrase = STR("unknowable")),
                [DIALECT_BLOCKED] = SAYS(603, .phrase = STR("blocked")),
                [DIALECT_BAD_NUMBER] = SAYS(302, .phrase = STR("unknowable")),
                [DIALECT_FAULT] = SAYS(500, .phrase = STR("error")),
                [DIALECT_BUSY] = SAYS(503, .phrase = STR("busy")),
                [DIALECT_PASSED] = SAYS(302, .phrase = STR("valid")),
                [DIALECT_FAILED] = SAYS(302, .phrase = STR("invalid")),
                [DIALECT_NO_TOKEN] = SAYS(302, .phrase = STR("indeterminate")),
                [DIALECT_OPEN] = SAYS(302, .phrase = STR("indeterminate")),
                [DIALECT_REFUSED] = SAYS(403, .phrase = STR("refused")),
            },
    },
};
const unsigned dialect_count = sizeof(dialects) / sizeof(dialects[0]);

const struct dialect *dialect_find(struct str name)
{
    for (unsigned i = 0; i < dialect_count; i++)
        if (str_eq(dialects[i].name, name))
            return &dialects[i];
    return NULL;
}

bool dialect_status_goes_on(unsigned status)
{
    return (status >= 300 && status < 400) || status == 404 || (status >= 500 && status < 600);
}

struct str dialect_case_name(enum dialect_case which)
{
    static const char *const names[DIALECT_CASES] = {
#define CASE(NAME, word, text) [DIALECT_##NAME] = (word),
#include <stird/core/dialect_case.def>
#undef CASE
    };
    return str_of(names[which]);
}

struct str dialect_case_text(enum dialect_case which)
{
    static const char *const texts[DIALECT_CASES] = {
#define CASE(NAME, word, text) [DIALECT_##NAME] = (text),
#include <stird/core/dialect_case.def>
#undef CASE
    };
    return str_of(texts[which]);
}
