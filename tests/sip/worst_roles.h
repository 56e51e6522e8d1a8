/*
 * worst_roles - what a message passes, in parts of which each is counted by itself: as which of our
 * neighbours' it is read, and by whom.
 */
#ifndef STIRD_WORST_ROLES_H
#define STIRD_WORST_ROLES_H

#include <stird/base/str.h>

#define WORST_DATAGRAM (65535 - 20 - 8) /* octets: the most that one holds */
#define WORST_VIA      "SIP/2.0/UDP 127.0.0.3;branch=z9hG4bKst1" /* of all that is made */

struct worst_role {
    const char *name;
    const char *start; /* of messages that are made for it */
    void (*play)(struct str bytes);
    bool whole; /* what other roles play part by part, in every shape: in one shape it will do */
};
extern const struct worst_role worst_roles[];
extern const unsigned n_worst_roles;

/* Settings of the configuration at PATH, whose trusted and untrusted trunk are at these addresses.
 */
bool worst_roles_init(const char *path, const char *trusted, const char *untrusted);

#endif
