/*
 * A PASSporT type is a struct passport_type in the table (src/README.md, "Where do I add X?"): here
 * "dummy", signed by another algorithm (Ed25519), whose key another member of the header names,
 * which a call may carry twice, and without which it goes on all the same. It goes the way of
 * shaken: fill, request, signer, Identity, and there and back: token, verify. Nothing of this is
 * shipped; it is the smallest example of another one.
 */
#include "signer_lab.h"

#include <stird/core/identity.h>
#include <stird/core/outcome.h>
#include <stird/core/verify.h>
#include <stird/io/signer_client.h>
#include <stird/lab/lab_ca.h>

#include "sip/context.h"
#include "sip/message/message.h"
#include "sip/service.h"

/* ---- the algorithm: EdDSA (RFC 8037 section 3.1), which has no digest ---- */

static bool eddsa_takes(EVP_PKEY *key, struct str key_name, struct problems *problems)
{
    bool good = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
    if (!good && problems)
        problems_add(problems, key_name, 0, "is no key of Ed25519");
    return good;
}

static void *eddsa_ready_new(EVP_PKEY *key)
{
    return key; /* there is nothing that could be kept */
}

static void eddsa_ready_free(void *ready)
{
    (void)ready;
}

static bool eddsa_sign(void *ready, struct str message, unsigned char *signature)
{
    size_t n = 64;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestSignInit(context, NULL, NULL, NULL, ready) == 1 &&
                EVP_DigestSign(context, signature, &n, (const unsigned char *)message.p,
                               message.n) == 1 &&
                n == 64;
    EVP_MD_CTX_free(context);
    return good;
}

static bool eddsa_verify(void *ready, struct str message, const unsigned char *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, ready) == 1 &&
                EVP_DigestVerify(context, signature, 64, (const unsigned char *)message.p,
                                 message.n) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static const struct jws_algorithm eddsa = {
    .name = {"EdDSA", 5},
    .signature_bytes = 64,
    .takes = eddsa_takes,
    .ready_new = eddsa_ready_new,
    .verifier_new = eddsa_ready_new,
    .ready_free = eddsa_ready_free,
    .sign = eddsa_sign,
    .verify = eddsa_verify,
    .key_fault = "its key is none of Ed25519, as EdDSA demands",
};

/* ---- the type ---- */

static struct str kid_of(const struct certificate *certificate)
{
    return certificate->x5u;
}

static const struct key_reference key_reference_kid = {.member = {"kid", 3}, .of = kid_of};

static void dummy_fill(struct passport_claims *claims, const struct outcome *outcome)
{
    *claims = outcome->claims;
    claims->attest = claims->origid[0] = '\0'; /* which it has not */
    claims->orig.n = claims->dest.n = 0;
    claims->dest_uri = STR("urn:service:sos");
    claims->hi = STR("1.1");
}

static const char *iat_fault(const struct passport_claims *claims, enum claims_side side)
{
    return side == CLAIMS_READ || claims->iat_s > 0 ? NULL : "iat is no time";
}

/* A service or a number. */
static const char *dest_fault(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    if (claims->dest.n > 0)
        return claims->dest_uri.n == 0 ? NULL : "dest has both";
    return passport_is_number_uri(claims->dest_uri) ? NULL : "dest is nobody";
}

static const char *hi_fault(const struct passport_claims *claims, enum claims_side side)
{
    (void)side;
    return claims->hi.n > 0 ? NULL : "hi is missing";
}

static void dummy_write_payload(struct json *json, const struct passport_claims *claims)
{
    json_begin_object(json);
    json_put_key(json, STR("dest"));
    json_begin_object(json);
    json_put_key(json, claims->dest_uri.n > 0 ? STR("uri") : STR("tn"));
    json_begin_array(json);
    json_put_string(json, claims->dest_uri.n > 0 ? claims->dest_uri : tn_str(&claims->dest));
    json_end_array(json);
    json_end_object(json);
    json_put_key(json, STR("hi"));
    json_put_string(json, claims->hi);
    json_put_key(json, STR("iat"));
    json_put_integer(json, claims->iat_s);
    json_end_object(json);
}

