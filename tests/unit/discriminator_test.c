/*
 * From the text of an INVITE to its trunk: what tells the trunks of one SBC apart, as customers,
 * SBCs and attackers write it. Each story names the trunk and those that were passed over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <stird/base/buf.h>
#include <stird/core/discriminator.h>
#include <stird/core/trunk.h>
#include <stird/sip/facts.h>

#define SOURCE                                                                                     \
    .sources = &(const struct address_prefix){{.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}},   \
                                              32},                                                 \
    .n_sources = 1

#define GROUP(text, place)                                                                         \
    {                                                                                              \
        .name = STR(text), SOURCE, .tgrp = STR(text), .tgrp_in = (place)                           \
    }
#define DEFAULT                                                                                    \
    {                                                                                              \
        .name = STR("default"), SOURCE                                                             \
    }

static const struct trunk in_contact[] = {GROUP("acme", GROUP_IN_CONTACT),
                                          GROUP("globex", GROUP_IN_CONTACT), DEFAULT};
static const struct trunk in_from[] = {GROUP("acme", GROUP_IN_FROM), GROUP("globex", GROUP_IN_FROM),
                                       DEFAULT};
static const struct trunk in_request[] = {GROUP("acme", GROUP_IN_REQUEST_URI),
                                          GROUP("globex", GROUP_IN_REQUEST_URI), DEFAULT};
static const struct trunk mixed[] = {GROUP("from", GROUP_IN_FROM),
                                     GROUP("request", GROUP_IN_REQUEST_URI),
                                     GROUP("contact", GROUP_IN_CONTACT), DEFAULT};
static const struct trunk by_header[] = {
    {.name = STR("acme"), SOURCE, .header_name = STR("X-Trunk"), .header_value = STR("acme")},
    {.name = STR("globex"), SOURCE, .header_name = STR("x-trunk"), .header_value = STR("globex")},
    {.name = STR("subject"), SOURCE, .header_name = STR("Subject"), .header_value = STR("a b")},
    DEFAULT};
static const struct trunk by_host[] = {
    {.name = STR("acme"), SOURCE, .request_host = STR("Acme.example")},
    {.name = STR("v6"), SOURCE, .request_host = STR("[2001:db8::1]")},
    DEFAULT};
static const struct trunk by_prefix[] = {
    {.name = STR("one"), SOURCE, .request_user_prefix = STR("+1")},
    {.name = STR("tech"), SOURCE, .request_user_prefix = STR("9-9")},
    {.name = STR("name"), SOURCE, .request_user_prefix = STR("acme-")},
    DEFAULT};

#define CUSTOMER .header_name = STR("X-Customer"), .header_value
/* told apart in different ways; some ask for all that others ask for, and more */
static const struct trunk crossed[] = {
    GROUP("acme", GROUP_IN_CONTACT),
    {.name = STR("globex"), SOURCE, CUSTOMER = STR("globex")},
    {.name = STR("other"), SOURCE, .header_name = STR("X-Other"), .header_value = STR("o")},
    {.name = STR("host"), SOURCE, .request_host = STR("a.example")},
    {.name = STR("v6"), SOURCE, .request_host = STR("[2001:db8::1]")},
    {.name = STR("acme-at-v6"),
     SOURCE,
     .tgrp = STR("acme"),
     .request_host = STR("[2001:0DB8:0::1]")},
    {.name = STR("acme-at-host"), SOURCE, .tgrp = STR("acme"), .request_host = STR("A.example.")},
    {.name = STR("dials-1"), SOURCE, .request_user_prefix = STR("+1")},
    {.name = STR("dials-1-303"), SOURCE, .request_user_prefix = STR("+1-303")},
    {.name = STR("initech-1"),
     SOURCE,
     CUSTOMER = STR("initech"),
     .request_user_prefix = STR("+(1)")},
    DEFAULT};

#define FROM    "From: <sip:+12155550100@acme.example>;tag=1"
#define REQUEST "sip:+13035550100@192.0.2.200"

