#include "findings.h"

#include <stird/base/buf.h>

struct str finding_text(const struct findings *f, struct str text)
{
    struct buf escaped = BUF_INIT;
    buf_add_escaped(&escaped, str_slice(text, 0, 80));
    struct str copy = arena_copy(f->arena, buf_str(&escaped));
    buf_fini(&escaped);
    return copy;
}

bool findings_are_whole(const struct findings *f)
{
    bool whole = true;
    for (int i = 0; i < VERIFY_CHECKS; i++)
        whole = whole && (f->of[i].result == VERIFY_NOT_DONE || f->of[i].text.p);
    return whole;
}
