/*
 * trust_process - makes the image of the domains of trust out of what the operator's files, the
 * state directory and the supervisor have, in a process of its own: it reads X.509 and JSON of
 * others, and has no file, no network and no key while it does.
 */
#ifndef STIRD_TRUST_PROCESS_H
#define STIRD_TRUST_PROCESS_H

#include <stird/core/settings.h>
#include <stird/core/trust_build.h>
#include <stird/io/trust_kept.h>

/* Sources of a domain: its list of authorities, then its revocation lists. */
#define TRUST_SOURCES_MAX (1 + TRUST_CRLS_MAX)

struct trust_options {
    const struct settings *settings;
    /* Empty memory, which it writes and the supervisor seals: the image, and the last good lists
       as they are now, one behind the other. */
    int image_fd, taken_fd;
    /* Those before: memory, or -1, and where they lie in it. One that is not there is read in the
       state directory. */
    int held_fd;
    const struct trust_kept_place (*held)[TRUST_SOURCES_MAX];
    /* The image before, or -1; and of which domains of SETTINGS it holds what was made of the same
       places, as a mask. */
    int before_fd;
    uint32_t before_of;
    /* What was fetched: memory, or -1. */
    int (*came)[TRUST_SOURCES_MAX];
    int (*came_signers)[TRUST_SOURCES_MAX];
};

/* What it says at most, all at once: of each domain, of each source, and that it is done. */
#define TRUST_WORDS_MAX (TRUST_DOMAINS_MAX * (1 + TRUST_SOURCES_MAX) + 1)

/* Says TRUST_DOMAIN for each domain and TRUST_SOURCE for each source, then TRUST_BUILT, and
   ends. */
int trust_main(const struct trust_options *options, int control_fd);

#endif
