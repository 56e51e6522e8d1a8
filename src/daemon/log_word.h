/*
 * log_word - what a child does when it is told how much to say in the log (control.def, LOG).
 */
#ifndef STIRD_DAEMON_LOG_WORD_H
#define STIRD_DAEMON_LOG_WORD_H

#include <stird/base/log.h>
#include <stird/io/control.h>

static inline void log_word_take(const struct control_log *m)
{
    if (m->level <= LOG_LEVEL_DEBUG)
        log_hold_level((enum log_level)m->level);
    else
        log_follow_level();
}

#endif
