/* What several unit tests need: vectors, and certificate units made by tests/lib/make-unit. */
#ifndef STIRD_TESTS_LAB_H
#define STIRD_TESTS_LAB_H

#include <jansson.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stird/base/arena.h>
#include <stird/core/certificate.h>
#include <stird/base/clock.h>
#include <stird/core/passport.h>
#include <unistd.h>

static inline json_t *lab_vectors(const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/vectors/%s", TESTS_DIR, name);
    json_error_t error;
    json_t *vectors = json_load_file(path, 0, &error);
    if (!vectors)
        fail_msg("%s: %s", path, error.text);
    return vectors;
}

/* Of the vectors that are not carried along and lie beside a checkout; NULL: they do not. */
static inline json_t *lab_shared_vectors(const char *name)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/../shared/vectors/%s", PROJECT_DIR, name);
    json_t *vectors = json_load_file(path, 0, NULL);
    if (!vectors)
        print_message("SKIPPED: ../shared/vectors/%s is not there\n", name);
    return vectors;
}

static inline struct str lab_member(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    return (struct str){json_string_value(value), json_string_length(value)};
}

/* NUL-terminated, to be free()d. */
static inline char *lab_read(const char *directory, const char *name)
{
    char path[1200];
    struct buf text = BUF_INIT;
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be opened", path);
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_add(&text, part, n);
    fclose(f);
    return buf_take(&text, NULL);
}

static inline void lab_run(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

static inline char *lab_directory(void)
{
    char *directory = strdup("/tmp/stird-unit-XXXXXX");
    if (!directory || !mkdtemp(directory))
        fail_msg("no temporary directory");
    return directory;
}

static inline void lab_remove(char *directory)
{
    char command[1100];
    snprintf(command, sizeof(command), "rm -rf '%s'", directory);
    lab_run(command);
    free(directory);
}

/* PARENT/KIND, made by tests/lib/make-unit --bad KIND; KIND "none" is a good one. */
static inline void lab_unit(const char *parent, const char *kind)
{
    char command[2048];
    snprintf(command, sizeof(command), "'%s/tests/lib/make-unit' --bad '%s' '%s/%s' >/dev/null",
             PROJECT_DIR, kind, parent, kind);
    lab_run(command);
}

static inline bool lab_read_certificate(struct certificate *c, struct arena *arena,
                                        const char *parent, const char *kind,
                                        struct problems *problems)
{
    char directory[1024];
    snprintf(directory, sizeof(directory), "%s/%s", parent, kind);
    char *chain = lab_read(directory, "chain.pem");
    char *x5u = lab_read(directory, "x5u");
    bool good = certificate_read(c, arena, str_of(kind), str_of(directory), STR("chain.pem"),
                                 str_of(chain), STR("x5u"), str_of(x5u), clock_real_s(), problems);
    free(chain);
    free(x5u);
    return good;
}

/* The first unit that is fine but for its key, whatever KIND of key. */
static inline void lab_certificate(struct certificate *c, struct arena *arena, const char *parent,
                                   const char *kind)
{
    struct problems problems = PROBLEMS_INIT;
    if (!lab_read_certificate(c, arena, parent, kind, &problems))
        fail_msg("%s", problems.n > 0 ? problems.list[0].text : "no memory");
    problems_fini(&problems);
}

static inline EVP_PKEY *lab_public_key(struct str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(key);
    return key;
}

static inline struct tn lab_tn(const char *digits)
{
    struct tn tn = {.n = (uint8_t)strlen(digits)};
    memcpy(tn.digits, digits, tn.n);
    return tn;
}

/* The claims of RFC 8588 section 6. */
static inline struct passport_claims lab_claims(char attest, int64_t iat_s)
{
    struct passport_claims claims = {.attest = attest, .iat_s = iat_s};
    claims.orig = lab_tn("12155550121");
    claims.dest = lab_tn("12155550131");
    memcpy(claims.origid, "123e4567-e89b-12d3-a456-426655440000", ORIGID_TEXT_LENGTH);
    return claims;
}

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str actual_ = (actual), expected_ = (expected);                                     \
        if (!str_eq(actual_, expected_))                                                           \
            fail_msg("\"%.*s\" instead of \"%.*s\"", STR_ARG(actual_), STR_ARG(expected_));        \
    } while (0)

#endif