static const struct story {
    const struct trunk *trunks; /* ends with DEFAULT */
    const char *request_uri, *from;
    const char *lines; /* further headers, with their line ends */
    const char *trunk;
    const char *passed_over; /* "a b " */
} stories[] = {
    /* RFC 4904: in the user part; its elder in the URI; never as a header parameter alone */
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;trunk-context=x@s>\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1@s;otg=globex>\r\n", "globex", ""},
    {in_contact, REQUEST, FROM, "m: \"x\" <tel:+1;TGRP=acme>\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1@s>;tgrp=\"acme\"\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: sip:+1@s;tgrp=acme\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>;+g=\"<a>\";q=0.5\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s> <sip:+1;tgrp=globex@s>\r\n",
     "default", "acme "},
    {in_contact, REQUEST, FROM,
     "Contact: <sip:+1;tgrp=acme@s>\r\nContact <sip:+1;tgrp=globex@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>;tgrp=acme\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;t%67rp=acme@s>\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1@s;%4FT%47=acme>\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;t%67rp=globex@s>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s;o%74g=globex>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme:pw;%74grp=globex@s>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM,
     "Contact: <sip:+1;tgrp=acme@s>\r\nContact <sip:+1;%74%67rp=globex@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact:\r\n <sip:+1;tgrp=%61cme@s>\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme:password@s>\r\n", "acme", ""},
    /* nothing that names a group */
    {in_contact, REQUEST, FROM, "", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: *\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=@s>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=ACME@s>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=\"acme\"@s>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1%3Btgrp=acme@s>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1@s?x=;tgrp=acme>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1:;tgrp=acme@s>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;xtgrp=acme@s>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: \"<sip:+1;tgrp=acme@s>\" <sip:+1@s>\r\n", "default", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=ac\r\n me@s>\r\n", "default", ""},
    /* other places say nothing, whoever wrote them */
    {in_contact, REQUEST, "From: <sip:+1;tgrp=acme@s>;tag=1", "", "default", ""},
    {in_contact, REQUEST, "f: <sip:+1@s;otg=acme>;tag=1;tgrp=acme", "", "default", ""},
    {in_contact, "sip:+1;tgrp=acme@s", FROM, "", "default", ""},
    {in_contact, REQUEST, "From: <sip:+1;tgrp=globex@s>;tag=1", "Contact: <sip:+1;tgrp=acme@s>\r\n",
     "acme", ""},
    {in_from, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>\r\n", "default", ""},
    {in_from, REQUEST, "From: <sip:+1;tgrp=acme@s>;tag=1", "Contact: <sip:+1;tgrp=globex@s>\r\n",
     "acme", ""},
    {in_from, REQUEST, "From: <sip:+1;tgrp=acme@s>;tag=1;otg=globex", "", "default",
     "acme globex "},
    {in_request, "sip:+1;tgrp=acme@s", "From: <sip:+1;tgrp=globex@s>;tag=1", "", "acme", ""},
    {in_request, "tel:+13035550100;tgrp=acme", FROM, "", "acme", ""},
    {in_request, "sip:+1;tgrp=acme@s;tgrp=globex", FROM, "", "default", "acme globex "},
    {in_request, "sip:+1;tgrp=acme@s@t", FROM, "", "default", "acme "},
    /* one that disagrees, in every way that it can */
    {in_contact, REQUEST, FROM, "Contact: <sip:x;tgrp=globex:pw;tgrp=acme@s>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:x;tgrp=globex:tgrp=acme@s>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:x:pw;OTG=acme@s;tgrp=globex>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:x;tgrp=globex@s?x=y&tgrp=acme>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:x;tgrp=acme:pw;tgrp=acme@s?tgrp=acme>\r\n", "acme",
     ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;otg=globex@s>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;tgrp=globex@s>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s;tgrp=globex>\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>;otg=globex\r\n", "default",
     "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>, <sip:+1;tgrp=globex@s>\r\n",
     "default", "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>\r\nm: <sip:+1;tgrp=globex@s>\r\n",
     "default", "acme globex "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;tgrp=ACME@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;tgrp=@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;otg@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>, <sip:+1@s\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;tgrp=%4@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s@t>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=a;tgrp=b;tgrp=c;tgrp=d@s>\r\n", "default",
     "acme globex "},
    /* the same twice is one */
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;otg=acme@s;tgrp=acme>\r\n", "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=%61cme@s>\r\nm: <sip:2@t;otg=acme>\r\n",
     "acme", ""},
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>, <sip:2@t;otg=acme>\r\n", "acme",
     ""},
    /* one that names none beside it */
    {in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme@s>, <sip:2@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:2@s>\r\nm: <sip:+1;tgrp=acme@s>\r\n", "default",
     "acme "},
    {in_contact, REQUEST, FROM, "Contact: *, <sip:+1;tgrp=acme@s>\r\n", "default", "acme "},
    {in_contact, REQUEST, FROM, "Contact: <sip:2@s>, <sip:3@s>;tgrp=globex\r\n", "default",
     "globex "},
    {in_contact, REQUEST, FROM,
     "Contact: <sip:+1;tgrp=acme;trunk-context=a@s;tgrp=acme;trunk-context=b>\r\n", "acme", ""},
    /* trunks that look in different places: what the SBC writes goes first */
    {mixed, "sip:+1;tgrp=request@s", "From: <sip:+1;tgrp=from@s>;tag=1",
     "Contact: <sip:+1;tgrp=contact@s>\r\n", "contact", "from request "},
    {mixed, "sip:+1;tgrp=request@s", "From: <sip:+1;tgrp=from@s>;tag=1", "", "request", "from "},
    {mixed, REQUEST, "From: <sip:+1;tgrp=from@s>;tag=1", "", "from", ""},
    {mixed, REQUEST, "From: <sip:+1;tgrp=from@s>;tag=1",
     "Contact: <sip:+1;tgrp=contact;tgrp=other@s>\r\n", "from", "contact "},
    {mixed, REQUEST, "From: <sip:+1;tgrp=from;tgrp=other@s>;tag=1",
     "Contact: <sip:+1;tgrp=contact@s>\r\n", "contact", "from "},

    {by_header, REQUEST, FROM, "X-Trunk: acme\r\n", "acme", ""},
    {by_header, REQUEST, FROM, "x-TRUNK :\r\n\tacme \r\n", "acme", ""},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Trunk: acme, acme\r\n", "acme", ""},
    {by_header, REQUEST, FROM, "X-Trunk: ACME\r\n", "default", ""},
    {by_header, REQUEST, FROM, "X-Trunk: \"acme\"\r\n", "default", "acme "},
    {by_header, REQUEST, FROM, "X-Trunk: <acme>\r\n", "default", "acme "},
    {by_header, REQUEST, FROM, "X-Trunk: acme;x=globex\r\n", "default", "acme globex "},
    {by_header, REQUEST, FROM, "X-Trunk acme\r\n", "default", "acme "},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Trunk=globex\r\n", "default", "acme globex "},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Trunk globex\r\n", "default", "acme globex "},
    {by_header, REQUEST, FROM, "X-Trunk\r\n : globex\r\nX-Trunk: acme\r\n", "default",
     "acme globex "},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Trunk\xff: no\r\n", "default", "acme "},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Trunk acme\r\n", "default", "acme "},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Other globex\r\n", "acme", ""},
    {by_header, REQUEST, FROM, "X-Trunk:\r\n", "default", ""},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Trunk: globex\r\n", "default", "acme globex "},
    {by_header, REQUEST, FROM, "X-Trunk: acme, globex\r\n", "default", "acme globex "},
    {by_header, REQUEST, FROM, "X-Trunk: acme\r\nX-Trunk:\r\n", "default", "acme "},
    {by_header, REQUEST, FROM, "X-Trunk: acme,\r\n \"acme\"\r\n", "default", "acme "},
    {by_header, REQUEST, FROM, "s: a \r\n b\r\n", "subject", ""},
    {by_header, REQUEST, FROM, "s: a b\r\nSubject: c\r\n", "default", "subject "},

    {by_host, "sip:+1@acme.EXAMPLE.:5060;x=y", FROM, "", "acme", ""},
    {by_host, "sip:acme.example", FROM, "", "acme", ""},
    {by_host, "sips:a:b;c=d@acme.example?x=y", FROM, "", "acme", ""},
    {by_host, "sip:+1@[2001:0DB8:0::1]:5061", FROM, "", "v6", ""},
    {by_host, "sip:acme.example@other.example", FROM, "", "default", ""},
    {by_host, "sip:+1;x=@other.example;y=acme.example", FROM, "", "default", ""},
    {by_host, "sip:+1@acme.example@other.example", FROM, "", "default", "acme v6 "},
    {by_host, "sip:+1@other.example;x=@acme.example", FROM, "", "default", "acme v6 "},
    {by_host, "sip:+1@%61cme.example", FROM, "", "default", "acme v6 "},
    {by_host, "tel:+1;phone-context=acme.example", FROM, "", "default", ""},

    {by_prefix, "sip:+13035550100@s", FROM, "", "one", ""},
    {by_prefix, "tel:+1-303-5550100", FROM, "", "one", ""},
    {by_prefix, "sip:%2B1%2D303@s", FROM, "", "one", ""},
    {by_prefix, "sip:(+1)303@s", FROM, "", "one", ""},
    {by_prefix, "sip:9.9(1)303@s", FROM, "", "tech", ""},
    {by_prefix, "sip:acme-1@s", FROM, "", "name", ""},
    {by_prefix, "sip:acme1@s", FROM, "", "default", ""},
    {by_prefix, "sip:;x=+1@s", FROM, "", "default", ""},
    {by_prefix, "sip:+:1303@s", FROM, "", "default", ""},
    {by_prefix, "sip:+1303@s@t", FROM, "", "default", "one tech name "},

    /* two that are named in different ways: neither asks for all that the other does */
    {crossed, "sip:x@s", FROM, "Contact: <sip:1;tgrp=acme@s>\r\nX-Customer: globex\r\n", "globex",
     "acme "},
    {crossed, "sip:x@s", FROM, "X-CUSTOMER:\r\n globex\r\nm: <sip:1@s>;otg=acme\r\n", "globex",
     "acme "},
    {crossed, "sip:x@s", FROM, "X-Other: o\r\nX-Customer: globex\r\n", "globex", "other "},
    {crossed, "sip:x@a.example", FROM, "X-Customer: globex\r\n", "globex", "host "},
    {crossed, "sip:x@a.example", FROM,
     "Contact: <sip:1;tgrp=acme@s>\r\nX-Customer: globex\r\nX-Other: o\r\n", "acme-at-host",
     "globex other "},
    {crossed, "sip:x@a.example", FROM, "Contact: <sip:1;tgrp=acme@s>\r\nX-Customer: globex, x\r\n",
     "acme-at-host", "globex "},
    {crossed, "sip:+1.404@s", FROM, "X-Customer: initech\r\n", "initech-1", ""},
    {crossed, "sip:+1303@s", FROM, "X-Customer: initech\r\n", "initech-1", "dials-1-303 "},
    {crossed, "sip:+1303@s", FROM, "X-Customer: globex\r\n", "dials-1-303", "globex "},
    /* one that asks for all that the others do is meant by who asks for it */
    {crossed, "sip:x@a.example", FROM, "Contact: <sip:1;tgrp=acme@s>\r\n", "acme-at-host", ""},
    {crossed, "sip:x@[2001:db8::1]", FROM, "Contact: <sip:1;tgrp=acme@s>\r\n", "acme-at-v6", ""},
    {crossed, "sip:+1303@s", FROM, "", "dials-1-303", ""},
    {crossed, "sip:x@s", FROM, "X-Customer: globex\r\n", "globex", ""},
};

