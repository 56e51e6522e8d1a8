#include "microhttpd.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libmicrohttpd.so.12" /* Debian: libmicrohttpd12 */

bool microhttpd_load(struct microhttpd *m)
{
    const struct {
        const char *name;
        void *to; /* where the pointer to it lies */
    } functions[] = {
        {"MHD_start_daemon", &m->start_daemon},
        {"MHD_stop_daemon", &m->stop_daemon},
        {"MHD_run", &m->run},
        {"MHD_get_timeout", &m->get_timeout},
        {"MHD_get_daemon_info", &m->get_daemon_info},
        {"MHD_get_connection_info", &m->get_connection_info},
        {"MHD_add_connection", &m->add_connection},
        {"MHD_suspend_connection", &m->suspend_connection},
        {"MHD_resume_connection", &m->resume_connection},
        {"MHD_lookup_connection_value", &m->lookup_connection_value},
        {"MHD_get_connection_values", &m->get_connection_values},
        {"MHD_create_response_from_buffer", &m->create_response_from_buffer},
        {"MHD_add_response_header", &m->add_response_header},
        {"MHD_queue_response", &m->queue_response},
        {"MHD_destroy_response", &m->destroy_response},
    };
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library && i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *function = dlsym(library, functions[i].name);
        if (!function)
            return false;
        memcpy(functions[i].to, &function, sizeof(function));
    }
    return library != NULL;
}
