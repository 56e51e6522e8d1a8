/*
 * tables_process - reads number tables with no more rights than that takes. They are the longest
 * texts, and come from the most hands.
 */
#ifndef STIRD_DAEMON_TABLES_PROCESS_H
#define STIRD_DAEMON_TABLES_PROCESS_H

#include <stird/base/problems.h>
#include <stird/core/settings.h>

/*
 * Gives up all files but the tables that S names, keys above all, and the urgent changes. For good;
 * a kernel without Landlock does not count. False after a log line.
 */
bool tables_give_up_other_files(const struct settings *s);

/*
 * Compiles the tables that S names in a process of its own that has the loader's rights, and those
 * files alone. *FD: the sealed table, to be looked at before it is believed; *COLUMNS_OPEN: as in
 * struct numbers_summary. False with problems: *FD is what is good of the tables, for checks alone,
 * or -1.
 */
bool tables_look_aside(const struct settings *s, int *fd, bool *columns_open,
                       struct problems *problems);

#endif
