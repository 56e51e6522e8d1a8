/* supervisor_certificates - what is known of the certificates' URLs and lives. */
#ifndef STIRD_SUPERVISOR_CERTIFICATES_H
#define STIRD_SUPERVISOR_CERTIFICATES_H

#include "loop.h"

/* A character for each of SETTINGS' units, as in control.h. */
void supervisor_certificate_states(const struct supervisor *s, const struct settings *settings,
                                   char *text, size_t bytes);

#endif
