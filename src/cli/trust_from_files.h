/*
 * trust_from_files - the domains of trust without a stird that runs: made of the configuration's
 * files and of what was kept in the state directory, as the trust process makes them.
 */
#ifndef CLI_TRUST_FROM_FILES_H
#define CLI_TRUST_FROM_FILES_H

#include <stird/core/settings.h>
#include <stird/io/trust_file.h>

/* Fills MAPPED, to be ended with trust_file_unmap(); where it cannot, MAPPED stays empty. What is
   not at hand is said on standard error, by its name, in either case. */
void trust_from_files(const struct settings *settings, struct mapped_trust *mapped);

#endif