static const struct passport_type dummy = {
    .ppt = {"dummy", 5},
    .algorithm = &eddsa,
    .reference = &key_reference_kid,
    .wire_id = 250,
    .max_per_call = 2,
    .fill = dummy_fill,
    .fault = {[CLAIM_IAT] = iat_fault, [CLAIM_DEST] = dest_fault, [CLAIM_HI] = hi_fault},
    .write_payload = dummy_write_payload,
};

/* ---- the table, in the place of passport/types.c ---- */

const struct passport_type *const passport_types[] = {&passport_type_shaken, &dummy, NULL};

/* ---- units: [0] for shaken, [1] for dummy ---- */

#define NO_SUCH_CERTIFICATE 9999

static struct certificate units[2];
static EVP_PKEY *ed25519;

static int make_both(void **state)
{
    if (!message_module_init())
        return -1;
    make_units(state);
    ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(ed25519);
    units[0] = units[1] = certificates[0];
    units[1].public_key = ed25519;
    units[1].x5u = STR("https://cert.example.org/dummy");
    return 0;
}

static int remove_both(void **state)
{
    EVP_PKEY_free(ed25519);
    return remove_units(state);
}

static struct credential *credential_for(unsigned unit)
{
    struct problems problems = PROBLEMS_INIT;
    struct buf text = BUF_INIT;
    BIO *bio = BIO_new(BIO_s_mem());
    char directory[1024], *pem;
    assert_int_equal(PEM_write_bio_PrivateKey(bio, ed25519, NULL, NULL, 0, NULL, NULL), 1);
    long n = BIO_get_mem_data(bio, &pem);
    buf_add(&text, pem, (size_t)n);
    BIO_free(bio);
    snprintf(directory, sizeof(directory), "%s/none", lab);
    char *ec = lab_read(directory, "key.pem");
    struct credential *c = credential_new(&units[unit], STR("key.pem"),
                                          unit ? buf_str(&text) : str_of(ec), &problems);
    free(ec);
    buf_fini(&text);
    return c;
}

static int both_signer(const void *user, int control_fd)
{
    struct signing_service *service = signing_service_new(2);
    const struct signer_options options = {.control_fd = control_fd,
                                           .requests_per_second = *(const uint32_t *)user};
    for (unsigned i = 0; i < 2; i++) {
        struct credential *c = service ? credential_for(i) : NULL;
        if (!c)
            return 99;
        signing_service_take(service, i, c);
    }
    int status = signer_run(service, &options);
    signing_service_free(service);
    return status;
}

static const uint32_t any_number = 0;

static struct process start_both(const uint32_t *per_second)
{
    struct process p = start(both_signer, per_second);
    hear(&p, CONTROL_READY);
    return p;
}

/* ---- what is said of a token ---- */

static struct outcome decided(void)
{
    return (struct outcome){
        .verdict = VERDICT_SIGN, .reason = REASON_OK, .claims = lab_claims('A', clock_real_s())};
}

static bool is_signed_by(struct str token, unsigned unit)
{
    const struct passport_type *type = passport_types[unit];
    struct buf signature = BUF_INIT;
    size_t dot = token.n - 87; /* of 64 octets in base64url */
    bool good = token.n > 87 && token.p[dot] == '.' &&
                base64url_decode(&signature, str_slice(token, dot + 1, token.n)) &&
                jws_algorithm_verify_once(type->algorithm, units[unit].public_key,
                                          str_slice(token, 0, dot),
                                          (const unsigned char *)signature.p);
    buf_fini(&signature);
    return good;
}

static bool says(struct str token, unsigned part, const char *word)
{
    struct buf json = BUF_INIT;
    struct str rest = token, coded = str_cut(&rest, '.');
    if (part > 0)
        coded = str_cut(&rest, '.');
    assert_true(base64url_decode(&json, coded));
    buf_add_char(&json, '\0');
    bool found = strstr(json.p, word) != NULL;
    buf_fini(&json);
    return found;
}

/* ---- core ---- */

static void it_is_found_like_another(void **state)
{
    (void)state;
    assert_ptr_equal(passport_type_find(STR("dummy")), &dummy);
    assert_ptr_equal(passport_type_by_wire_id(250), &dummy);
    assert_ptr_equal(passport_type_deciding(), &passport_type_shaken);
    assert_ptr_equal(passport_algorithm_of(units[0].public_key), &jws_es256);
    assert_ptr_equal(passport_algorithm_of(ed25519), &eddsa);
    EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    assert_null(passport_algorithm_of(rsa));
    EVP_PKEY_free(rsa);
}

