/*
 * courier_process - fetches the lists of domains of trust, and what they need of their signers, and
 * ends. It judges nothing: bodies go into memory that the supervisor gave it, as they came.
 */
#ifndef STIRD_COURIER_PROCESS_H
#define STIRD_COURIER_PROCESS_H

#include <stird/core/settings.h>

struct courier_errand {
    unsigned domain;
    struct str url;
    bool is_list; /* of authorities: with the domain's token */
    int fd;       /* empty memory */
};

/* Says BROUGHT of each in their order. */
int courier_main(const struct settings *settings, const struct courier_errand *errands, unsigned n,
                 int control_fd);

#endif
