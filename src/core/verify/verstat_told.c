#include <stird/core/verstat_told.h>

static const struct {
    enum verstat_told told;
    struct str word;
} words[] = {
    {VERSTAT_TOLD_PASSED, STR("TN-Validation-Passed")},
    {VERSTAT_TOLD_FAILED, STR("TN-Validation-Failed")},
    {VERSTAT_TOLD_NONE, STR("No-TN-Validation")},
};
#define WORDS (sizeof(words) / sizeof(words[0]))

/* "-A" to "-C" behind a word is how some carriers tell the level with it. */
static bool is_word(struct str value, struct str word)
{
    struct str rest = str_slice(value, word.n, value.n);
    return str_starts_nocase(value, word) && (rest.n == 0 || (rest.n == 2 && rest.p[0] == '-'));
}

static enum verstat_told of_value(struct str value)
{
    for (size_t i = 0; i < WORDS; i++)
        if (is_word(value, words[i].word))
            return words[i].told;
    return VERSTAT_TOLD_OTHER;
}

/* Where the parameter at AT ends, in the user part too. */
static size_t end_of(struct str uri, size_t at)
{
    while (at < uri.n && uri.p[at] != ';' && uri.p[at] != '@' && uri.p[at] != '?' &&
           uri.p[at] != ':')
        at++;
    return at;
}

enum verstat_told verstat_told_by(struct str uri)
{
    const struct str name = STR("verstat=");
    for (size_t at = str_find(uri, ';', 0); at < uri.n; at = str_find(uri, ';', at + 1)) {
        struct str parameter = str_slice(uri, at + 1, end_of(uri, at + 1));
        if (str_starts_nocase(parameter, name))
            return of_value(str_slice(parameter, name.n, parameter.n));
    }
    return VERSTAT_TOLD_NOTHING;
}

struct str verstat_told_name(enum verstat_told told)
{
    for (size_t i = 0; i < WORDS; i++)
        if (words[i].told == told)
            return words[i].word;
    return told == VERSTAT_TOLD_OTHER ? STR("other") : STR("");
}