/* Whatever names the key, members come by their code points. */
static void the_reference_is_in_its_place(void **state)
{
    struct buf header = BUF_INIT;
    (void)state;
    passport_write_header(&header, &dummy, dummy.reference->of(&units[1]));
    assert_str(buf_str(&header),
               STR("{\"alg\":\"EdDSA\",\"kid\":\"https://cert.example.org/dummy\","
                   "\"ppt\":\"dummy\",\"typ\":\"passport\"}"));
    buf_fini(&header);
}

static void a_call_wants_them_in_the_order_of_the_table(void **state)
{
    struct outcome o = decided();
    (void)state;
    assert_int_equal(outcome_certificate(&o), NO_CERTIFICATE);
    assert_true(outcome_want(&o, &dummy, 1));
    assert_int_equal(outcome_certificate(&o), NO_CERTIFICATE); /* it does not decide */
    assert_true(outcome_want(&o, &passport_type_shaken, 0));
    assert_false(outcome_want(&o, &passport_type_shaken, 1));
    assert_true(outcome_want(&o, &dummy, 2));
    assert_false(outcome_want(&o, &dummy, 3));
    assert_int_equal(o.n_tokens, 3);
    assert_ptr_equal(o.tokens[0].type, &passport_type_shaken);
    assert_int_equal(o.tokens[1].certificate, 1);
    assert_int_equal(o.tokens[2].certificate, 2);
    assert_int_equal(outcome_certificate(&o), 0);
}

/* A key signs by its own algorithm, whatever type is asked for. */
static void a_key_is_for_types_of_its_algorithm(void **state)
{
    struct outcome o = decided();
    struct passport_claims claims[2];
    struct buf token = BUF_INIT;
    (void)state;
    passport_type_shaken.fill(&claims[0], &o);
    dummy.fill(&claims[1], &o);
    for (unsigned unit = 0; unit < 2; unit++) {
        struct credential *c = credential_for(unit);
        assert_non_null(c);
        assert_int_equal(credential_sign(c, passport_types[1 - unit], &claims[1 - unit], &token),
                         REASON_SIGNER_REFUSED);
        assert_int_equal(token.n, 0);
        assert_int_equal(credential_sign(c, passport_types[unit], &claims[unit], &token),
                         REASON_OK);
        assert_true(credential_verify(c, buf_str(&token)));
        assert_true(is_signed_by(buf_str(&token), unit));
        token.p[10] ^= 1;
        assert_false(credential_verify(c, buf_str(&token)));
        buf_reset(&token);
        credential_free(c);
    }
    buf_fini(&token);
}

/* ---- the verifier ---- */

/* An Identity header with a token of TYPE by the key of UNIT. */
static struct buf value_of(const struct passport_type *type, unsigned unit,
                           const struct passport_claims *claims, const char *ppt, const char *alg)
{
    struct buf token = BUF_INIT, value = BUF_INIT;
    struct credential *c = credential_for(unit);
    assert_int_equal(credential_sign(c, type, claims, &token), REASON_OK);
    identity_add(&value, buf_str(&token), type->reference->of(&units[unit]), str_of(alg),
                 str_of(ppt));
    assert_false(buf_failed(&value));
    credential_free(c);
    buf_fini(&token);
    return value;
}

/* PEM of a certificate for KEY, with its anchor in TRUST. */
static struct buf served_for(EVP_PKEY *key, struct trust *trust)
{
    static const char *const spcs[] = {"709J", NULL};
    struct buf chain = BUF_INIT, anchor = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    EVP_PKEY *root_key = lab_key_new();
    struct lab_certificate c = {.name = "dummy root",
                                .serial = 1,
                                .key = root_key,
                                .not_before_s = clock_real_s() - 86400,
                                .not_after_s = clock_real_s() + 86400,
                                .authority = true};
    X509 *root = lab_certificate_new(&c);
    c.name = "SHAKEN 709J", c.serial = 2, c.key = key, c.authority = false, c.spcs = spcs;
    c.issuer = root, c.issuer_key = root_key;
    X509 *leaf = lab_certificate_new(&c);
    assert_true(lab_add_certificate(&chain, leaf) && lab_add_certificate(&anchor, root));
    assert_true(trust_add_anchors(trust, STR("root"), buf_str(&anchor), &problems));
    X509_free(leaf);
    X509_free(root);
    EVP_PKEY_free(root_key);
    buf_fini(&anchor);
    return chain;
}

