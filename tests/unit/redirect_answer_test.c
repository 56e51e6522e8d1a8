/*
 * R-D-001, R-D-002, R-D-003, R-D-004, R-D-010, R-D-013, R-D-014, R-D-015, R-D-016, R-D-019,
 * R-X-056: what an SBC that asks by redirect is answered: of each dialect and each case octet for
 * octet as in tests/vectors/redirect/, and what a configuration changes of it.
 */
#include "redirect_scene.h"

/* ---- golden files ---- */

static void add_case(const struct dialect *d, enum dialect_case which, struct buf *out)
{
    struct scene s;
    struct redirect_answer a;
    set(&s, d);
    set_case(&s, which);
    buf_addf(out, "# %.*s: %.*s\n", STR_ARG(dialect_case_name(which)),
             STR_ARG(dialect_case_text(which)));
    answer(&s, &a, out);
    assert_true(a.is_said);
    assert_int_equal(a.which, which);
    assert_true(a.status >= 300 && a.status <= 699);
    buf_add_char(out, '\n');
    clear(&s);
}

static void as_in_the_files(void **state)
{
    unsigned wrong = 0;
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++) {
        char path[512], text[16384];
        struct buf said = BUF_INIT;
        snprintf(path, sizeof(path), TESTS_DIR "/vectors/redirect/%.*s.txt",
                 STR_ARG(dialects[i].name));
        FILE *f = fopen(path, "r");
        const size_t n = f ? fread(text, 1, sizeof(text), f) : 0;
        if (f)
            fclose(f);
        for (unsigned k = 0; k < DIALECT_CASES; k++)
            add_case(&dialects[i], (enum dialect_case)k, &said);
        if (!str_eq(buf_str(&said), (struct str){text, n})) {
            print_error("%s is not:\n%.*s", path, STR_ARG(buf_str(&said)));
            wrong++;
        }
        buf_fini(&said);
    }
    assert_int_equal(wrong, 0);
}
/* ---- what a configuration changes ---- */

static void two_tokens(struct scene *s)
{
    s->question.n_identities = 2;
}
static void as_x(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_X;
}
static void as_both(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_HEADER | DIALECT_IDENTITY_CONTACT;
}
static void two_in_contact(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_CONTACT;
    s->question.n_identities = 2;
}
static void contact_too_long(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_CONTACT;
    s->dialect.contact_max = 200;
}
static void date_kept(struct scene *s)
{
    s->outcome.date = DATE_KEEP;
}
static void date_always(struct scene *s)
{
    s->outcome.date = DATE_KEEP;
    s->dialect.date = DIALECT_DATE_ALWAYS;
}
static void date_never(struct scene *s)
{
    s->dialect.date = DIALECT_DATE_NEVER;
}
static void contact_host(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_HOST;
    s->dialect.contact_host = STR("sbc.example:5080");
}
static void contact_requested(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131;npdi;rn=+12155550000@far.example:5090;a=b?c=d");
}
static void contact_ourselves(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST; /* 192.0.2.10 is our listener */
}
static void contact_echo(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_ECHO;
}
static void contact_none(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_NONE;
    s->dialect.identity = DIALECT_IDENTITY_CONTACT;
}
static void called_tel(struct scene *s)
{
    s->call.request_uri = STR("tel:5550131;phone-context=+1215");
}
static void called_odd(struct scene *s)
{
    s->call.request_uri = STR("sip:+1215555\"0131@192.0.2.10");
}
static void called_with_password(struct scene *s)
{
    s->call.request_uri = STR("sip:+12155550131:secret@192.0.2.10");
}
static void called_with_prefix(struct scene *s)
{
    s->call.request_uri = STR("sip:1234#+12155550131@192.0.2.10");
}
static void called_by_keys(struct scene *s)
{
    s->call.request_uri = STR("sip:911#@192.0.2.10");
}
static void called_with_marks(struct scene *s)
{
    s->call.request_uri = STR("sip:1/2?3%4:a:b%41@192.0.2.10");
}
static void called_nobody(struct scene *s)
{
    s->call.request_uri = STR("sip:192.0.2.10;user=phone");
}
static void called_service(struct scene *s)
{
    s->dialect.identity = DIALECT_IDENTITY_CONTACT; /* which cannot stand in it */
    s->call.request_uri = STR("urn:service:sos.fire");
}
static void called_by_no_scheme(struct scene *s)
{
    s->call.request_uri = STR("s%p:+12155550131@192.0.2.10");
}
static void contact_with_parameters(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131@far.example;transport=tls;lr;user=phone;x=y;"
                              "maddr=192.0.2.99;method=BYE?Subject=a");
}
static void contact_by_maddr(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131@far.example;maddr=192.0.2.10.");
}
static void contact_with_dot(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_REQUEST;
    s->call.request_uri = STR("sip:+12155550131@192.0.2.10.");
}
static void by_tcp(struct scene *s)
{
    s->question.transport = TRANSPORT_TCP;
}
static void by_tls(struct scene *s)
{
    s->question.transport = TRANSPORT_TLS;
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.40:5061\r\n\r\n");
}
static void by_sips(struct scene *s)
{
    s->question.transport = TRANSPORT_TLS;
    s->call.request_uri = STR("sips:+12155550131@192.0.2.10");
}
static void echo_ourselves(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_ECHO;
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nContact: <sip:x@192.0.2.10.>\r\n\r\n");
}
static void echo_by_maddr(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_ECHO;
    s->question.request = STR(
        "INVITE sip:a@b SIP/2.0\r\nm: <sip:x@far.example;maddr=192.0.2.10>\r\n\r\n");
}
static void host_is_ours(struct scene *s)
{
    s->dialect.contact = DIALECT_CONTACT_HOST;
    s->dialect.contact_host = STR("192.0.2.10");
}
static void source_is_ours(struct scene *s)
{
    assert_true(address_parse(STR("192.0.2.10"), &s->call.source));
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10\r\n\r\n");
}
static void called_twice(struct scene *s)
{
    s->call.request_uri_unclear = true;
}
static void from_ipv6(struct scene *s)
{
    assert_true(address_parse(STR("2001:db8::40"), &s->call.source));
    s->question.request = STR("INVITE sip:a@b SIP/2.0\r\nv: SIP/2.0/TCP [2001:db8::40]\r\n\r\n");
}
static void own_lines(struct scene *s)
{
    static const struct str lines[] = {STR("X-Foo: bar"), STR("X-Two: 2")};
    s->dialect.headers = lines;
    s->dialect.n_headers = 2;
    s->dialect.answers[DIALECT_SIGNED] = (struct dialect_answer){
        .status = 399, .phrase = STR("Go on"), .reason = STR("why not")};
}
static void token_with_ends(struct scene *s)
{
    s->identities[0] = STR("a.b.c;info=<x>\r\nX-Evil: 1");
}

