/*
 * log_level - how much is said in the log. Apart from log.h, because the core has it among its
 * settings but does not log.
 */
#ifndef STIRD_LOG_LEVEL_H
#define STIRD_LOG_LEVEL_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

#endif