/* What a verifier says of VALUE by what is served; in the message +12155550131 is called. */
static struct verify_report asked_of(struct str value, struct str served, const struct trust *trust,
                                     struct arena *memory)
{
    struct tn orig = lab_tn("12155550121"), dest = lab_tn("12155550131");
    struct token token;
    struct sti_certificate certificate;
    struct verify_report report;
    struct verify_question q = {.token = &token,
                                .certificate = &certificate,
                                .now_s = clock_real_s(),
                                .max_age_s = 600,
                                .has_message = true,
                                .orig = &orig,
                                .dest = &dest};
    assert_true(token_read(&token, value, memory));
    assert_true(sti_certificate_prepare(&certificate, served, trust, q.now_s, memory));
    assert_true(verify(&q, memory, &report));
    sti_certificate_fini(&certificate);
    token_fini(&token);
    return report;
}

#define NONE VERIFY_CHECKS

/* By its own algorithm, key, reference and claims, and by nothing of shaken's. */
static void it_is_verified_like_another(void **state)
{
    static const char good[] = "urn:service:sos";
    static const struct {
        const char *tn, *uri, *ppt, *alg;
        bool p256, broken;
        enum token_verdict verdict;
        enum verify_check decided; /* NONE: nothing failed */
        int status;
    } cases[] = {
        {"12155550131", "", "dummy", "EdDSA", false, false, TOKEN_VALID, NONE, 0},
        {"12155550132", "", "dummy", "EdDSA", false, false, TOKEN_INVALID, VERIFY_DEST, 438},
        /* a URI is compared with nothing, so that it stays open */
        {NULL, good, "dummy", "EdDSA", false, false, TOKEN_OPEN, NONE, 0},
        {"12155550131", "", "dummy", "EdDSA", false, true, TOKEN_INVALID, VERIFY_SIGNATURE, 438},
        {"12155550131", "", "dummy", "EdDSA", true, false, TOKEN_INVALID, VERIFY_CERTIFICATE, 437},
        {"12155550131", "", "dummy", "ES256", false, false, TOKEN_INVALID, VERIFY_ALG, 437},
        /* called shaken by its parameter, it is judged as that */
        {"12155550131", "", "shaken", "EdDSA", false, false, TOKEN_INVALID, VERIFY_ALG, 437},
        /* by its token it is a dummy, whatever the parameter says */
        {"12155550131", "", "other", "EdDSA", false, false, TOKEN_INVALID, VERIFY_TYPE, 438},
    };
    struct trust *trust = trust_new();
    EVP_PKEY *ec = lab_key_new();
    struct buf of_ed = served_for(ed25519, trust), of_ec = served_for(ec, trust);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *memory = arena_new(8192);
        struct outcome o = decided();
        struct passport_claims claims;
        dummy.fill(&claims, &o);
        claims.dest_uri = str_of(cases[i].uri);
        if (cases[i].tn)
            claims.dest = lab_tn(cases[i].tn);
        struct buf value = value_of(&dummy, 1, &claims, cases[i].ppt, cases[i].alg);
        size_t dot = str_find(buf_str(&value), ';', 0) - 40;
        value.p[dot] = cases[i].broken ? value.p[dot] == 'A' ? 'B' : 'A' : value.p[dot];
        struct verify_report r = asked_of(buf_str(&value), buf_str(cases[i].p256 ? &of_ec : &of_ed),
                                          trust, memory);
        assert_int_equal(r.verdict, cases[i].verdict);
        assert_int_equal(r.sip_status, cases[i].status);
        if (cases[i].decided != NONE)
            assert_int_equal(r.decided, cases[i].decided);
        if (r.verdict == TOKEN_OPEN) {
            assert_int_equal(r.finding[VERIFY_SIGNATURE].result, VERIFY_PASSED);
            assert_int_equal(r.finding[VERIFY_CLAIMS].result, VERIFY_PASSED);
            assert_int_equal(r.finding[VERIFY_DEST].result, VERIFY_NOT_DONE);
        }
        buf_fini(&value);
        arena_free(memory);
    }
    buf_fini(&of_ed);
    buf_fini(&of_ec);
    EVP_PKEY_free(ec);
    trust_free(trust);
}

