#include "libcurl.h"

#include <dlfcn.h>
#include <string.h>

#define LIBCURL "libcurl.so.4" /* its version 7.16.0 and later; Debian: libcurl4 */

bool libcurl_load(struct libcurl *c)
{
    const struct {
        const char *name;
        void *function; /* where the pointer to it lies */
    } functions[] = {
        {"curl_easy_init", &c->init},       {"curl_easy_cleanup", &c->cleanup},
        {"curl_easy_perform", &c->perform}, {"curl_easy_strerror", &c->strerror},
        {"curl_easy_setopt", &c->setopt},   {"curl_easy_getinfo", &c->getinfo},
    };
    void *library = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
    bool good = library != NULL;
    for (size_t i = 0; good && i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *function = dlsym(library, functions[i].name);
        good = function != NULL;
        memcpy(functions[i].function, &function, sizeof(function));
    }
    return good;
}
