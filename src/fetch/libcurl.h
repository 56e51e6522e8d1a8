/*
 * libcurl - loaded when something is fetched, and not before: the processes that have calls or keys
 * do without it and the thirty libraries that it brings. Private to fetch.
 */
#ifndef STIRD_FETCH_LIBCURL_H
#define STIRD_FETCH_LIBCURL_H

#include <curl/curl.h>
#include <stdbool.h>

/* As the functions of these names in curl/curl.h. */
struct libcurl {
    __typeof__(curl_easy_init) *init;
    __typeof__(curl_easy_cleanup) *cleanup;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(curl_easy_strerror) *strerror;
    CURLcode (*setopt)(CURL *curl, CURLoption option, ...);
    CURLcode (*getinfo)(CURL *curl, CURLINFO info, ...);
};

/* Stays loaded. False: it is not installed. */
bool libcurl_load(struct libcurl *c);

#endif
