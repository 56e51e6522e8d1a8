#include "web_files.h"

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
