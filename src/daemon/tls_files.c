#include "tls_files.h"

#include "aside.h"
#include "service_user.h"

#include <stird/core/certificate_text.h>
#include <stird/core/shown_certificate.h>
#include <string.h>

#define TEXT_BYTES_MAX (1024 * 1024) /* they were read with narrower limits */

static bool take(struct str path, int error, struct problems *problems)
{
    if (error < 0)
        problems_add(problems, path, 0, "cannot be read: %s", strerror(-error));
    problems_may_pass(problems, -error);
    return error == 0;
}

bool tls_files_load(struct tls **tls, struct files *files, const struct settings *settings,
                    struct problems *problems)
{
    struct tls_texts texts = {.certificate_name = settings->tls_certificate,
                              .key_name = settings->tls_key,
                              .ca_name = settings->tls_ca};
    *tls = NULL;
    if (texts.certificate_name.n == 0)
        return true;
    if (!take(texts.certificate_name,
              files_read(files, texts.certificate_name, TEXT_BYTES_MAX, &texts.certificate),
              problems) ||
        !take(texts.key_name,
              files_read_secret(files, texts.key_name, service_user_uid(), TEXT_BYTES_MAX,
                                &texts.key),
              problems) ||
        !take(texts.ca_name, files_read(files, texts.ca_name, TEXT_BYTES_MAX, &texts.ca), problems))
        return false;
    *tls = tls_new(&texts, problems);
    return *tls != NULL;
}

bool tls_files_of_pages(struct tls_texts *texts, struct files *files, struct problems *problems)
{
    return take(texts->certificate_name,
                files_read(files, texts->certificate_name, TEXT_BYTES_MAX, &texts->certificate),
                problems) &&
           take(texts->key_name,
                files_read_secret(files, texts->key_name, service_user_uid(), TEXT_BYTES_MAX,
                                  &texts->key),
                problems);
}

struct check {
    struct files *files;
    const struct settings *settings;
};

static void check(void *user, struct problems *problems)
{
    const struct check *c = user;
    struct tls *tls;
    tls_files_load(&tls, c->files, c->settings, problems);
    tls_free(tls);
}

struct check_pages {
    struct files *files;
    struct str certificate, key;
};

/* A file for either may hold both; but what else is secret in it would go along to whoever serves.
 */
static void check_one_key(struct str name, struct str text, struct problems *problems)
{
    const unsigned n = text_private_keys(text);
    if (n > 1)
        problems_add(problems, name, 0,
                     "holds %u private keys: leave the one that belongs to the certificate", n);
}

/* Where the certificate's file holds a key as well, it is the certificate's. */
static void check_key_beside(const struct tls_texts *texts, struct problems *problems)
{
    struct tls_texts beside = *texts;
    if (text_private_keys(texts->certificate) == 0)
        return;
    beside.key_name = texts->certificate_name;
    beside.key = texts->certificate;
    tls_free(tls_new(&beside, problems));
}

/* Whom clients' certificates come from is not asked: its own stand in. */
static void check_pages(void *user, struct problems *problems)
{
    const struct check_pages *c = user;
    struct tls_texts texts = {.certificate_name = c->certificate, .key_name = c->key};
    if (!tls_files_of_pages(&texts, c->files, problems))
        return;
    const char *why = shown_certificate_pages_fault(texts.certificate);
    if (why) {
        problems_add(problems, texts.certificate_name, 0, "%s", why);
        return;
    }
    texts.ca_name = texts.certificate_name;
    texts.ca = texts.certificate;
    check_one_key(texts.key_name, texts.key, problems);
    check_one_key(texts.certificate_name, texts.certificate, problems);
    check_key_beside(&texts, problems);
    tls_free(tls_new(&texts, problems));
}

bool tls_files_check_pages(struct files *files, struct str certificate, struct str key,
                           struct problems *problems)
{
    struct check_pages c = {files, certificate, key};
    return aside_check("the TLS certificate and key for pages", check_pages, &c, problems);
}

bool tls_files_check(struct files *files, const struct settings *settings,
                     struct problems *problems)
{
    struct check c = {files, settings};
    if (settings->tls_certificate.n == 0)
        return true;
    return aside_check("the TLS certificate and key", check, &c, problems);
}