/* A certificate of another algorithm than shaken's does not verify shaken's tokens. */
static void a_certificate_is_for_tokens_of_its_algorithm(void **state)
{
    struct trust *trust = trust_new();
    struct buf served = served_for(ed25519, trust);
    struct arena *memory = arena_new(8192);
    struct outcome o = decided();
    struct buf value = value_of(&passport_type_shaken, 0, &o.claims, "shaken", "ES256");
    struct verify_report r = asked_of(buf_str(&value), buf_str(&served), trust, memory);
    (void)state;
    assert_int_equal(r.verdict, TOKEN_INVALID);
    assert_int_equal(r.decided, VERIFY_CERTIFICATE);
    assert_int_equal(r.sip_status, 437);
    assert_int_equal(r.finding[VERIFY_SIGNATURE].result, VERIFY_NOT_DONE);
    buf_fini(&value);
    buf_fini(&served);
    arena_free(memory);
    trust_free(trust);
}

/* ---- the signer ---- */

struct told {
    unsigned times, n;
    enum reason reason[PASSPORTS_MAX];
    char token[PASSPORTS_MAX][1024];
};

static void on_answer(void *user, const struct sign_answer *answers, unsigned n, uint32_t sign_us)
{
    struct told *told = user;
    (void)sign_us;
    told->times++;
    told->n = n;
    for (unsigned i = 0; i < n; i++) {
        told->reason[i] = answers[i].reason;
        snprintf(told->token[i], sizeof(told->token[i]), "%.*s", STR_ARG(answers[i].token));
    }
}

static void let_answer(struct signer_client *client)
{
    while (signer_client_waiting(client) > 0) {
        assert_true(wait_readable(signer_client_fd(client)));
        assert_true(signer_client_readable(client));
    }
}

/* What comes of asking for the tokens of O, by a channel of its own. */
static struct told ask_for(const struct process *p, struct outcome *o)
{
    struct told told = {0};
    struct sign_order orders[PASSPORTS_MAX];
    struct signer_client *client = signer_client_new(open_channel(p));
    uint64_t ticket;
    o->claims.iat_s = clock_real_s(); /* which the signer compares */
    for (unsigned i = 0; i < o->n_tokens; i++) {
        orders[i] = (struct sign_order){.type = o->tokens[i].type,
                                        .certificate = o->tokens[i].certificate};
        orders[i].type->fill(&orders[i].claims, o);
    }
    assert_int_equal(signer_client_submit(client, orders, o->n_tokens, on_answer, &told, &ticket),
                     REASON_OK);
    signer_client_flush(client);
    let_answer(client);
    assert_int_equal(told.times, 1);
    assert_int_equal(told.n, o->n_tokens);
    signer_client_free(client);
    return told;
}

static void the_tokens_of_a_call_come_in_one_exchange(void **state)
{
    struct process p = start_both(&any_number);
    struct outcome o = decided();
    char iat[48];
    (void)state;
    assert_true(outcome_want(&o, &passport_type_shaken, 0));
    assert_true(outcome_want(&o, &dummy, 1) && outcome_want(&o, &dummy, 1));
    struct told told = ask_for(&p, &o);
    snprintf(iat, sizeof(iat), "\"iat\":%lld", (long long)o.claims.iat_s);
    for (unsigned i = 0; i < 3; i++) {
        struct str token = str_of(told.token[i]);
        assert_int_equal(told.reason[i], REASON_OK);
        assert_true(is_signed_by(token, i > 0));
        assert_true(says(token, 1, iat));
    }
    assert_true(says(str_of(told.token[1]), 0, "\"ppt\":\"dummy\""));
    assert_true(says(str_of(told.token[1]), 1,
                     "{\"dest\":{\"uri\":[\"urn:service:sos\"]},\"hi\":\"1.1\","));
    let_end(&p);
}

