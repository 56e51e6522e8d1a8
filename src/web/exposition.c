#include "exposition.h"

#include <inttypes.h>
#include <stdio.h>

/* Help has no quotes, so those stay as they are there. */
static void add_escaped(struct buf *out, struct str text, bool quotes)
{
    for (size_t i = 0; i < text.n; i++) {
        const char c = text.p[i];
        if (c == '\n')
            buf_add_text(out, "\\n");
        else if (c == '\\' || (quotes && c == '"'))
            buf_addf(out, "\\%c", c);
        else
            buf_add_char(out, c);
    }
}

void exposition_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_addf(out, "# HELP %s ", name);
    add_escaped(out, str_of(help), false);
    buf_addf(out, "\n# TYPE %s %s\n", name, type);
}

static void begin(struct buf *out, const char *name,
                  const struct label labels[EXPOSITION_LABELS_MAX])
{
    buf_add_text(out, name);
    for (unsigned i = 0; labels && i < EXPOSITION_LABELS_MAX && labels[i].name; i++) {
        buf_addf(out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
        add_escaped(out, labels[i].value, true);
        buf_add_char(out, '"');
    }
    if (labels && labels[0].name)
        buf_add_char(out, '}');
    buf_add_char(out, ' ');
}

void exposition_sample(struct buf *out, const char *name,
                       const struct label labels[EXPOSITION_LABELS_MAX], int64_t value)
{
    begin(out, name, labels);
    buf_addf(out, "%" PRId64 "\n", value);
}

void exposition_add_seconds(struct buf *out, uint64_t us)
{
    char digits[32];
    int n = snprintf(digits, sizeof(digits), "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
    while (digits[n - 1] == '0')
        n--;
    n -= digits[n - 1] == '.';
    buf_add(out, digits, (size_t)n);
}

void exposition_seconds(struct buf *out, const char *name,
                        const struct label labels[EXPOSITION_LABELS_MAX], uint64_t us)
{
    begin(out, name, labels);
    exposition_add_seconds(out, us);
    buf_add_char(out, '\n');
}