static struct str write_invite(struct buf *out, const struct story *story)
{
    buf_addf(out,
             "INVITE %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n%s\r\n"
             "To: <sip:+13035550100@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n%s"
             "Content-Length: 0\r\n\r\n",
             story->request_uri, story->from, story->lines);
    return buf_str(out);
}

static unsigned count(const struct trunk *trunks)
{
    unsigned n = 0;
    while (!str_eq(trunks[n++].name, STR("default")))
        ;
    return n;
}

static bool tell(const struct story *story)
{
    struct buf text = BUF_INIT, passed_over = BUF_INIT;
    struct arena *arena = arena_new(4096);
    struct settings s = {.trunks = story->trunks, .n_trunks = count(story->trunks)};
    s.sources = source_table_new(arena, s.trunks, s.n_trunks, NULL, 0);
    struct call call = {.arena = arena};
    bool known;
    assert_true(address_parse(STR("192.0.2.1"), &call.source));
    enum reason r = facts_of_message(&call, &s, write_invite(&text, story));
    const struct trunk *t = trunk_match(&s, &call, &known);
    for (unsigned i = 0; i < call.n_passed_over; i++)
        buf_addf(&passed_over, "%.*s ", STR_ARG(call.passed_over[i]->name));
    bool good = r == REASON_OK && t && str_eq(t->name, str_of(story->trunk)) &&
                str_eq(buf_str(&passed_over), str_of(story->passed_over));
    if (!good)
        print_error("%s\n%s\n%s  %.*s: got %.*s, passed over %.*s\n", story->request_uri,
                    story->from, story->lines, STR_ARG(reason_name(r)),
                    STR_ARG(t ? t->name : STR("none")), STR_ARG(buf_str(&passed_over)));
    buf_fini(&text);
    buf_fini(&passed_over);
    arena_free(arena);
    return good;
}

