/*
 * published_unit - which chains our own repository serves, and which of several units whose URLs
 * have one path. Signer, publisher and self-check have to agree about that, so all ask here. Pure.
 */
#ifndef STIRD_PUBLISHED_UNIT_H
#define STIRD_PUBLISHED_UNIT_H

#include <stird/core/certificate_choice.h>

/* Whether the repository has that URL; *PATH, borrowed from X5U, is where. */
bool published_unit_path(const struct settings *settings, struct str x5u, struct str *path);
/*
 * The unit that is served at PATH: one that signs now, for verifiers need its chain; where none of
 * that path does, the first that is in force, which signs once it was found there; else the first.
 * NO_CERTIFICATE when no unit has that path.
 */
uint32_t published_unit(const struct certificate_question *q, struct str path);

#endif
