/*
 * shadow - a second configuration that live calls are decided by too, beside the one in force:
 * `stirctl reload --shadow`. It signs nothing, sends nothing and changes nothing of a call; it is
 * asked when the call has left, or was refused. What it would have changed is kept by kinds, a few
 * of them, until it is told.
 */
#ifndef STIRD_SHADOW_H
#define STIRD_SHADOW_H

#include <stird/core/settings.h>
#include <stird/core/shadow_change.h>
#include <stird/io/numbers_files.h>
#include <stird/io/snapshot.h>

struct proxy;
struct shadow;

/* Takes SETTINGS and what NUMBERS maps. NULL: no memory; nothing is taken then. */
struct shadow *shadow_new(struct settings *settings, struct mapped_numbers *numbers,
                          const uint8_t secret[SNAPSHOT_SECRET_BYTES], uint64_t generation);
void shadow_free(struct shadow *s);

/* For calls from now on, in place of the present one; NULL: none. Takes it. */
void shadow_use_take(struct proxy *p, struct shadow *shadow);
/* The next kind of change with calls that were not told; false when there is none. */
bool shadow_tell(struct proxy *p, struct shadow_change *news);
void shadow_tell_again(struct proxy *p, const struct shadow_change *news);

#endif
