/* Which certificates are accepted, and whom a session believes its peer to be. No socket: the two
   ends talk through memory. */
#include "lab.h"

#include "net/tls_session.h"

#include <stird/core/tls_dates.h>

#define DAY_S 86400

static char *directory;

/* NAME.pem and NAME.key, issued by our root unless NAME is "root" or "other". */
static void make(const char *name, const char *subject, const char *alternatives)
{
    char command[4096], issued[1200] = "-addext basicConstraints=critical,CA:TRUE";
    if (alternatives)
        snprintf(issued, sizeof(issued), "-addext 'subjectAltName=%s' -CA root.pem -CAkey root.key",
                 alternatives);
    if (alternatives && !*alternatives)
        snprintf(issued, sizeof(issued), "-CA root.pem -CAkey root.key");
    snprintf(command, sizeof(command),
             "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
             "-sha256 -days 30 -subj '%s' -keyout %s.key -out %s.pem %s 2>/dev/null",
             directory, subject, name, name, issued);
    lab_run(command);
}

static int set_up(void **state)
{
    (void)state;
    directory = lab_directory();
    make("root", "/CN=root", NULL);
    make("other", "/CN=other", NULL);
    make("stird", "/CN=stird", "DNS:stird.example");
    make("names", "/CN=unused.example",
         "DNS:Carrier.example,URI:sip:joe@acme.example,IP:192.0.2.1,IP:2001:db8::1,"
         "DNS:*.wild.example,URI:https://x.example,URI:sips:s.example,DNS:dot.example.");
    make("domain", "/CN=unused.example", "URI:sip:Acme.example");
    make("domains", "/CN=unused.example",
         "DNS:edge1.example,DNS:*.wild.example,URI:SIP:acme.example:5061,"
         "URI:sip:two.example;transport=tls,URI:sip:[2001:db8::7]:5061,URI:sip:192.0.2.7,"
         "URI:sip:dot.example.,IP:192.0.2.1");
    make("common", "/CN=common.example", "");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lab_remove(directory);
    return 0;
}

static struct tls *load(const char *certificate, const char *key, const char *ca,
                        struct problems *problems)
{
    char *texts[] = {lab_read(directory, certificate), lab_read(directory, key),
                     lab_read(directory, ca)};
    struct tls *tls = tls_new(&(struct tls_texts){str_of(certificate), str_of(texts[0]),
                                                  str_of(key), str_of(texts[1]), str_of(ca),
                                                  str_of(texts[2])},
                              problems);
    for (unsigned i = 0; i < 3; i++)
        free(texts[i]);
    return tls;
}

static struct tls *good(const char *name)
{
    char certificate[64], key[64];
    struct problems problems = PROBLEMS_INIT;
    snprintf(certificate, sizeof(certificate), "%s.pem", name);
    snprintf(key, sizeof(key), "%s.key", name);
    struct tls *tls = load(certificate, key, "root.pem", &problems);
    if (!tls)
        fail_msg("%s", problems.n > 0 ? problems.list[0].text : "no memory");
    return tls;
}

