#include <stird/core/tried.h>

void tried_add_said(struct buf *out, const struct tried *t)
{
    static const char *const words[FATE_KINDS] = {
        [FATE_NOTHING] = "nothing",
        [FATE_UNREACHABLE] = "unreachable",
        [FATE_SILENT] = "silent",
        [FATE_TIMEOUT] = "timeout",
        [FATE_CONNECTION_LOST] = "connection_lost",
        [FATE_FULL] = "full",
        [FATE_NOT_SENT] = "not_sent",
        [FATE_NOT_OPENED] = "not_opened",
        [FATE_UNREADABLE] = "unreadable",
    };
    if (t->fate == FATE_STATUS)
        buf_addf(out, "%u", t->status);
    else
        buf_add_text(out, words[t->fate < FATE_KINDS ? t->fate : FATE_NOTHING]);
}

bool tried_may_have_it(const struct tried *t)
{
    static const bool never[FATE_KINDS] = {
        [FATE_UNREACHABLE] = true,
        [FATE_FULL] = true,
        [FATE_NOT_SENT] = true,
        [FATE_NOT_OPENED] = true,
    };
    return t->fate >= FATE_KINDS || !never[t->fate];
}
