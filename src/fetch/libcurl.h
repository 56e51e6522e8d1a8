/*
 * libcurl - loaded only when something is to be fetched: processes that have calls or keys do
 * without it and the thirty libraries that it brings. Private to fetch.
 */
#ifndef STIRD_FETCH_LIBCURL_H
#define STIRD_FETCH_LIBCURL_H

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#define LIBCURL_MISSING "libcurl is not installed here (apt install libcurl4)"
#define LIBCURL_MULTI_MISSING                                                                      \
    "libcurl is not installed here, or older than 7.66 (apt install libcurl4)"

/* Functions of the OpenSSL that libcurl uses, which may not be ours. */
struct openssl {
    __typeof__(SSL_CTX_set_msg_callback) *set_msg_callback;
    __typeof__(SSL_CTX_ctrl) *ctx_ctrl;
    __typeof__(SSL_set_shutdown) *set_shutdown;
};

/* Many at once: as curl_multi_NAME in curl/multi.h. */
struct multi {
    __typeof__(curl_multi_init) *init;
    __typeof__(curl_multi_cleanup) *cleanup;
    __typeof__(curl_multi_add_handle) *add_handle;
    __typeof__(curl_multi_remove_handle) *remove_handle;
    __typeof__(curl_multi_perform) *perform;
    __typeof__(curl_multi_poll) *poll;
    __typeof__(curl_multi_info_read) *info_read;
};

/* As the functions of these names in curl/curl.h. */
struct libcurl {
    __typeof__(curl_easy_init) *init;
    __typeof__(curl_easy_cleanup) *cleanup;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(curl_easy_strerror) *strerror;
    __typeof__(curl_version_info) *version_info;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
    CURLcode (*setopt)(CURL *curl, CURLoption option, ...);
    CURLcode (*getinfo)(CURL *curl, CURLINFO info, ...);
    struct openssl openssl;
    bool has_openssl;
    struct multi multi;
    bool has_multi; /* from 7.66.0 on */
};

/* Stays loaded. False: it is not installed. */
bool libcurl_load(struct libcurl *c);

#endif
