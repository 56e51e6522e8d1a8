/*
 * runtime_directory - where the running stird's sockets are, by a configuration that may be full of
 * mistakes: stirctl must reach it then most of all. Settings are read by settings_file.h alone.
 */
#ifndef STIRD_RUNTIME_DIRECTORY_H
#define STIRD_RUNTIME_DIRECTORY_H

#include <stird/base/str.h>

#define RUNTIME_DIRECTORY_DEFAULT "/run/stird"

/* What TEXT, a configuration file's, gives as directories.runtime, as it is written there; NULL:
 * nothing that can be found, or no memory. The caller frees it. */
char *runtime_directory_in(struct str text);

#endif
