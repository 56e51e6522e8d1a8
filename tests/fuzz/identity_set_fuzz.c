#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/core/verification_answer.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of tests/vectors/verification_cases.json: what signs its calls, and who issued it. */
static const char chain[] = "-----BEGIN CERTIFICATE-----\n"
                            "MIICWTCCAgCgAwIBAgIBazAKBggqhkjOPQQDAjBAMQswCQYDVQQGEwJVUzESMBAG\n"
                            "A1UECgwJc3RpcmQgbGFiMR0wGwYDVQQDDBRsYWIgU1RJLUNBIDEgaXNzdWluZzAe\n"
                            "Fw0yNTEyMDIwMDAwMDBaFw0yNjExMjcwMDAwMDBaMDcxCzAJBgNVBAYTAlVTMRIw\n"
                            "EAYDVQQKDAlzdGlyZCBsYWIxFDASBgNVBAMMC1NIQUtFTiAxMjM0MFkwEwYHKoZI\n"
                            "zj0CAQYIKoZIzj0DAQcDQgAERvVXgNdlXq01ASO85wTmzthj0wHTwLBl1+3VjdiR\n"
                            "A+QZg2SYEP26AWXpVRpuusXrxNtVGcckKu0G1kpVrc25CKOB8zCB8DAMBgNVHRMB\n"
                            "Af8EAjAAMB0GA1UdDgQWBBTXEnqKiOpy8Vhz3o0e/C92Jf6AoTAOBgNVHQ8BAf8E\n"
                            "BAMCB4AwHwYDVR0jBBgwFoAUEJf5RLnAVUn7EY5WLehlUyPOyXswFgYIKwYBBQUH\n"
                            "ARoECjAIoAYWBDEyMzQweAYDVR0fBHEwbzBtoCqgKIYmaHR0cHM6Ly9wYS5leGFt\n"
                            "cGxlLm5ldC9kb3dubG9hZC92MS9jcmyiP6Q9MDsxCzAJBgNVBAYTAlVTMRMwEQYD\n"
                            "VQQKDApsYWIgU1RJLVBBMRcwFQYDVQQDDA5sYWIgU1RJLVBBIENSTDAKBggqhkjO\n"
                            "PQQDAgNHADBEAiBf8Tzbd2XpZGtDVAGkeqXWbvJb+X9Uq7ZRjEWZzc0knwIgYZWA\n"
                            "h2UyoVeVBOIQfVfyXJsTkkhGWjI1u4LioTlXavA=\n"
                            "-----END CERTIFICATE-----\n"
                            "-----BEGIN CERTIFICATE-----\n"
                            "MIIB0zCCAXigAwIBAgIBaTAKBggqhkjOPQQDAjA9MQswCQYDVQQGEwJVUzESMBAG\n"
                            "A1UECgwJc3RpcmQgbGFiMRowGAYDVQQDDBFsYWIgU1RJLUNBIDEgcm9vdDAeFw0y\n"
                            "NTEyMDIwMDAwMDBaFw0yNjExMjcwMDAwMDBaMEAxCzAJBgNVBAYTAlVTMRIwEAYD\n"
                            "VQQKDAlzdGlyZCBsYWIxHTAbBgNVBAMMFGxhYiBTVEktQ0EgMSBpc3N1aW5nMFkw\n"
                            "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEvZOQmvSNl11FAlGVLy+Cd02zUgCt8xkI\n"
                            "hNjK30RntFl7irY9llF/TlPkGNEwmfHQkIGyfpakUb3UbHzJDE0dNqNmMGQwEgYD\n"
                            "VR0TAQH/BAgwBgEB/wIBADAdBgNVHQ4EFgQUEJf5RLnAVUn7EY5WLehlUyPOyXsw\n"
                            "DgYDVR0PAQH/BAQDAgEGMB8GA1UdIwQYMBaAFAXGb18TyKqpVizVj+n4/iuMNbfR\n"
                            "MAoGCCqGSM49BAMCA0kAMEYCIQC1ElUHCX/lmHhI4fR3MkSl6agiJW+AZSMeGD/p\n"
                            "uv6N+AIhAOi/IH6vpNPIVYmBZXEwLDyQSK2TFg7+ZN9pcqr5aEeT\n"
                            "-----END CERTIFICATE-----\n";
