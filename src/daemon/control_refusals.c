#include "control_refusals.h"

#include <stird/base/log.h>

#define SAID_EVERY_MS 60000

static const struct {
    enum log_level level;
    const char *words;
} lines[CONTROL_REFUSALS] = {
    [CONTROL_REFUSED_OWN] = {LOG_LEVEL_ERROR, "the control socket was asked by a process of "
                                              "stird's own: it is refused"},
    [CONTROL_REFUSED_CROWDED] = {LOG_LEVEL_ERROR, "the control socket refuses who asks: others "
                                                  "have all places of this user or of its kind"},
    [CONTROL_REFUSED_UNREAD] = {LOG_LEVEL_WARNING, "an answer on the control socket was not taken: "
                                                   "the connection is closed"},
    [CONTROL_REFUSED_STRANGER] = {LOG_LEVEL_INFO, "the control socket was asked by somebody of "
                                                  "none of its groups: it is refused"},
    [CONTROL_REFUSED_GONE] = {LOG_LEVEL_INFO, "who asked at the control socket has ended: it is "
                                              "not heard"},
};

void control_refusals_add(struct control_refusals *r, enum control_refusal why, pid_t pid,
                          uid_t uid, int64_t now_ms)
{
    bool first = r->of[why]++ == 0;
    if (!first && now_ms - r->said_ms[why] < SAID_EVERY_MS)
        return;
    r->said_ms[why] = now_ms;
    log_write(lines[why].level, lines[why].words, LOG_NUMBER("pid", pid), LOG_NUMBER("user", uid),
              LOG_NUMBER("refused", (int64_t)r->of[why]));
}
