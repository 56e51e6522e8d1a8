/* The words by which somebody knows what to do with a capture or a copied text that says nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stird/trace/trace.h>

static void expect_words(const char *why, const char *words, const char *of)
{
    if ((why == NULL) != (words == NULL) || (words && !strstr(why, words)))
        fail_msg("%s: \"%s\" instead of \"%s\"", of, why ? why : "", words ? words : "");
}

static const struct {
    struct str begin;
    const char *words;
} formats[] = {
    {STR("\xff\xfeI\0"), "iconv -f UTF-16 -t UTF-8"},
    {STR("\xfe\xff\0I"), "iconv -f UTF-16 -t UTF-8"},
    {STR("PK\x03\x04"), "a zip archive: unzip it first"},
    {STR("BZh9"), "packed by bzip2: bunzip2 it first"},
    {STR("\xfd"
         "7zXZ\0"),
     "packed by xz: unxz it first"},
    {STR("\x28\xb5\x2f\xfd"), "packed by zstd: unzstd it first"},
    {STR("\x04\x22\x4d\x18"), "packed by lz4: unlz4 it first"},
    {STR("7z\xbc\xaf\x27\x1c"), "a 7z archive: unpack it first"},
    {STR("\x1f\x9d\x90"), "packed by compress: uncompress it first"},
    {STR("{\\rtf1"), "a rich text: save it as plain text"},
    {STR("%PDF-1.7"), "a PDF: give the text or the capture"},
    {STR("\x89PNG\r\n"), "a picture: give the text or the capture"},
    {STR("\xff\xd8\xff\xe0"), "a picture: give the text or the capture"},
    {STR("GIF89a"), "a picture: give the text or the capture"},
    {STR("snoop\0\0\0"), "a snoop capture: convert it with editcap -F pcap"},
    {STR("GMBU"), "a Network Monitor capture: convert it with editcap -F pcap"},
    {STR("RTSS"), "a Network Monitor capture: convert it with editcap -F pcap"},
    {STR("XCP\0"), "a Sniffer capture: convert it with editcap -F pcap"},
    {STR("INVITE sip:a SIP/2.0"), NULL},
    {STR(""), NULL},
};

static void files_of_other_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
        expect_words(trace_other_format(formats[i].begin), formats[i].words,
                     formats[i].words ? formats[i].words : formats[i].begin.p);
}

static const struct {
    const char *text, *words;
} copied[] = {
    {"INVITE &lt;sip:a&gt; SIP/2.0", "it was copied as HTML (&lt; for <)"},
    {"From: a;tag=3D1", "perl -MMIME::QuotedPrint"},
    {"Content-Transfer-Encoding: base64",
     "it is base64, as mails are: decode it first (base64 -d)"},
    {"x SU5WSVRFIHNpcDo", "decode it first (base64 -d)"},
    {"INVITE%20sip:a", "it is written as in a URL (%3C for <): decode it first"},
    {"\"INVITE sip:a SIP/2.0\\r\\nVia:", "take the text out of it first (jq -r)"},
    {"\x1b[1mINVITE", "it has a terminal's colours in it: take them out (sed"},
    {"INVITE sip:a SIP/2.0^M\n", "it has ^M for line ends: take them off"},
    {"INVITE sip:a SIP/2.0 \r\n", "its start line has white space at its end"},
    {"INVITE sip:a SIP/2.0#015#012", "or let rsyslog not escape them"},
    {"0x0010:  494e", "it is a hexdump: give the capture that it was printed from"},
    {"49 4e 56 49 54 45 20", "or make one of it (text2pcap)"},
    {"some text", NULL},
};

static void copied_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
        expect_words(trace_text_damage(str_of(copied[i].text)), copied[i].words, copied[i].text);
    expect_words(trace_value_damage(STR("eyJh...x")), "its Identity was shortened", "...");
    expect_words(trace_value_damage(STR("eyJh\xe2\x80\x93x")), "as a word processor writes them",
                 "a dash");
    expect_words(trace_value_damage(STR("eyJh.eyJi.c;info=<https://h/c>")), NULL, "a good one");
}

static const struct {
    struct trace_tally tally;
    const char *words;
} tallies[] = {
    {{.packets = 5, .udp = 2}, "it has 5 packets, 2 UDP datagrams and 0 TCP segments among them\n"},
    {{.packets = 5, .tcp = 3},
     "what TLS carries cannot be read: capture where it is not encrypted"},
    {{.cut = 2}, "2 packets are cut by the capture: repeat it with tcpdump -s 0\n"},
    {{.headless = 2, .tailless = 1}, "2 datagrams lack their first IP fragment, 1 others\n"},
    {{.tailless = 4}, "4 datagrams lack IP fragments behind the first\n"},
    {{.tailless = 4}, "capture with 'udp port 5060 or (ip[6:2] & 0x1fff != 0)'\n"},
    {{.before = 7}, "sort it (reordercap IN OUT), or begin it before the connection\n"},
    {{.stopped = "it is cut inside a block"}, "it ends early: it is cut inside a block\n"},
};

static const struct {
    enum trace_layer layer;
    unsigned number;
    const char *words;
} unread[] = {
    {TRACE_ETHERNET, 0x0806, "3 packets of Ethernet type 0x0806 (ARP)\n"},
    {TRACE_ETHERNET, 0x88cc, "(LLDP)"},
    {TRACE_ETHERNET, 0x8863, "(PPPoE discovery)"},
    {TRACE_ETHERNET, 0x88e5, "(MACsec, which is encrypted)"},
    {TRACE_ETHERNET, 0x894f, "(NSH, which is not read here)"},
    {TRACE_ETHERNET, 0x1234, "3 packets of Ethernet type 0x1234, which is not read here\n"},
    {TRACE_IP, 1, "3 packets of IP protocol 1 (ICMP)\n"},
    {TRACE_IP, 50, "(ESP, which is encrypted: capture behind the IPsec gateway)"},
    {TRACE_IP, 115, "(L2TP, which is not read here)"},
    {TRACE_IP, 132, "(SCTP, which is not read here)"},
    {TRACE_IP, 99, "3 packets of IP protocol 99, which is not read here\n"},
    {TRACE_LINK, 127, "3 packets of link type 127 ("},
};

static void expect_told(const struct trace_tally *t, const char *words)
{
    struct buf out = BUF_INIT;
    trace_tally_tell(t, &out);
    buf_add_char(&out, '\0');
    expect_words(out.p, words, "tally");
    buf_fini(&out);
}

static void captures_without_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tallies) / sizeof(tallies[0]); i++)
        expect_told(&tallies[i].tally, tallies[i].words);
    for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
        struct trace_tally t = {.n_unread = 1};
        t.unread[0].layer = unread[i].layer;
        t.unread[0].number = unread[i].number;
        t.unread[0].packets = 3;
        expect_told(&t, unread[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_other_kinds),
        cmocka_unit_test(copied_texts),
        cmocka_unit_test(captures_without_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