#define CONTACT "Contact: <sip:+12155550131@192.0.2.40:5070>\n"
#define DATE    "Date: Fri, 25 Sep 2015 19:12:25 GMT\n"
#define FIRST   "Identity: " TOKEN("c2lnbmF0dXJl") "\n"
#define SECOND  "Identity: " TOKEN("c2Vjb25k") "\n"
#define ESCAPED(signature)                                                                         \
    "Identity=eyJhbGciOiJFUzI1NiJ9.eyJhdHRlc3QiOiJBIn0." signature                                 \
    "%3Binfo%3D%3Chttps://cr.example/a%252Fb.pem%3E%3Balg%3DES256%3Bppt%3Dshaken"
#define ESCAPED_DATE "Date=Fri%2C%2025%20Sep%202015%2019:12:25%20GMT"

static const struct {
    void (*change)(struct scene *s);
    const char *lines;
} changes[] = {
    {two_tokens, CONTACT FIRST SECOND DATE},
    {as_x, CONTACT "X-" FIRST DATE},
    {as_both, "Contact: <sip:+12155550131@192.0.2.40:5070?" ESCAPED(
                  "c2lnbmF0dXJl") "&" ESCAPED_DATE ">\n" FIRST DATE},
    {two_in_contact, "Contact: <sip:+12155550131@192.0.2.40:5070?" ESCAPED(
                         "c2lnbmF0dXJl") "&" ESCAPED("c2Vjb25k") "&" ESCAPED_DATE ">\n"},
    {contact_too_long, CONTACT FIRST DATE},
    {date_kept, CONTACT FIRST},
    {date_always, CONTACT FIRST DATE},
    {date_never, CONTACT FIRST},
    {contact_host, "Contact: <sip:+12155550131@sbc.example:5080>\n" FIRST DATE},
    {contact_requested,
     "Contact: <sip:+12155550131;npdi;rn=+12155550000@far.example:5090>\n" FIRST DATE},
    {contact_ourselves, CONTACT FIRST DATE},
    {contact_echo, "Contact: <sip:sbc@192.0.2.40:5070>\n" FIRST DATE},
    {contact_none, FIRST DATE},
    {called_tel,
     "Contact: <sip:5550131;phone-context=+1215@192.0.2.40:5070;user=phone>\n" FIRST DATE},
    {called_odd, "Contact: <sip:+1215555%220131@192.0.2.40:5070>\n" FIRST DATE},
    {called_with_password, "Contact: <sip:+12155550131:secret@192.0.2.40:5070>\n" FIRST DATE},
    {called_with_prefix, "Contact: <sip:1234%23+12155550131@192.0.2.40:5070>\n" FIRST DATE},
    {called_by_keys, "Contact: <sip:911%23@192.0.2.40:5070>\n" FIRST DATE},
    {called_with_marks, "Contact: <sip:1%2F2%3F3%254:a%3Ab%41@192.0.2.40:5070>\n" FIRST DATE},
    {called_nobody, "Contact: <sip:192.0.2.40:5070>\n" FIRST DATE},
    {called_service, "Contact: <urn:service:sos.fire>\n" FIRST DATE},
    {called_twice, ""},
    {called_by_no_scheme, ""},
    {source_is_ours, ""},
    {contact_with_parameters, "Contact: <sip:+12155550131@far.example;transport=tls;user=phone;"
                              "maddr=192.0.2.99>\n" FIRST DATE},
    {contact_by_maddr, CONTACT FIRST DATE},
    {contact_with_dot, CONTACT FIRST DATE},
    {by_tcp, "Contact: <sip:+12155550131@192.0.2.40:5070;transport=tcp>\n" FIRST DATE},
    {by_tls, "Contact: <sip:+12155550131@192.0.2.40:5061;transport=tls>\n" FIRST DATE},
    {by_sips, "Contact: <sips:+12155550131@192.0.2.40:5070>\n" FIRST DATE},
    {echo_ourselves, "Contact: <sip:+12155550131@192.0.2.40>\n" FIRST DATE},
    {echo_by_maddr, "Contact: <sip:+12155550131@192.0.2.40>\n" FIRST DATE},
    {host_is_ours, CONTACT FIRST DATE},
    {from_ipv6, "Contact: <sip:+12155550131@[2001:db8::40]>\n" FIRST DATE},
    {own_lines,
     CONTACT FIRST DATE "Reason: SIP;cause=399;text=\"why not\"\nX-Foo: bar\nX-Two: 2\n"},
    {token_with_ends, CONTACT "Identity: a.b.c;info=<x>  X-Evil: 1\n" DATE},
};

