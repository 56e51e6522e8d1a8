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
