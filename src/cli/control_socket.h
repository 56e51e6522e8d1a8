/*
 * control_socket - where the running stird listens, as the configuration says. A configuration with
 * mistakes must be no obstacle: stird goes on with what it was started with, and has to be
 * reachable.
 */
#ifndef CLI_CONTROL_SOCKET_H
#define CLI_CONTROL_SOCKET_H

#include "command.h"

#include <stird/base/problems.h>
#include <stird/conf/runtime_directory.h>
#include <stird/io/admin.h>

#define CONTROL_SOCKET_DEFAULT RUNTIME_DIRECTORY_DEFAULT "/" ADMIN_SOCKET_NAME

/*
 * To be freed. MISTAKES gets what is wrong with the configuration, also when the path could be
 * found all the same. NULL: it is in MISTAKES, or complained of, or there is no memory.
 */
char *control_socket_path(const struct cli *cli, struct problems *mistakes);

#endif
