/*
 * unknown_names - what the configuration names and no number table has: numbers of monitors,
 * customers of rules.
 */
#ifndef STIRD_UNKNOWN_NAMES_H
#define STIRD_UNKNOWN_NAMES_H

#include <stird/core/settings.h>

/* Adds a warning for each. TABLE: all that there is, without mistakes; one without rows says
   nothing of monitors. */
void unknown_names_warn(struct settings *settings, const struct numbers *table);

#endif