static void one_that_cannot_be_made_hinders_no_other(void **state)
{
    struct process p = start_both(&any_number);
    const uint32_t wrong[] = {NO_SUCH_CERTIFICATE, 0, UINT32_MAX};
    const enum reason why[] = {REASON_NO_CERTIFICATE, REASON_SIGNER_REFUSED, REASON_NO_CERTIFICATE};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct outcome o = decided();
        assert_true(outcome_want(&o, &passport_type_shaken, 0));
        assert_true(outcome_want(&o, &dummy, wrong[i]) && outcome_want(&o, &dummy, 1));
        struct told told = ask_for(&p, &o);
        assert_int_equal(told.reason[0], REASON_OK);
        assert_int_equal(told.reason[1], why[i]);
        assert_int_equal(told.reason[2], REASON_OK);
        assert_true(is_signed_by(str_of(told.token[2]), 1));
    }
    let_end(&p);
}

/* No time goes by for a signer that was replaced. */
static void the_ceiling_counts_tokens(void **state)
{
    const uint32_t four = 4;
    struct process p = start_both(&four);
    struct outcome o = decided();
    (void)state;
    say(&p, CONTROL_RETIRE, -1);
    assert_true(outcome_want(&o, &passport_type_shaken, 0));
    assert_true(outcome_want(&o, &dummy, 1) && outcome_want(&o, &dummy, 1));
    struct told told = ask_for(&p, &o);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(told.reason[i], REASON_OK);
    told = ask_for(&p, &o); /* one is left: the first, which is the one that counts, has it */
    assert_int_equal(told.reason[0], REASON_OK);
    assert_int_equal(told.reason[1], REASON_SIGNER_OVERLOADED);
    assert_int_equal(told.reason[2], REASON_SIGNER_OVERLOADED);
    told = ask_for(&p, &o);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(told.reason[i], REASON_SIGNER_OVERLOADED);
    let_end(&p);
}

/* ---- the call ---- */

static bool ended;

static enum step_result step_sign(struct context *c)
{
    static const struct trunk trunk = {.service = SERVICE_SIGN};
    return service_of(&trunk)->way.steps[2].run(c);
}

static enum step_result step_end(struct context *c)
{
    (void)c;
    ended = true;
    return STEP_DONE;
}

/* A call that wants shaken by the unit BASE, and two of dummy by FIRST and 1. */
static struct outcome leave(const struct process *p, struct settings *settings, uint32_t base,
                            uint32_t first, struct buf *identities)
{
    static const struct step signed_steps[] = {{"sign", step_sign}, {"end", step_end}};
    static const struct way way = {signed_steps, 2, 0};
    static struct snapshot newer; /* so that what is asked goes at once */
    struct snapshot snapshot = {.settings = settings};
    const struct proxy_stage stage = {.snapshot = &newer};
    struct proxy *proxy = proxy_new_offstage(&stage);
    struct trunk trunk = {.service = SERVICE_SIGN};
    struct call call = {.trunk = &trunk, .to_uri = STR("tel:+12155550131")};
    struct outcome o = decided();
    struct leaving leaving[LEAVINGS] = {0};
    struct asked asked = {0};
    struct context c = {.proxy = proxy,
                        .snapshot = &snapshot,
                        .leaving = leaving,
                        .asked = &asked,
                        .call = &call,
                        .outcome = &o,
                        .way = &way,
                        .sent_us = -1,
                        .arena = arena_new(4096)};
    snapshot.signer = signer_client_new(open_channel(p));
    ended = false;
    o.date = DATE_ADD;
    assert_true(outcome_want(&o, &passport_type_shaken, base) && outcome_want(&o, &dummy, first) &&
                outcome_want(&o, &dummy, 1));
    wait_init(&c.wait, proxy, steps_wait_over);
    steps_try_again(&c);
    let_answer(snapshot.signer);
    assert_true(ended);
    for (unsigned i = 0; i < c.leaving[0].n_identities; i++) {
        buf_add_str(identities, c.leaving[0].identities[i]);
        buf_add_char(identities, '\n');
    }
    signer_client_free(snapshot.signer);
    arena_free(c.arena);
    proxy_free_offstage(proxy);
    return o;
}

