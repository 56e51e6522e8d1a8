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
    {"authorization", true, NULL},   {"proxy-authorization", true, NULL},
    {"a=crypto:", false, "inline:"}, {"a=key-mgmt:", false, NULL},
    {"a=ice-pwd:", false, NULL},     {"k=", false, NULL},
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

static void blank(char *at, const char *end)
{
    for (; at < end; at++)
        *at = is_blank(*at) ? *at : 'x';
}

static bool begins(const char *at, const char *end, const char *word)
{
    return str_starts_nocase((struct str){at, (size_t)(end - at)}, str_of(word));
}

static bool ends_uri(char c)
{
    return is_blank(c) || c == '<' || c == '>' || c == '"';
}

/* The password of a URI whose scheme ends at AT (RFC 3261 section 19.1.1), as in
   sip:user:password@host. Returns where its user part ends. */
static char *blank_password(char *at, char *end)
{
    char *colon = NULL;
    for (; at < end && *at != '@' && !ends_uri(*at); at++)
        if (*at == ':' && !colon)
            colon = at;
    if (colon && at < end && *at == '@')
        blank(colon + 1, at);
    return at;
}

/* What a header in a URI says from AT on: ?Authorization=value&... */
static void blank_value(char *at, char *end)
{
    char *stop = at;
    while (stop < end && *stop != '&' && !ends_uri(*stop))
        stop++;
    blank(at, stop);
}

/* Secrets that stand within a line, wherever in it. */
static void blank_within(char *line, char *end)
{
    static const char *const schemes[] = {"sip:", "sips:"};
    static const char header[] = "authorization=";
    char *looked_at = line; /* a URI that begins before it ends there too */
    for (char *at = line; at < end; at++) {
        for (unsigned i = 0; at >= looked_at && i < sizeof(schemes) / sizeof(schemes[0]); i++)
            if (begins(at, end, schemes[i]))
                looked_at = blank_password(at + strlen(schemes[i]), end);
        if (begins(at, end, header))
            blank_value(at + sizeof(header) - 1, end);
    }
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
        if (secret)
            blank(secret, stop);
        else
            blank_within(line, stop);
    }
}