static void refused_in_words(void **state)
{
    static const struct {
        const char *certificate, *key, *ca;
        const char *file, *text;
    } cases[] = {
        {"stird.pem", "names.key", "root.pem", "names.key", "is not the key of the certificate"},
        {"stird.key", "stird.key", "root.pem", "stird.key", "holds no certificate"},
        {"stird.pem", "stird.pem", "root.pem", "stird.pem",
         "holds a certificate where the private key should be"},
        {"stird.pem", "stird.key", "root.key", "root.key", "holds no certificate"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct problems problems = PROBLEMS_INIT;
        assert_null(load(cases[i].certificate, cases[i].key, cases[i].ca, &problems));
        assert_int_equal(problems.n, 1);
        assert_string_equal(problems.list[0].file, cases[i].file);
        assert_non_null(strstr(problems.list[0].text, cases[i].text));
        problems_fini(&problems);
    }
}

/* Whether it is in force is for peers to judge: it serves all the same, and is told. */
static void dates_are_told(void **state)
{
    struct tls_dates dates;
    const int64_t now_s = clock_real_s();
    char *text = lab_read(directory, "stird.pem"), *no_text = lab_read(directory, "stird.key");
    (void)state;
    assert_null(tls_dates_read(&dates, str_of(text)));
    assert_true(dates.known);
    assert_true(dates.not_after_s - dates.not_before_s == 30 * DAY_S);
    assert_null(tls_dates_fault(&dates, now_s));
    assert_non_null(strstr(tls_dates_fault(&dates, now_s + 31 * DAY_S), "has expired"));
    assert_non_null(strstr(tls_dates_fault(&dates, now_s - DAY_S), "is not in force yet"));
    assert_non_null(strstr(tls_dates_read(&dates, str_of(no_text)), "holds no certificate"));
    assert_false(dates.known);
    assert_null(tls_dates_fault(&dates, now_s));
    free(text);
    free(no_text);
}

static bool shake(SSL *client, SSL *server)
{
    BIO *one = NULL, *two = NULL;
    bool done = false;
    assert_int_equal(BIO_new_bio_pair(&one, 65536, &two, 65536), 1);
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, two, two);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (unsigned i = 0; i < 20 && !done; i++) {
        int a = SSL_do_handshake(client), b = SSL_do_handshake(server);
        done = a == 1 && b == 1;
    }
    return done;
}

static bool believes(const char *server_name, const char *expected, const char *address)
{
    struct tls *ours = good("stird"), *theirs = good(server_name);
    struct address remote = {0};
    assert_true(address_parse(str_of(address), &remote));
    SSL *client = tls_connecting(ours, str_of(expected), &remote);
    SSL *server = tls_accepting(theirs, false);
    assert_true(client && server);
    bool done = shake(client, server);
    if (!done)
        assert_non_null(strstr(tls_failure(client, 0), "mismatch"));
    SSL_free(client);
    SSL_free(server);
    tls_free(ours);
    tls_free(theirs);
    return done;
}