static void assert_identity(struct str *lines, unsigned unit)
{
    struct identity identity;
    struct str line = str_cut(lines, '\n');
    assert_int_equal(identity_parse(line, &identity), unit ? IDENTITY_OTHER : IDENTITY_SHAKEN);
    assert_null(identity.fault);
    assert_str(identity.ppt, passport_types[unit]->ppt);
    assert_str(identity.alg, passport_types[unit]->algorithm->name);
    assert_str(identity.info, units[unit].x5u);
    assert_true(is_signed_by(identity.digest, unit));
}

static void what_decides_decides_and_the_others_go(void **state)
{
    static const struct {
        uint32_t base, first;
        enum failure_mode mode;
        enum verdict verdict;
        unsigned shaken, dummies;
    } cases[] = {
        {0, 1, FAIL_CLOSED, VERDICT_SIGN, 1, 2},
        {0, NO_SUCH_CERTIFICATE, FAIL_CLOSED, VERDICT_SIGN, 1, 1},
        {NO_SUCH_CERTIFICATE, 1, FAIL_OPEN, VERDICT_PASS, 0, 2},
        {NO_SUCH_CERTIFICATE, NO_SUCH_CERTIFICATE, FAIL_CLOSED, VERDICT_REJECT, 0, 1},
    };
    struct process p = start_both(&any_number);
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf text = BUF_INIT;
        struct settings settings = {.failure_mode = cases[i].mode,
                                    .sign_timeout_ms = PATIENCE_MS,
                                    .certificates = units,
                                    .n_certificates = 2};
        struct outcome o = leave(&p, &settings, cases[i].base, cases[i].first, &text);
        struct str lines = buf_str(&text);
        assert_int_equal(o.verdict, cases[i].verdict);
        assert_int_equal(o.reason, cases[i].shaken ? REASON_OK : REASON_NO_CERTIFICATE);
        assert_int_equal(o.date, DATE_ADD); /* there are tokens that it is the date of */
        for (unsigned k = 0; k < cases[i].shaken + cases[i].dummies; k++)
            assert_identity(&lines, k >= cases[i].shaken);
        assert_int_equal(lines.n, 0);
        buf_fini(&text);
    }
    let_end(&p);
}

/* Behind those that came, each on a line of its own. */
static void their_headers_leave_in_that_order(void **state)
{
    static const struct str text = STR(
        "INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nIdentity: came\r\n"
        "From: <sip:2@h>;tag=a\r\nTo: <sip:1@h>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
        "Content-Length: 0\r\n\r\n");
    struct message m = {0};
    struct buf out = BUF_INIT;
    (void)state;
    assert_int_equal(message_parse(&m, text, NULL), REASON_OK);
    assert_int_equal(message_add_header(&m, STR("Identity"), STR("shaken")), 0);
    assert_int_equal(message_add_header(&m, STR("Identity"), STR("dummy")), 0);
    assert_int_equal(message_print(&m, &out), 0);
    buf_add_char(&out, '\0');
    const char *came = strstr(out.p, "\r\nIdentity: came\r\n"),
               *first = strstr(out.p, "\r\nIdentity: shaken\r\n"),
               *second = strstr(out.p, "\r\nIdentity: dummy\r\n");
    assert_true(came && first && second && came < first && first < second);
    buf_fini(&out);
    message_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_found_like_another),
        cmocka_unit_test(the_reference_is_in_its_place),
        cmocka_unit_test(a_call_wants_them_in_the_order_of_the_table),
        cmocka_unit_test(a_key_is_for_types_of_its_algorithm),
        cmocka_unit_test(it_is_verified_like_another),
        cmocka_unit_test(a_certificate_is_for_tokens_of_its_algorithm),
        cmocka_unit_test(the_tokens_of_a_call_come_in_one_exchange),
        cmocka_unit_test(one_that_cannot_be_made_hinders_no_other),
        cmocka_unit_test(the_ceiling_counts_tokens),
        cmocka_unit_test(what_decides_decides_and_the_others_go),
        cmocka_unit_test(their_headers_leave_in_that_order),
    };
    return cmocka_run_group_tests(tests, make_both, remove_both);
}
