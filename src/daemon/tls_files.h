/* tls_files - the TLS certificate, key and trust anchors out of what was read with the settings. */
#ifndef STIRD_DAEMON_TLS_FILES_H
#define STIRD_DAEMON_TLS_FILES_H

#include <stird/conf/settings_file.h>
#include <stird/net/tls.h>

/*
 * For the process that serves: *TLS is NULL where the settings have no tls group. False and
 * problems when the texts do not fit together.
 */
bool tls_files_load(struct tls **tls, struct files *files, const struct settings *settings,
                    struct problems *problems);
/* The same judgement in a process of its own: nothing of the key is parsed in the caller. */
bool tls_files_check(struct files *files, const struct settings *settings,
                     struct problems *problems);
/* For processes that serve pages: the texts of the files that TEXTS names, borrowed from FILES. */
bool tls_files_of_pages(struct tls_texts *texts, struct files *files, struct problems *problems);
/* Whether these two fit together; in a process of its own. */
bool tls_files_check_pages(struct files *files, struct str certificate, struct str key,
                           struct problems *problems);

#endif