static const char anchor[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIBrDCCAVGgAwIBAgIBaDAKBggqhkjOPQQDAjA9MQswCQYDVQQGEwJVUzESMBAG\n"
                             "A1UECgwJc3RpcmQgbGFiMRowGAYDVQQDDBFsYWIgU1RJLUNBIDEgcm9vdDAeFw0y\n"
                             "NDAyMDEwMDAwMDBaFw0zNDAzMjAwMDAwMDBaMD0xCzAJBgNVBAYTAlVTMRIwEAYD\n"
                             "VQQKDAlzdGlyZCBsYWIxGjAYBgNVBAMMEWxhYiBTVEktQ0EgMSByb290MFkwEwYH\n"
                             "KoZIzj0CAQYIKoZIzj0DAQcDQgAE1NsLFwauLjczfify1YCea0GmSzfsCLOCXcYv\n"
                             "/rj7nyScBz0/NMXAig6iNRKH5HY1UBdZUzqy8pnfVWRPVSv3NKNCMEAwDwYDVR0T\n"
                             "AQH/BAUwAwEB/zAdBgNVHQ4EFgQUBcZvXxPIqqlWLNWP6fj+K4w1t9EwDgYDVR0P\n"
                             "AQH/BAQDAgEGMAoGCCqGSM49BAMCA0kAMEYCIQDn42WJvis87oOA8t/fS3PNmInh\n"
                             "W5Z1xubU4lbeoIP7DgIhAN+0dVOWjlrm8ZPvSSohEpTzfT3ALsfDM3HVPdiJx8mQ\n"
                             "-----END CERTIFICATE-----\n";

#define NOW_S      INT64_C(1767225600)
#define VALUES_MAX 16

static struct sti_certificate certificate;

static void prepare(void)
{
    struct problems problems = PROBLEMS_INIT;
    struct arena *arena = arena_new(4096); /* until the end */
    struct trust *trust = trust_new();
    bool good = trust_add_anchors(trust, STR("anchor"), str_of(anchor), &problems) &&
                sti_certificate_prepare(&certificate, str_of(chain), trust, NOW_S, arena);
    assert(good && !certificate.by_anchors.chain && !sti_certificate_fault(&certificate));
    trust_free(trust);
}

static unsigned count(const struct verification *v, enum identity_role role, bool valid)
{
    unsigned n = 0;
    for (unsigned i = 0; i < v->n; i++)
        n += v->headers[i].role == role && (v->headers[i].report.verdict == TOKEN_VALID) == valid;
    return n;
}

static void check(const struct identity_set *set, const struct verification *v)
{
    assert(v->reason >= REASON_VERIFIED && v->reason <= REASON_CALLER_WITHHELD);
    assert(v->n == set->n && v->n <= IDENTITY_SET_USUAL && v->class != VERIFICATION_OPEN);
    assert(v->decisive < (int)v->n && v->blamed < (int)v->n);
    if (v->class == VERIFICATION_PASSED)
        assert(count(v, IDENTITY_ROLE_SHAKEN, true) > 0 && count(v, IDENTITY_ROLE_DIV, false) == 0);
    else
        assert(v->level == 0 && v->verstat != VERSTAT_PASSED);
    assert(!v->may_be_refused || v->sip_status > 0);
}

/* Each value is a line of its own, of our words and letters of base64url; a call that passed is not
   refused. */
static void check_answer(const struct verification_question *q, const struct verification *v)
{
    static const struct verification_setting refuses = {
        .on_failure = VERIFICATION_REJECT, .require = true, .refuse_withheld = true};
    struct verification_answer a;
    verification_answer_of(&refuses, q, v, &a);
    assert(a.answered != ANSWERED_REJECT || (v->class != VERIFICATION_PASSED && a.sip_status > 0));
    for (unsigned i = 0; i < a.n_told; i++) {
        struct buf line = BUF_INIT;
        verification_answer_add(&a, i, &line);
        unsigned quotes = 0;
        for (size_t k = 0; k < line.n; k++) {
            assert(line.p[k] >= ' ' && line.p[k] <= '~' && line.p[k] != '\\');
            quotes += line.p[k] == '"';
        }
        assert(line.n < 256 && quotes == (a.told[i].ppi.n > 0 ? 4 : 2));
        buf_fini(&line);
    }
}

/* The first KNOWN of the values were read as text before, as those of a message are. */
static enum verification_class judge(const struct str *values, unsigned n, unsigned known,
                                     const struct tn *requested, struct str resource, char *level)
{
    struct arena *arena = arena_new(4096);
    struct identity_set set;
    struct verification v;
    struct verification_served served[IDENTITY_SET_MAX];
    const struct call_priority priority = {.resources = &resource, .n_resources = 1};
    struct tn orig, to;
    struct identity_value read[VALUES_MAX];
    const struct identity_value *before[VALUES_MAX];
    for (unsigned i = 0; i < known; i++) {
        identity_value_read(&read[i], values[i]);
        before[i] = &read[i];
    }
    bool good = tn_from_digits(&orig, STR("12155550121")) &&
                tn_from_digits(&to, STR("12155550131")) &&
                identity_set_read_known(&set, values, n, before, known, IDENTITY_SET_USUAL, arena);
    assert(good && set.n + set.n_empty + set.n_beyond == n);
    for (unsigned i = 0; i < IDENTITY_SET_MAX; i++)
        served[i] = (struct verification_served){CERTIFICATE_PREPARED, &certificate, NULL,
                                                 FETCH_OK};
    const struct verification_question q = {.set = &set,
                                            .served = served,
                                            .rules = VERIFICATION_RULES_USUAL,
                                            .now_s = NOW_S,
                                            .orig = &orig,
                                            .to = &to,
                                            .requested = requested,
                                            .priority = &priority};
    verification_judge(&q, arena, &v);
    check(&set, &v);
    check_answer(&q, &v);
    const enum verification_class class = v.class;
    *level = set.n_beyond > 0 ? '*' : v.level;
    identity_set_fini(&set);
    arena_free(arena);
    return class;
}

/* The number of the Request-URI, Resource-Priority and Identity values, between bytes 0x1c: one
 * verdict, which its findings support, whatever the order of the values. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = {(const char *)data, size}, values[VALUES_MAX], back[VALUES_MAX];
    struct tn requested;
    unsigned n = 0;
    char level, again;
    if (!certificate.key)
        prepare();
    bool has = tn_from_digits(&requested, str_cut(&rest, '\x1c'));
    struct str resource = rest.p ? str_cut(&rest, '\x1c') : STR("");
    while (rest.p && n < VALUES_MAX)
        values[n++] = str_cut(&rest, '\x1c');
    for (unsigned i = 0; i < n; i++)
        back[i] = values[n - 1 - i];
    enum verification_class class = judge(values, n, n, has ? &requested : NULL, resource, &level),
                            other = judge(back, n, 0, has ? &requested : NULL, resource, &again);
    assert(level == '*' || (class == other && level == again));
    return 0;
}
