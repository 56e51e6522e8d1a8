#include "web_files.h"

#include "file_seen.h"

#include <stird/base/log.h>
#include <stird/fetch/web_authorities.h>

static const char *const files[] = {
    /* libraries, and the certificates of authorities that distributions bring */
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/lib",
    "/lib64",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/pki",
    "/var/lib/ca-certificates",
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/openssl.cnf",
    "/etc/pki/ca-trust/extracted",
    "/etc/crypto-policies",
    "/etc/ld.so.cache",
    /* names */
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/localtime",
};

#define FILES (sizeof(files) / sizeof(files[0]))
_Static_assert(FILES < PRIVILEGES_READABLE_MAX, "room for all, and one more");

void web_files(const char *ca_file, const char *readable[PRIVILEGES_READABLE_MAX + 1])
{
    for (unsigned i = 0; i < FILES; i++)
        readable[i] = files[i];
    readable[FILES] = ca_file;
    readable[FILES + 1] = NULL;
}

bool web_files_are_good(const char *ca_file, const char *key)
{
    const char *file, *fault = web_authorities_fault(ca_file, &file);
    if (fault)
        log_error("the authorities of web servers cannot be read: nothing is fetched",
                  LOG_CSTR("file", file), LOG_CSTR("why", fault), LOG_CSTR("setting", key));
    return !fault;
}

/* Where distributions have all authorities in one file. */
static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
};

uint64_t web_files_seen(struct str ca_file)
{
    uint64_t seen = 0;
    if (ca_file.n > 0)
        file_seen_add(&seen, ca_file);
    for (size_t i = 0; ca_file.n == 0 && i < sizeof(bundles) / sizeof(bundles[0]); i++)
        file_seen_add(&seen, str_of(bundles[i]));
    return seen;
}
