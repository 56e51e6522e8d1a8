#include <stird/fetch/web_authorities.h>

#include "libcurl.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stird/base/buf.h>
#include <stird/base/regular_file.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX  ((size_t)16 << 20)
#define BYTES_STEP 65536

/* What libcurl was built with. NULL: nothing, or it is not there. */
static const char *of_system(void)
{
    struct libcurl c;
    const curl_version_info_data *info = libcurl_load(&c) ? c.version_info(CURLVERSION_NOW) : NULL;
    return info && info->age >= CURLVERSION_SEVENTH ? info->cainfo : NULL;
}

/* 0 or -errno. */
static int read_all(const char *path, struct buf *text)
{
    int fd = regular_file_open(AT_FDCWD, path, 0);
    ssize_t n = fd < 0 ? fd : 1;
    while (n > 0 && text->n <= BYTES_MAX) {
        char *room = buf_room(text, BYTES_STEP);
        n = room ? read(fd, room, BYTES_STEP) : -1;
        if (n < 0)
            n = room ? -errno : -ENOMEM;
        buf_grew(text, n > 0 ? (size_t)n : 0);
    }
    if (fd >= 0)
        close(fd);
    return n < 0 ? (int)n : text->n > BYTES_MAX ? -EFBIG : 0;
}

/* As X509_load_cert_crl_file(), which libcurl comes to: all blocks are whole, and one is a
   certificate. */
static bool has_certificates(struct str text)
{
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    STACK_OF(X509_INFO) *all = bio ? PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL) : NULL;
    bool any = false;
    for (int i = 0; i < sk_X509_INFO_num(all); i++)
        any = any || sk_X509_INFO_value(all, i)->x509;
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    BIO_free(bio);
    ERR_clear_error();
    return any;
}

static const char *fault_of(const char *path)
{
    struct buf text = BUF_INIT;
    const int r = read_all(path, &text);
    const char *fault = NULL;
    if (r == -EINVAL)
        fault = "is no regular file";
    else if (r < 0)
        fault = strerror(-r);
    else if (text.n == 0)
        fault = "is empty";
    else if (!has_certificates(buf_str(&text)))
        fault = "holds no certificates, or broken ones (PEM)";
    buf_fini(&text);
    return fault;
}

const char *web_authorities_fault(const char *ca_file, const char **file)
{
    const char *path = ca_file ? ca_file : of_system();
    *file = path ? path : "";
    return path ? fault_of(path) : NULL;
}
