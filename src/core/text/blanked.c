#include <stird/core/blanked.h>

#include <stdbool.h>
#include <stird/base/str.h>
#include <string.h>

/* What a secret line begins with. A header may have white space before its colon. */
static const struct {
    const char *begin;
    bool header;
    const char *behind; /* the secret begins here, where the line has it; NULL: at once */
} secrets[] = {
    {"authorization", true, NULL},
    {"proxy-authorization", true, NULL},
    {"a=crypto:", false, "inline:"},
    {"a=key-mgmt:", false, NULL},
    {"k=", false, NULL},
};

static bool ends_line(char c)
{
    return c == '\r' || c == '\n';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* From where the secret begins, or NULL. */
static char *secret_of(char *line, char *end)
{
    for (unsigned i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        const size_t n = strlen(secrets[i].begin);
        char *at = line + n;
        if (!str_starts_nocase((struct str){line, (size_t)(end - line)}, str_of(secrets[i].begin)))
            continue;
        while (secrets[i].header && at < end && is_blank(*at))
            at++;
        if (secrets[i].header && (at == end || *at++ != ':'))
            continue;
        const char *behind = secrets[i].behind;
        char *found = behind ? memmem(at, (size_t)(end - at), behind, strlen(behind)) : NULL;
        return found ? found + strlen(behind) : at;
    }
    return NULL;
}

static char *end_of_line(char *at, char *end)
{
    while (at < end && !ends_line(*at))
        at++;
    return at;
}

static char *next_line(char *at, char *end)
{
    if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
        return at + 2;
    return at < end ? at + 1 : end;
}

void blanked(char *bytes, size_t n)
{
    char *const end = bytes + n;
    bool goes_on = false; /* the line before was a secret one */
    for (char *line = bytes, *stop; line < end; line = next_line(stop, end)) {
        stop = end_of_line(line, end);
        char *secret = goes_on && is_blank(*line) ? line : secret_of(line, stop);
        goes_on = secret != NULL;
        for (char *at = secret; at && at < stop; at++)
            *at = is_blank(*at) ? *at : 'x';
    }
}
