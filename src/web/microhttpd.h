/*
 * microhttpd - loaded only where pages are served: the processes that have calls or keys do without
 * it, and without GnuTLS, which it brings along. Private to web.
 */
#ifndef STIRD_WEB_MICROHTTPD_H
#define STIRD_WEB_MICROHTTPD_H

#include <microhttpd.h>
#include <stdbool.h>

/* As the functions MHD_NAME of these names in microhttpd.h. */
struct microhttpd {
    struct MHD_Daemon *(*start_daemon)(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback apc,
                                       void *apc_cls, MHD_AccessHandlerCallback dh, void *dh_cls,
                                       ...);
    __typeof__(MHD_stop_daemon) *stop_daemon;
    __typeof__(MHD_run) *run;
    __typeof__(MHD_get_timeout) *get_timeout;
    const union MHD_DaemonInfo *(*get_daemon_info)(struct MHD_Daemon *daemon,
                                                   enum MHD_DaemonInfoType type, ...);
    const union MHD_ConnectionInfo *(*get_connection_info)(struct MHD_Connection *connection,
                                                           enum MHD_ConnectionInfoType type, ...);
    __typeof__(MHD_add_connection) *add_connection;
    __typeof__(MHD_suspend_connection) *suspend_connection;
    __typeof__(MHD_resume_connection) *resume_connection;
    __typeof__(MHD_lookup_connection_value) *lookup_connection_value;
    __typeof__(MHD_get_connection_values) *get_connection_values;
    __typeof__(MHD_create_response_from_buffer) *create_response_from_buffer;
    __typeof__(MHD_add_response_header) *add_response_header;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_destroy_response) *destroy_response;
};

/* Stays loaded. False: it is not installed. */
bool microhttpd_load(struct microhttpd *m);

#endif