/* R-C-013. */
static void a_server_must_prove_its_name(void **state)
{
    static const struct {
        const char *certificate, *expected, *address;
        bool good;
    } cases[] = {
        {"names", "carrier.example", "198.51.100.7", true},
        {"names", "CARRIER.EXAMPLE", "198.51.100.7", true},
        {"names", "", "192.0.2.1", true},
        {"names", "", "2001:db8::1", true},
        {"names", "192.0.2.1", "198.51.100.7", true},
        {"names", "one.wild.example", "192.0.2.1", true},
        {"names", "one.two.wild.example", "192.0.2.1", false},
        {"names", "", "192.0.2.2", false},
        {"names", "192.0.2.2", "192.0.2.1", false},
        {"names", "unused.example", "192.0.2.1", false},
        {"names", "other.example", "192.0.2.1", false},
        {"names", "Carrier.Example.", "192.0.2.1", true},
        {"names", "dot.example", "192.0.2.1", true},
        {"names", "acme.example", "192.0.2.1", false}, /* joe's */
        {"names", "s.example", "192.0.2.1", false},    /* no sip: URI */
        {"domain", "acme.example", "192.0.2.1", true},
        {"domain", "ACME.example.", "192.0.2.1", true},
        {"domain", "unused.example", "192.0.2.1", false},
        {"domain", "sip:acme.example", "192.0.2.1", false},
        {"domain", "cme.example", "192.0.2.1", false},
        {"domain", "", "192.0.2.1", false},
        {"domains", "acme.example", "192.0.2.1", true},
        {"domains", "two.example", "192.0.2.1", true},
        {"domains", "dot.example", "192.0.2.1", true},
        {"domains", "edge1.example", "192.0.2.1", false}, /* DNS names count without URIs only */
        {"domains", "one.wild.example", "192.0.2.1", false},
        {"domains", "", "192.0.2.1", true},
        {"domains", "", "192.0.2.7", true},
        {"domains", "2001:db8::7", "192.0.2.1", true},
        {"domains", "", "192.0.2.8", false},
        {"common", "common.example", "192.0.2.1", true},
        {"common", "", "192.0.2.1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (believes(cases[i].certificate, cases[i].expected, cases[i].address) != cases[i].good)
            fail_msg("%s, expected \"%s\" at %s", cases[i].certificate, cases[i].expected,
                     cases[i].address);
}

/* The names of a client with this certificate, joined by spaces; "-": no handshake. */
static struct str names_of(const char *client_name, bool verify, struct buf *out)
{
    struct tls *ours = good("stird"), *theirs = good(client_name);
    struct tls_peer peer;
    SSL *client = tls_connecting(theirs, STR("stird.example"), &(struct address){0});
    SSL *server = tls_accepting(ours, verify);
    assert_true(client && server);
    assert_true(shake(client, server));
    tls_peer_read(&peer, server);
    buf_reset(out);
    for (unsigned i = 0; i < peer.n; i++) {
        buf_add_str(out, peer.names[i]);
        buf_add_char(out, ' ');
    }
    tls_peer_fini(&peer);
    SSL_free(client);
    SSL_free(server);
    tls_free(ours);
    tls_free(theirs);
    return buf_str(out);
}

static void a_client_is_who_it_proves_to_be(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    assert_str(names_of("names", true, &out),
               STR("Carrier.example 192.0.2.1 2001:db8::1 dot.example "));
    assert_str(names_of("domain", true, &out), STR("Acme.example "));
    assert_str(names_of("domains", true, &out),
               STR("acme.example two.example 2001:db8::7 192.0.2.7 dot.example 192.0.2.1 "));
    assert_str(names_of("common", true, &out), STR("common.example "));
    /* Shown but not asked for: nothing is proved. */
    assert_int_equal(names_of("names", false, &out).n, 0);
    buf_fini(&out);
}

/* The name in the client's hello (RFC 6066 section 3). */
static void sni_is_plain(void **state)
{
    static const struct {
        const char *expected, *sni; /* NULL: none */
    } cases[] = {{"Carrier.Example.org.", "carrier.example.org"},
                 {"carrier.example.org", "carrier.example.org"},
                 {"192.0.2.1", NULL},
                 {"", NULL}};
    (void)state;
    struct tls *ours = good("stird");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address remote = {.family = ADDRESS_IPV4};
        SSL *client = tls_connecting(ours, str_of(cases[i].expected), &remote);
        const char *sni = SSL_get_servername(client, TLSEXT_NAMETYPE_host_name);
        assert_true(cases[i].sni ? sni && strcmp(sni, cases[i].sni) == 0 : !sni);
        SSL_free(client);
    }
    tls_free(ours);
}

static void a_client_must_be_vouched_for(void **state)
{
    struct problems problems = PROBLEMS_INIT;
    struct tls *ours = good("stird");
    struct tls *stranger = load("other.pem", "other.key", "root.pem", &problems);
    (void)state;
    assert_non_null(stranger);
    SSL *client = tls_connecting(stranger, STR("stird.example"), &(struct address){0});
    SSL *server = tls_accepting(ours, true);
    assert_false(shake(client, server));
    assert_non_null(tls_failure(server, 0));
    SSL_free(client);
    SSL_free(server);
    tls_free(ours);
    tls_free(stranger);
    problems_fini(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_in_words),
        cmocka_unit_test(dates_are_told),
        cmocka_unit_test(a_server_must_prove_its_name),
        cmocka_unit_test(a_client_is_who_it_proves_to_be),
        cmocka_unit_test(sni_is_plain),
        cmocka_unit_test(a_client_must_be_vouched_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