static void settings_of_a_dialect(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        set(&s, &dialects[0]);
        changes[i].change(&s);
        answer(&s, &a, &out);
        const struct str said = buf_str(&out);
        const struct str lines = str_slice(said, str_find(said, '\n', 0) + 1, said.n);
        if (!str_eq(lines, str_of(changes[i].lines)))
            fail_msg("%zu:\n%.*s\nand not\n%s", i, STR_ARG(lines), changes[i].lines);
        buf_fini(&out);
        clear(&s);
    }
}

/* Some readers take these for an address, and others for another one, or for no place. */
static void hosts_that_are_none(void **state)
{
    static const char *const hosts[] = {"127.088.78.1",
                                        "127.88.78.01",
                                        "0x7f.88.78.1",
                                        "2136493569",
                                        "127.1",
                                        "localhost",
                                        "LocalHost",
                                        "0.0.0.0",
                                        "[::]",
                                        "-",
                                        "carrier.1x",
                                        "carrier.example:",
                                        "carrier.example:0",
                                        "1",
                                        "carrier.",
                                        "carrier.example:99999"};
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        char uri[64];
        set(&s, &dialects[0]);
        snprintf(uri, sizeof(uri), "sip:+12155550131@%s", hosts[i]);
        s.dialect.contact = DIALECT_CONTACT_REQUEST;
        s.call.request_uri = str_of(uri);
        answer(&s, &a, &out);
        const struct str said = buf_str(&out),
                         rest = str_slice(said, str_find(said, '\n', 0) + 1, said.n);
        if (str_eq(str_of(hosts[i]), STR("carrier.")))
            assert_true(str_starts(rest, STR("Contact: <sip:+12155550131@carrier.>\n")));
        else if (!str_starts(rest, STR(CONTACT)))
            fail_msg("%s:\n%.*s", hosts[i], STR_ARG(rest));
        buf_fini(&out);
        clear(&s);
    }
}

/* ---- why it was refused ---- */

