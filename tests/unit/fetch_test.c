/* What is decided without a network: addresses, URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stird/core/public_address.h>
#include <stird/core/x5u.h>
#include <stird/fetch/fetch.h>

/* R-V-013. */
static void addresses_of_nobodys_web_server(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_public;
    } cases[] = {
        {"8.8.8.8", true},
        {"1.1.1.1", true},
        {"127.0.0.1", false},
        {"127.255.255.1", false},
        {"10.1.2.3", false},
        {"172.16.0.1", false},
        {"172.31.255.255", false},
        {"172.32.0.1", true},
        {"192.168.1.1", false},
        {"192.169.1.1", true},
        {"169.254.169.254", false},
        {"100.64.0.1", false},
        {"100.128.0.1", true},
        {"0.0.0.0", false},
        {"224.0.0.1", false},
        {"255.255.255.255", false},
        {"198.18.0.1", false},
        {"198.20.0.1", true},
        {"203.0.113.9", false},
        {"192.0.2.1", false},
        {"::1", false},
        {"::", false},
        {"::ffff:10.0.0.1", false},
        {"fe80::1", false},
        {"fc00::1", false},
        {"fd12::1", false},
        {"ff02::1", false},
        {"2001:db8::1", false},
        {"2606:4700::1111", true},
        {"2a00:1450::1", true},
        {"64:ff9b::a00:1", false},
        {"64:ff9b:1::a00:1", false},
        {"2002:a00:1::", false},
        {"::10.0.0.1", false},
        {"::8.8.8.8", false},
        {"3fff::1", false},
        {"3fff:fff::1", false},
        {"3fff:1000::1", true},
        {"5f00::1", false},
        {"5f01::1", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char bytes[16];
        int family = strchr(cases[i].text, ':') ? AF_INET6 : AF_INET;
        assert_int_equal(inet_pton(family, cases[i].text, bytes), 1);
        enum address_family kept = family == AF_INET ? ADDRESS_IPV4 : ADDRESS_IPV6;
        if (public_address(kept, bytes) != cases[i].is_public)
            fail_msg("%s", cases[i].text);
    }
}

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
        uint16_t port; /* 0: refused */
    } cases[] = {
        {"https://cert.example.org/a.pem", "cert.example.org", 443},
        {"https://cert.example.org:8443/a.pem", "cert.example.org", 8443},
        {"HTTPS://Cert.Example.org:8443/a.pem", "Cert.Example.org", 8443},
        {"hTtPs://[2606:4700::1]:8443/a", "2606:4700::1", 8443},
        {"https://cert.example.org", "cert.example.org", 443},
        {"https://[2606:4700::1]/a", "2606:4700::1", 443},
        {"https://[2606:4700::1]:443/a", "2606:4700::1", 443},
        {"https://[::ffff:10.0.0.1]:8443/a", "::ffff:10.0.0.1", 8443},
        {"https://[::FFFF:a00:1]/a", "::FFFF:a00:1", 443},
        {"https://[::10.0.0.1]/a", "::10.0.0.1", 443},
        {"https://[::ffff:8.8.8.8]/a", "::ffff:8.8.8.8", 443},
        {"https://[fe80::1%25lo]/a", "", 0}, /* RFC 9844: a zone is no part of a URL */
        {"https://[fe80::1%lo]/a", "", 0},
        {"https://[v1.10.0.0.1]/a", "", 0},
        {"https://[::ffff:010.0.0.1]/a", "", 0},
        {"https://[::ffff:256.0.0.1]/a", "", 0},
        {"https://[:]/a", "", 0},
        {"https://cert.example.org:444/a", "", 0},
        {"https://cert.example.org:/a", "", 0},
        {"https://cert.example.org:000443/a", "", 0},
        {"https://cert.example.org:8080/a.pem", "", 0},
        {"https://cert.example.org:443abc/a", "", 0},
        {"https://cert.example.org:4430/a", "", 0},
        {"https://cert.example.org:+443/a", "", 0},
        {"https://cert.example.org:65979/a", "", 0},
        {"https://cert.example.org:443:443/a", "", 0},
        {"https://cert.example.org/a?x=1", "", 0},
        {"https://cert.example.org?x=1", "", 0},
        {"https://cert.example.org/a;b/c", "", 0},
        {"https://cert.example.org/a#b", "", 0},
        {"https://cert]example.org/a", "", 0},
        {"https://cert.example.org,other.example/a", "", 0},
        {"https://2606:4700::1/a", "", 0},
        {"https://[cert.example.org]/a", "", 0},
        {"https://[192.0.2.1]/a", "", 0},
        {"HTTPS://me@cert.example.org/a", "", 0},
        {"HTTP://cert.example.org/a", "", 0},
        {"https://[2606:4700::1/a", "", 0},
        {"https://[::1]x/a", "", 0},
        {"https://[]/a", "", 0},
        {"http://cert.example.org/a", "", 0},
        {"https://user@cert.example.org/a", "", 0},
        {"https:///a", "", 0},
        {"https://a b/", "", 0},
        {"file:///etc/passwd", "", 0},
        {"", "", 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct x5u_parts parts = {.port = 0};
        struct str url = str_of(cases[i].url);
        bool good = !x5u_fault(url) && !x5u_split(url, &parts);
        if (good != (cases[i].port != 0) ||
            (good && (parts.port != cases[i].port || !str_eq(parts.host, str_of(cases[i].host)))))
            fail_msg("%s", cases[i].url);
    }
}

/* No socket is opened for what the URL alone rules out. */
static void a_bad_url_is_not_fetched(void **state)
{
    (void)state;
    struct fetch_reply reply;
    const struct fetch_options options = {.allow_private = true};
    assert_false(fetch(&options, STR("http://127.0.0.1/x"), &reply));
    assert_non_null(strstr(reply.why, "https"));
    fetch_reply_fini(&reply);
    assert_false(fetch(&options, STR("https://127.0.0.1:80/x"), &reply));
    assert_string_equal(reply.why, "the URL has another port than 443 or 8443");
    fetch_reply_fini(&reply);
    const struct fetch_options open = {.allow_private = false};
    assert_false(fetch(&open, STR("https://127.0.0.1/x"), &reply));
    assert_string_equal(reply.why, "its name leads to an address that is not of the open "
                                   "Internet, or is this machine's");
    fetch_reply_fini(&reply);
}

/* However it is spelt: the URL is one, and leads nowhere. */
static void a_private_address_is_not_asked(void **state)
{
    (void)state;
    static const char *const hosts[] = {
        "10.0.0.1",
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "0x7f.0.0.1",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "10.1",
        "012.0.0.1",
        "0",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fc00::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a00:1]",
        "[::FFFF:7f00:1]",
        "[::10.0.0.1]",
        "[2002:a00:1::1]",
        "[64:ff9b::a00:1]",
        "[64:ff9b::10.0.0.1]",
    };
    const struct fetch_options options = {.allow_private = false};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char url[64];
        struct fetch_reply reply;
        snprintf(url, sizeof(url), "https://%s/a.pem", hosts[i]);
        if (x5u_fault(str_of(url)))
            fail_msg("%s: the URL %s", hosts[i], x5u_fault(str_of(url)));
        if (fetch(&options, str_of(url), &reply) || !strstr(reply.why, "not of the open Internet"))
            fail_msg("%s: %s", hosts[i], reply.why);
        fetch_reply_fini(&reply);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_nobodys_web_server),
        cmocka_unit_test(urls),
        cmocka_unit_test(a_bad_url_is_not_fetched),
        cmocka_unit_test(a_private_address_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
