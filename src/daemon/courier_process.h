/*
 * courier_process - fetches the lists of domains of trust and their signers' certificates, and
 * ends. It judges nothing: bodies go as they came into memory that the supervisor gave it.
 */
#ifndef STIRD_COURIER_PROCESS_H
#define STIRD_COURIER_PROCESS_H

#include <stird/core/settings.h>

struct courier_errand {
    unsigned domain;
    struct str url;
    bool is_list; /* it is a list of authorities: show its server the domain's token, or log in */
    int fd;       /* empty memory */
};

/* Runs them side by side, and says BROUGHT for each as it ends: what hangs is waited for 20 s, each
   of the login, the body, and the body with the token by itself. */
int courier_main(const struct settings *settings, const struct courier_errand *errands, unsigned n,
                 int control_fd);

#endif