static void from_text_to_trunk(void **state)
{
    (void)state;
    unsigned wrong = 0;
    for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
        wrong += !tell(&stories[i]);
    assert_int_equal(wrong, 0);
}

/* Without a default trunk a disagreement leaves none. */
static void without_a_default(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct arena *arena = arena_new(4096);
    struct settings s = {.trunks = in_contact, .n_trunks = 2};
    s.sources = source_table_new(arena, s.trunks, s.n_trunks, NULL, 0);
    struct call call = {.arena = arena};
    bool known;
    assert_true(address_parse(STR("192.0.2.1"), &call.source));
    const struct story two = {
        in_contact, REQUEST, FROM, "Contact: <sip:+1;tgrp=acme;otg=globex@s>\r\n", NULL, NULL};
    assert_int_equal(facts_of_message(&call, &s, write_invite(&text, &two)), REASON_OK);
    assert_null(trunk_match(&s, &call, &known));
    assert_true(known);
    buf_fini(&text);
    arena_free(arena);
}

/* Whose group only From names, which counts nowhere here. */
static void from_alone(void **state)
{
    static const struct {
        const struct trunk *trunks;
        const char *from, *lines, *trunk;
    } calls[] = {
        {in_contact, "From: <sip:+1;tgrp=acme@s>;tag=1", "", "acme"},
        {in_contact, "f: <sip:+1@s>;tag=1;otg=globex", "Contact: <sip:+1@s>\r\n", "globex"},
        {in_contact, "From: <sip:+1;tgrp=acme;tgrp=x@s>;tag=1", "", "acme"},
        {in_request, "From: <sip:+1;tgrp=acme@s>;tag=1", "", "acme"},
        {in_contact, "From: <sip:+1;tgrp=nobody@s>;tag=1", "", NULL},
        {in_contact, FROM, "", NULL},
        {in_contact, "From: <sip:+1;tgrp=acme@s>;tag=1", "Contact: <sip:+1;tgrp=globex@s>\r\n",
         NULL},
        {in_from, "From: <sip:+1;tgrp=acme@s>;tag=1", "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct buf text = BUF_INIT;
        struct arena *arena = arena_new(4096);
        struct settings s = {.trunks = calls[i].trunks, .n_trunks = 3};
        s.sources = source_table_new(arena, s.trunks, s.n_trunks, NULL, 0);
        struct call call = {.arena = arena};
        assert_true(address_parse(STR("192.0.2.1"), &call.source));
        const struct story story = {NULL, REQUEST, calls[i].from, calls[i].lines, NULL, NULL};
        assert_int_equal(facts_of_message(&call, &s, write_invite(&text, &story)), REASON_OK);
        const struct trunk *t = trunk_of_from_alone(&s, &call);
        assert_true(str_eq(t ? t->name : STR(""), str_of(calls[i].trunk ? calls[i].trunk : "")));
        buf_fini(&text);
        arena_free(arena);
    }
}

static void what_is_the_same(void **state)
{
    (void)state;
    const struct trunk header = {.header_name = STR("s"), .header_value = STR("x")};
    const struct trunk same_header = {.header_name = STR("SUBJECT"), .header_value = STR("x")};
    const struct trunk host = {.request_host = STR("a.example.")};
    const struct trunk same_host = {.request_host = STR("A.example")};
    assert_false(discriminators_same(&in_contact[0], &in_contact[1]));
    assert_false(discriminators_same(&in_contact[0], &in_from[0]));
    assert_true(discriminators_same(&in_contact[0], &in_contact[0]));
    assert_true(discriminators_same(&header, &same_header));
    assert_true(discriminators_same(&host, &same_host));
    assert_false(discriminators_same(&host, &header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(from_text_to_trunk),
        cmocka_unit_test(without_a_default),
        cmocka_unit_test(from_alone),
        cmocka_unit_test(what_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