/* One Reason of SIP, whoever has one: the rule, the place to complain, the dialect. */
static void why_it_was_refused(void **state)
{
    static const struct {
        const char *dialect;
        enum reason reason;
        int status;
        const char *text;
        const char *said; /* with its status line */
    } refusals[] = {
        {"clearip", REASON_REFUSED_BY_RULE, 403, "",
         "603 Network Blocked\nReason: SIP;cause=603;text=\"v=analytics1;url=https://a.example\";"
         "location=TN\n"},
        {"clearip", REASON_REFUSED_BY_RULE, 403, "call us",
         "603\nReason: SIP;cause=603;text=\"call us\"\n"},
        {"clearip", REASON_REFUSED_BY_CAP, 403, "",
         "603\nReason: SIP;cause=603;text=\"sti-blocked\"\n"},
        {"generic", REASON_NUMBER_BLOCKED, 603, "",
         "603 Network Blocked\nReason: SIP;cause=603;text=\"v=analytics1;url=https://a.example\";"
         "location=TN\n"},
        {"provenant", REASON_NUMBER_BLOCKED, 603, "",
         "603 blocked 0x00000028\nReason: SIP;cause=603;text=\"v=analytics1;"
         "url=https://a.example\";location=TN\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT;
        set(&s, dialect_find(str_of(refusals[i].dialect)));
        s.dialect.request_id = STR("");
        s.settings.blocked_url = STR("https://a.example");
        s.settings.blocked_location = LOCATION_TRANSIT;
        refuses(&s, refusals[i].reason, refusals[i].status);
        s.outcome.refusal_text = str_of(refusals[i].text);
        answer(&s, &a, &out);
        if (!str_eq(buf_str(&out), str_of(refusals[i].said)))
            fail_msg("%zu:\n%.*s\nand not\n%s", i, STR_ARG(buf_str(&out)), refusals[i].said);
        out.n = 0; /* by something else, the rule's words are not its */
        s.question.reason = REASON_DRAINING;
        answer(&s, &a, &out);
        assert_int_equal(count(buf_str(&out), "Reason: SIP"), 0);
        buf_fini(&out);
        clear(&s);
    }
}

/* Where no Contact can be made: an answer that needs none, and lets the call go on. */
static void nowhere_to_send_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++)
        for (unsigned k = 0; k < DIALECT_CASES; k++) {
            struct scene s;
            struct redirect_answer a;
            struct buf out = BUF_INIT;
            set(&s, &dialects[i]);
            s.dialect.contact = DIALECT_CONTACT_SOURCE;
            set_case(&s, (enum dialect_case)k);
            s.call.request_uri_unclear = true;
            answer(&s, &a, &out);
            assert_true(a.status >= 400);
            assert_int_equal(count(buf_str(&out), "Identity: ") + count(buf_str(&out), "verstat"),
                             0);
            assert_true(a.why ? dialects[i].answers[k].status < 400 && a.status < 600
                              : dialects[i].answers[k].status >= 400 ||
                                    dialects[i].answers[k].status == 0);
            buf_fini(&out);
            clear(&s);
        }
}
/* ---- Request_id ---- */

static void request_ids(void **state)
{
    static const struct {
        const char *came;
        bool is_kept;
    } ids[] = {{"Request_id: 7f1c-42\r\n", true}, {"request_ID: 7f1c-42\r\n", true},
               {"Request_id: a b\r\n", false},    {"Request_id: a\r\n b\r\n", false},
               {"Request_id:\r\n", false},        {"", false}};
    (void)state;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT, request = BUF_INIT;
        set(&s, dialect_find(STR("provenant")));
        buf_addf(&request, "INVITE sip:a@b SIP/2.0\r\n%s\r\n", ids[i].came);
        s.question.request = buf_str(&request);
        answer(&s, &a, &out);
        assert_true(memmem(out.p, out.n, "\nRequest_id: 7f1c-42\n", 21) ? ids[i].is_kept
                                                                        : !ids[i].is_kept);
        assert_non_null(memmem(out.p, out.n, "\nRequest_id: ", 13));
        /* not the origid, which is made of the same octets */
        assert_null(memmem(out.p, out.n, "30313233-3435", 13));
        buf_fini(&out);
        buf_fini(&request);
        clear(&s);
    }
}

