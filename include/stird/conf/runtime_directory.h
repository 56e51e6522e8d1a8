/*
 * runtime_directory - where the sockets of the running stird are, read from a configuration that
 * may be full of mistakes: that is when stirctl is needed most. Settings are read by
 * settings_file.h alone.
 */
#ifndef STIRD_RUNTIME_DIRECTORY_H
#define STIRD_RUNTIME_DIRECTORY_H

#include <stird/base/str.h>

#define RUNTIME_DIRECTORY_DEFAULT "/run/stird"

/*
 * What TEXT, a configuration file, gives as directories.runtime, as it is written there; NULL when
 * it cannot be found there, or there is no memory. The caller frees it.
 */
char *runtime_directory_in(struct str text);

#endif
