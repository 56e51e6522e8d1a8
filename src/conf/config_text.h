/*
 * config_text - refuses what libconfig 1.5 would silently read as something else: numbers that are
 * not read as they look (010 is 10, 4294972356 is 5060), and @include.
 */
#ifndef STIRD_CONF_CONFIG_TEXT_H
#define STIRD_CONF_CONFIG_TEXT_H

#include <stird/base/problems.h>

/* False when the text must not be given to libconfig; a problem was added. */
bool config_text_check(struct str file, struct str text, struct problems *problems);

#endif