/* R-D-016: echoed as it came, where it is one. */
static void timestamps(void **state)
{
    static const struct {
        const char *came, *goes;
    } stamps[] = {{"Timestamp: 54.3\r\n", "\nTimestamp: 54.3\n"},
                  {"TIMESTAMP:  54\r\n", "\nTimestamp: 54\n"},
                  {"Timestamp: 5\r\n 4\r\n", NULL},
                  {"Timestamp:\r\n", NULL},
                  {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf out = BUF_INIT, request = BUF_INIT;
        set(&s, dialect_find(STR("generic")));
        buf_addf(&request, "INVITE sip:a@b SIP/2.0\r\n%s\r\n", stamps[i].came);
        s.question.request = buf_str(&request);
        answer(&s, &a, &out);
        const char *wanted = stamps[i].goes ? stamps[i].goes : "\nTimestamp";
        const bool is_there = memmem(out.p, out.n, wanted, strlen(wanted)) != NULL;
        assert_true(is_there == (stamps[i].goes != NULL));
        buf_fini(&out);
        buf_fini(&request);
        clear(&s);
    }
}

/* ---- Contact's header fields ---- */

/* R-D-014: every octet comes back as any reader of URIs unescapes it, and none is escaped that may
   stand there. */
static void escapes_come_back(void **state)
{
    static const char plain[] = "-_.!~*'()[]/?:+$";
    struct scene s;
    struct redirect_answer a;
    char value[256];
    size_t n = 0;
    (void)state;
    for (int c = 1; c < 256; c++)
        if (c != '\r' && c != '\n')
            value[n++] = (char)c;
    set(&s, dialect_find(STR("oracle")));
    s.dialect.date = DIALECT_DATE_NEVER;
    s.identities[0] = (struct str){value, n};
    s.question.reason = s.outcome.reason;
    assert_true(redirect_answer(&a, &s.question));
    const char *begin = memmem(a.lines.p, a.lines.n, "?Identity=", 10);
    assert_non_null(begin);
    begin += 10;
    const char *end = memchr(begin, '>', (size_t)(a.lines.p + a.lines.n - begin));
    assert_non_null(end);
    const struct str written = str_span(begin, end);
    struct str back;
    assert_true(uri_unescape(s.call.arena, written, &back));
    /* white space at the ends of a value is none of it */
    assert_true(str_eq(back, str_trim(s.identities[0])));
    for (size_t i = 0; i < written.n; i++) {
        const char c = written.p[i];
        if (c == '%') {
            const int high = ascii_hex_value(written.p[i + 1]),
                      low = ascii_hex_value(written.p[i + 2]);
            const char of = (char)(high * 16 + low);
            assert_false(ascii_is_alpha(of) || ascii_is_digit(of) || strchr(plain, of));
            assert_true(written.p[i + 1] < 'a' && written.p[i + 2] < 'a');
            i += 2;
        } else
            assert_true(ascii_is_alpha(c) || ascii_is_digit(c) || strchr(plain, c));
    }
    clear(&s);
}

/* ---- how long ---- */

/* The estimate is above what is written of a usual call, and not far above. */
static void an_answer_is_as_long_as_said(void **state)
{
    (void)state;
    for (unsigned i = 0; i < dialect_count; i++) {
        struct scene s;
        struct redirect_answer a;
        struct buf token = BUF_INIT;
        const struct str url = STR("https://cr.sansay.com/Sansay_997T");
        set(&s, &dialects[i]);
        for (unsigned k = 0; k < 123 + 186 + 88; k++)
            buf_add_char(&token, 'x');
        buf_addf(&token, ";info=<%.*s>;alg=ES256;ppt=shaken", STR_ARG(url));
        s.identities[0] = buf_str(&token);
        s.question.reason = s.outcome.reason;
        assert_true(redirect_answer(&a, &s.question));
        const uint32_t said = redirect_answer_bytes(&dialects[i], 1, (uint32_t)url.n);
        assert_true(said > a.lines.n + 300 && said < a.lines.n + 800);
        assert_int_equal(redirect_answer_bytes(&dialects[i], 2, (uint32_t)url.n) - said,
                         said - redirect_answer_bytes(&dialects[i], 0, (uint32_t)url.n));
        buf_fini(&token);
        clear(&s);
    }
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_in_the_files),
        cmocka_unit_test(settings_of_a_dialect),
        cmocka_unit_test(hosts_that_are_none),
        cmocka_unit_test(why_it_was_refused),
        cmocka_unit_test(nowhere_to_send_it),
        cmocka_unit_test(request_ids),
        cmocka_unit_test(timestamps),
        cmocka_unit_test(escapes_come_back),
        cmocka_unit_test(an_answer_is_as_long_as_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
