/* What of a message nobody but its two ends may read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <stird/core/blanked.h>

static const struct {
    const char *from, *to;
} cases[] = {
    {"INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n", NULL},
    {"Authorization: Digest response=\"ab\"\r\nTo: y\r\n",
     "Authorization: xxxxxx xxxxxxxxxxxxx\r\nTo: y\r\n"},
    {"proxy-authorization \t: Bearer s3cret\r\n", "proxy-authorization \t: xxxxxx xxxxxx\r\n"},
    {"AUTHORIZATION:\r\n Bearer\r\n\tabc\r\nTo: y\r\n",
     "AUTHORIZATION:\r\n xxxxxx\r\n\txxx\r\nTo: y\r\n"},
    {"Authorization:a\nTo: y\rAuthorization:b", "Authorization:x\nTo: y\rAuthorization:x"},
    {"Authorizations: a\r\n", NULL},
    {"Authorization a\r\n", NULL},
    {"Identity: ey.x.y\r\n", NULL},
    {"v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmV|2^20|1:32\r\na=rtpmap:0\r\n",
     "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:xxxxxxxxxxxxxxxxxxx\r\na=rtpmap:0\r\n"},
    {"a=crypto:1 odd\r\n", "a=crypto:x xxx\r\n"},
    {"k=base64:abc\r\na=key-mgmt:mikey AB=\r\n", "k=xxxxxxxxxx\r\na=key-mgmt:xxxxx xxx\r\n"},
    {"k=", NULL},
    {"a=ice-ufrag:a\r\na=ice-pwd:asd88 fgpdd\r\n", "a=ice-ufrag:a\r\na=ice-pwd:xxxxx xxxxx\r\n"},
    {"From: \"b:c@d\" <sip:a:s3cret@h:5060>;tag=1\r\n",
     "From: \"b:c@d\" <sip:a:xxxxxx@h:5060>;tag=1\r\n"},
    {"INVITE SIPS:a:b:c@h SIP/2.0\r\nTo: sip:u:@h\r\n",
     "INVITE SIPS:a:xxx@h SIP/2.0\r\nTo: sip:u:@h\r\n"},
    {"Contact: <sip:h:5060>, <sip:a@h:5060;x=b:c>\r\n", NULL},
    {"Refer-To: <sip:x@y?Replaces=a%40b&Proxy-Authorization=Digest%20r&Via=z>\r\n",
     "Refer-To: <sip:x@y?Replaces=a%40b&Proxy-Authorization=xxxxxxxxxx&Via=z>\r\n"},
    {"Contact: sip:a@b?authorization=", NULL},
    {"sip:a:b", NULL},
    {"sip:sip:a:b@h, <SIP:c:d@h>", "sip:sip:xxx@h, <SIP:c:x@h>"},
    {"", NULL},
    {" a\r\n b", NULL},
};

static void test_cases(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        strcpy(text, cases[i].from);
        blanked(text, strlen(text));
        assert_string_equal(text, cases[i].to ? cases[i].to : cases[i].from);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
