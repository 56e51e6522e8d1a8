/*
 * manager_job - what the service manager (systemd) is doing with this service when it sends
 * SIGTERM: a stop, or the first half of a restart. It says so over the system's message bus and
 * nowhere else. Nothing here waits.
 */
#ifndef STIRD_DAEMON_MANAGER_JOB_H
#define STIRD_DAEMON_MANAGER_JOB_H

enum manager_says {
    MANAGER_SAYS_NOTHING, /* no answer yet */
    MANAGER_STOPS,        /* or cannot say, or has kept none of our sockets for the next start */
    MANAGER_RESTARTS      /* and keeps sockets */
};

struct manager_job;

/* Asks. NULL: there is no bus. */
struct manager_job *manager_job_ask(void);
void manager_job_free(struct manager_job *job);
/* Readable when there may be an answer. */
int manager_job_fd(const struct manager_job *job);
enum manager_says manager_job_answer(struct manager_job *job);

#endif
