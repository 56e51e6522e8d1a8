#include "libcurl.h"

#include <dlfcn.h>
#include <string.h>

#define LIBCURL "libcurl.so.4" /* its version 7.16.0 and later; Debian: libcurl4 */

struct function {
    const char *name;
    void *to; /* where the pointer to it lies */
};

/* In LIBRARY or in what that was linked with. */
static bool find_all(void *library, const struct function *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        void *function = dlsym(library, list[i].name);
        if (!function)
            return false;
        memcpy(list[i].to, &function, sizeof(function));
    }
    return true;
}

#define FIND_ALL(library, list) find_all((library), (list), sizeof(list) / sizeof((list)[0]))

bool libcurl_load(struct libcurl *c)
{
    const struct function functions[] = {
        {"curl_easy_init", &c->init},
        {"curl_easy_cleanup", &c->cleanup},
        {"curl_easy_perform", &c->perform},
        {"curl_easy_strerror", &c->strerror},
        {"curl_easy_setopt", &c->setopt},
        {"curl_easy_getinfo", &c->getinfo},
        {"curl_version_info", &c->version_info},
        {"curl_slist_append", &c->slist_append},
        {"curl_slist_free_all", &c->slist_free_all},
    };
    const struct function of_tls[] = {
        {"SSL_CTX_set_msg_callback", &c->openssl.set_msg_callback},
        {"SSL_CTX_ctrl", &c->openssl.ctx_ctrl},
        {"SSL_set_shutdown", &c->openssl.set_shutdown},
    };
    const struct function of_multi[] = {
        {"curl_multi_init", &c->multi.init},
        {"curl_multi_cleanup", &c->multi.cleanup},
        {"curl_multi_add_handle", &c->multi.add_handle},
        {"curl_multi_remove_handle", &c->multi.remove_handle},
        {"curl_multi_perform", &c->multi.perform},
        {"curl_multi_poll", &c->multi.poll},
        {"curl_multi_info_read", &c->multi.info_read},
    };
    void *library = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
    if (!library || !FIND_ALL(library, functions))
        return false;
    c->has_openssl = FIND_ALL(library, of_tls);
    c->has_multi = FIND_ALL(library, of_multi);
    return true;
}
