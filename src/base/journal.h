/*
 * journal - one line of the log as an entry of journald's native protocol: fields that can be asked
 * for (`journalctl CALL_ID=...`), as systemd.journal-fields(7) wants them. For log.c.
 */
#ifndef BASE_JOURNAL_H
#define BASE_JOURNAL_H

#include <stird/base/buf.h>
#include <stird/base/log.h>

/* PRIORITY: syslog's digit. MESSAGE has no line end; FIELDS end with key == NULL. */
void journal_entry(struct buf *entry, char priority, struct str message,
                   const struct log_field *fields);

#endif
