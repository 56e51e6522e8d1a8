/*
 * What copying did to a text: a web page, a mail, a terminal or a log may write other characters
 * than the message had. Then nobody knows what was sent, and a token that fails because of it
 * failed only in the copy. Captures are never judged so: their octets were sent.
 */
#include <stird/core/headers.h>
#include <stird/trace/trace.h>

#define CAPTURE "; a capture (tcpdump -s 0 -w FILE) has what was sent"

static const char in_html[] =
    "it was copied as HTML (&lt; for <): save the page or mail as plain text" CAPTURE;
static const char in_mail[] =
    "it is quoted-printable, as mails are (=3D for =): save the attachment itself, or decode it "
    "(perl -MMIME::QuotedPrint -pe '$_ = decode_qp($_)' FILE)";
static const char in_base64[] = "it is base64, as mails are: decode it first (base64 -d)";
static const char in_url[] = "it is written as in a URL (%3C for <): decode it first" CAPTURE;
static const char in_json[] =
    "it is written as in JSON or a log (\\r\\n for line ends, \\\" for quotes): take the text out of "
    "it first (jq -r), or a capture";
static const char in_colours[] =
    "it has a terminal's colours in it: take them out (sed 's/\\x1b\\[[0-9;]*m//g' FILE)";
static const char in_carets[] = "it has ^M for line ends: take them off (sed 's/\\^M$//' FILE)";
static const char with_spaces[] =
    "its start line has white space at its end, as terminals copy it: take that off "
    "(sed 's/[[:blank:]]*$//' FILE)";
static const char in_syslog[] =
    "it was written by a syslog daemon (#015#012 for line ends): turn these back "
    "(sed 's/#015#012/\\r\\n/g' FILE), or let rsyslog not escape them" CAPTURE;
static const char in_hex[] = "it is a hexdump: give the capture that it was printed from (tcpdump "
                             "-w FILE), or make one of it (text2pcap)";
static const char is_shortened[] =
    "its Identity was shortened (\"...\") where it was shown or copied: give all of it" CAPTURE;
static const char in_other_characters[] =
    "its Identity has characters that no token has, as a word processor writes them (a dash for "
    "two hyphens, a space that cannot be seen)" CAPTURE;

enum {
    HEAD = 1,     /* anywhere in a head */
    IDENTITY = 2, /* in its Identity */
    FILES = 4,    /* in a file in which no message was found */
};

#define LOOKED_AT                                                                                  \
    (1 << 20) /* octets of a file without messages: what it is shows at its beginning */

/* In any case of letters; the first one in the text counts. */
static const struct sign {
    struct str text;
    unsigned where;
    const char *why;
} signs[] = {
    {STR("&lt;sip"), HEAD | FILES, in_html},
    {STR("&lt;tel:"), HEAD | FILES, in_html},
    {STR("&lt;http"), HEAD | FILES, in_html},
    {STR("&#60;"), HEAD | FILES, in_html},
    {STR("&#x3c;"), HEAD | FILES, in_html},
    {STR("&lt;"), IDENTITY, in_html},
    {STR("&gt;"), IDENTITY, in_html},
    {STR("&quot;"), IDENTITY, in_html},
    {STR("&amp;"), IDENTITY, in_html},
    {STR(";tag=3D"), HEAD | FILES, in_mail},
    {STR(";branch=3D"), HEAD | FILES, in_mail},
    {STR("info=3D"), IDENTITY | FILES, in_mail},
    {STR("alg=3D"), IDENTITY | FILES, in_mail},
    {STR("ppt=3D"), IDENTITY | FILES, in_mail},
    {STR("Content-Transfer-Encoding: quoted-printable"), FILES, in_mail},
    {STR("Content-Transfer-Encoding: base64"), FILES, in_base64},
    {STR("SU5WSVRF"), FILES, in_base64}, /* INVITE, by what stands before it */
    {STR("lOVklURS"), FILES, in_base64},
    {STR("JTlZJVEU"), FILES, in_base64},
    {STR("info=%3C"), IDENTITY | FILES, in_url},
    {STR("INVITE%20sip"), FILES, in_url},
    {STR("INVITE+sip"), FILES, in_url},
    {STR("\\u003c"), HEAD | FILES, in_json},
    {STR("\\r\\n"), HEAD, in_json},
    {STR("\\\""), IDENTITY, in_json},
    {STR("\\/"), IDENTITY, in_json},
    {STR("SIP/2.0\\r"), FILES, in_json},
    {STR("SIP/2.0\\n"), FILES, in_json},
    {STR("SIP/2.0\\\\"), FILES, in_json},
    {STR("\x1b["), HEAD | IDENTITY | FILES, in_colours},
    {STR("#015#012"), HEAD | FILES, in_syslog},
    {STR("SIP/2.0#015"), FILES, in_syslog},
    {STR("SIP/2.0#012"), FILES, in_syslog},
    {STR("SIP/2.0^M"), FILES, in_carets},
    {STR("^M\r\n"), HEAD, in_carets},
    {STR("SIP/2.0 \n"), FILES, with_spaces},
    {STR("SIP/2.0 \r"), FILES, with_spaces},
    {STR("SIP/2.0  "), FILES, with_spaces},
    {STR("SIP/2.0\t"), FILES, with_spaces},
    {STR("0x0010:"), FILES, in_hex},    /* tcpdump -X */
    {STR("00000010: "), FILES, in_hex}, /* xxd */
    {STR("\n00000010  "), FILES, in_hex},
    {STR("\n0010  "), FILES, in_hex},          /* tshark -x */
    {STR("49 4e 56 49 54 45"), FILES, in_hex}, /* INVITE; ngrep -x */
    {STR("494e564954"), FILES, in_hex},
    {STR("..."), IDENTITY, is_shortened},
    {STR("\xe2\x80\xa6"), IDENTITY, is_shortened},
};

#define N_SIGNS (sizeof(signs) / sizeof(signs[0]))

static const char *sign_at(struct str rest, unsigned where)
{
    char first = ascii_lower(rest.p[0]);
    for (size_t i = 0; i < N_SIGNS; i++)
        if ((signs[i].where & where) && ascii_lower(signs[i].text.p[0]) == first &&
            str_starts_nocase(rest, signs[i].text))
            return signs[i].why;
    return NULL;
}

/* Most octets begin none: a log of a day has a million messages. */
static const char *first_sign(struct str text, unsigned where)
{
    bool begins[256] = {false};
    const char *why = NULL;
    for (size_t i = 0; i < N_SIGNS; i++)
        if (signs[i].where & where)
            begins[(unsigned char)ascii_lower(signs[i].text.p[0])] = true;
    for (size_t i = 0; i < text.n && !why; i++)
        if (begins[(unsigned char)ascii_lower(text.p[i])])
            why = sign_at(str_slice(text, i, text.n), where);
    return why;
}

const char *trace_value_damage(struct str value)
{
    const char *why = first_sign(value, IDENTITY);
    for (size_t i = 0; i < value.n && !why; i++)
        if ((unsigned char)value.p[i] >= 0x80)
            why = in_other_characters;
    return why;
}

const char *trace_head_damage(struct str message)
{
    struct header_line line;
    struct str rest;
    start_line(message, &rest);
    const char *why = NULL;
    while (!why && head_line_next(&rest, &line))
        if (header_is(&line, STR("Identity"), 'y'))
            why = trace_value_damage(line.raw);
    return why ? why : first_sign(str_slice(message, 0, message.n - rest.n), HEAD);
}

const char *trace_text_damage(struct str text)
{
    return first_sign(str_slice(text, 0, LOOKED_AT), FILES);
}
