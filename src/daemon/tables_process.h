/*
 * tables_process - reads number tables with no more rights than that takes. They are the longest
 * texts, and come from the most hands.
 */
#ifndef STIRD_DAEMON_TABLES_PROCESS_H
#define STIRD_DAEMON_TABLES_PROCESS_H

#include <stird/base/problems.h>
#include <stird/core/settings.h>

/*
 * Gives up all files for good, keys above all, except the tables that S names and the urgent
 * changes. Without Landlock in the kernel it does nothing, and returns true. False after a log
 * line.
 */
bool tables_give_up_other_files(const struct settings *s);

/*
 * Compiles the tables that S names in a process of its own that has the loader's rights, and those
 * files alone. *FD: the sealed table, to be checked before it is believed; *COLUMNS_OPEN: as in
 * struct numbers_summary. False with problems: *FD has the good rows of the tables, only for
 * further checks, or is -1.
 */
bool tables_look_aside(const struct settings *s, int *fd, bool *columns_open,
                       struct problems *problems);

#endif
