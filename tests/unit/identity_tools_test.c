/* Programs that are not ours read what we wrote: secsipidx and openssl. */
#include "lab.h"

#include <stird/core/credential.h>
#include <stird/core/identity.h>
#include <sys/wait.h>

static char *lab;

static int make_lab(void **state)
{
    (void)state;
    lab = lab_directory();
    lab_unit(lab, "none");
    return 0;
}

static int remove_lab(void **state)
{
    (void)state;
    lab_remove(lab);
    return 0;
}

static void write_file(const char *name, struct str text)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", lab, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

/* Files `identity`, `input` and `public.pem` in the lab, for a token made now. */
static void make_identity(char attest)
{
    struct certificate c;
    struct problems problems = PROBLEMS_INIT;
    struct arena *arena = arena_new(4096);
    struct buf token = BUF_INIT, identity = BUF_INIT, raw = BUF_INIT;
    struct passport_claims claims = lab_claims(attest, clock_real_s());
    char path[1024], command[2200];
    lab_certificate(&c, arena, lab, "none");
    snprintf(path, sizeof(path), "%s/none", lab);
    char *pem = lab_read(path, "key.pem");
    struct credential *credential = credential_new(&c, STR("key.pem"), str_of(pem), &problems);
    assert_non_null(credential);
    assert_int_equal(credential_sign(credential, &passport_type_shaken, &claims, &token),
                     REASON_OK);
    identity_add(&identity, buf_str(&token), c.x5u, STR("ES256"), STR("shaken"));
    write_file("identity", buf_str(&identity));
    write_file("input", str_slice(buf_str(&token), 0, token.n - 87));
    assert_true(base64url_decode(&raw, str_slice(buf_str(&token), token.n - 86, token.n)));
    write_file("raw", buf_str(&raw));
    snprintf(command, sizeof(command),
             "openssl x509 -in %s/none/chain.pem -noout -pubkey > %s/public.pem", lab, lab);
    lab_run(command);
    credential_free(credential);
    certificate_fini(&c);
    buf_fini(&token);
    buf_fini(&identity);
    buf_fini(&raw);
    arena_free(arena);
    free(pem);
}

static int secsipidx(const char *identity)
{
    char command[2200];
    snprintf(command, sizeof(command),
             "secsipidx -check -fidentity %s/%s -fpubkey %s/public.pem -expire 60 > %s/said 2>&1",
             lab, identity, lab, lab);
    int status = system(command);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        fail_msg("secsipidx is missing: apt-get install secsipidx");
    return status;
}

static void secsipidx_accepts_every_level(void **state)
{
    (void)state;
    for (char attest = 'A'; attest <= 'C'; attest++) {
        make_identity(attest);
        if (secsipidx("identity") != 0) {
            char *said = lab_read(lab, "said");
            fail_msg("secsipidx: %s", said);
        }
    }
}

static void secsipidx_refuses_a_changed_one(void **state)
{
    (void)state;
    make_identity('B');
    char *identity = lab_read(lab, "identity");
    char *dot = strchr(identity, '.');
    dot[30] = dot[30] == 'A' ? 'B' : 'A';
    write_file("changed", str_of(identity));
    free(identity);
    assert_int_not_equal(secsipidx("changed"), 0);
}

/* r || s to DER by openssl's own ASN.1 generator, then `openssl dgst -verify`. */
static void openssl_accepts_the_signature(void **state)
{
    char command[4400];
    (void)state;
    make_identity('A');
    snprintf(
        command, sizeof(command),
        "cd %s && r=$(head -c 32 raw | od -An -v -tx1 | tr -d ' \\n') && "
        "s=$(tail -c 32 raw | od -An -v -tx1 | tr -d ' \\n') && "
        "printf 'asn1=SEQUENCE:x\\n[x]\\nr=INTEGER:0x%%s\\ns=INTEGER:0x%%s\\n' $r $s > conf && "
        "openssl asn1parse -genconf conf -noout -out der && "
        "openssl dgst -sha256 -verify public.pem -signature der input > /dev/null",
        lab);
    lab_run(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secsipidx_accepts_every_level),
        cmocka_unit_test(secsipidx_refuses_a_changed_one),
        cmocka_unit_test(openssl_accepts_the_signature),
    };
    return cmocka_run_group_tests(tests, make_lab, remove_lab);
}
