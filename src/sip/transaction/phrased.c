/*
 * An octet from 0x80 on is the phrase of that number; what is one itself in a text stands behind
 * ESCAPE. The phrases lie by their first octets, so that most octets of a text are looked at once.
 */
#include "phrased.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CODE 0x80u
#define ESCAPE     0xffu

#define COPIED_MOST 2048 /* octets of a text that is phrased: of a longer one it saves little */

/* Of those with the same first octet the longer ones come first. */
static const struct str phrases[] = {
    /* CR */
    STR("\r\nContent-Length: 0\r\n\r\n"),
    STR("\r\nVia: SIP/2.0/UDP "),
    STR("\r\nVia: SIP/2.0/TCP "),
    STR("\r\nVia: SIP/2.0/TLS "),
    STR("\r\nRecord-Route: <sip:"),
    STR("\r\nRecord-Route: <"),
    STR("\r\nContent-Length: "),
    STR("\r\nMax-Forwards: 6"),
    STR("\r\nMax-Forwards: "),
    STR("\r\nContact: <sip:"),
    STR("\r\nContact: "),
    STR("\r\nRoute: <sip:"),
    STR("\r\nSupported: "),
    STR("\r\nUser-Agent: "),
    STR("\r\nAllow: INVITE, ACK, "),
    STR("\r\nFrom: <sip:+1"),
    STR("\r\nFrom: <sip:"),
    STR("\r\nFrom: \""),
    STR("\r\nFrom: "),
    STR("\r\nTo: <sip:+1"),
    STR("\r\nTo: <sip:"),
    STR("\r\nTo: "),
    STR("\r\nCall-ID: "),
    STR("\r\nServer: "),
    STR("\r\nAllow: "),
    STR("\r\nDate: "),
    STR("\r\nCSeq: "),
    STR("\r\nVia: "),
    /* semicolon */
    STR(";branch=z9hG4bK"),
    STR(";transport=udp"),
    STR(";transport=tcp"),
    STR(";transport=tls"),
    STR(";user=phone"),
    STR(";received="),
    STR(";rport="),
    STR(";tag="),
    STR(";rport"),
    STR(";lr"),
    /* space */
    STR(" SIP/2.0\r\nVia: SIP/2.0/UDP "),
    STR(" SIP/2.0\r\nVia: SIP/2.0/TCP "),
    STR(" SIP/2.0\r\nVia: SIP/2.0/TLS "),
    STR(" CANCEL, OPTIONS, BYE"),
    STR(" SIP/2.0"),
    STR(" INVITE"),
    STR(" sip:+1"),
    STR(" BYE"),
    STR(" GMT"),
    /* less and greater */
    STR("<sip:+1"),
    STR("<sip:"),
    STR(">;tag="),
    STR(">;lr"),
    /* S, I, 1, colon */
    STR("SIP/2.0 183 Session Progress"),
    STR("SIP/2.0 180 Ringing"),
    STR("SIP/2.0 200 OK"),
    STR("SIP/2.0 "),
    STR("INVITE"),
    STR("192.168."),
    STR("127.0."),
    STR("10."),
    STR(":5060"),
    STR(":5061"),
};

#define PHRASES (sizeof(phrases) / sizeof(phrases[0]))

_Static_assert(PHRASES < ESCAPE - FIRST_CODE, "each has a code");

/* From which phrase on one may begin with an octet, from 1; 0: none does. */
static const uint8_t begins[256] = {
    ['\r'] = 1, [';'] = 29, [' '] = 39, ['<'] = 48, ['>'] = 50,
    ['S'] = 52, ['I'] = 56, ['1'] = 57, [':'] = 60,
};

/* The phrase that TEXT, from AT on, begins with; PHRASES: none. By the octet behind the first, or
   behind CR LF, most are told from each other, and every phrase has that one. */
static size_t phrase_at(struct str text, size_t at)
{
    const char first = text.p[at];
    const size_t left = text.n - at, telling = first == '\r' ? 2 : 1;
    if (left <= telling)
        return PHRASES;
    for (size_t i = begins[(unsigned char)first] - 1u; i < PHRASES && phrases[i].p[0] == first; i++)
        if (phrases[i].p[telling] == text.p[at + telling] && phrases[i].n <= left &&
            memcmp(text.p + at, phrases[i].p, phrases[i].n) == 0)
            return i;
    return PHRASES;
}

/* How many octets of TEXT, from AT on, begin no phrase and are none's code. */
static size_t plain_at(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.n && (unsigned char)text.p[end] < FIRST_CODE &&
           begins[(unsigned char)text.p[end]] == 0)
        end++;
    return end - at;
}

size_t phrased_write(char *to, struct str text)
{
    size_t n = 0;
    for (size_t at = 0; at < text.n;) {
        const size_t plain = plain_at(text, at);
        if (n + plain >= text.n)
            return 0;
        memcpy(to + n, text.p + at, plain);
        n += plain;
        at += plain;
        if (at == text.n)
            break;
        const unsigned char octet = (unsigned char)text.p[at];
        const size_t phrase = begins[octet] ? phrase_at(text, at) : PHRASES;
        const bool escaped = octet >= FIRST_CODE;
        if (n + 1 + escaped >= text.n)
            return 0;
        if (escaped)
            to[n++] = (char)ESCAPE;
        to[n++] = phrase < PHRASES ? (char)(FIRST_CODE + phrase) : text.p[at];
        at += phrase < PHRASES ? phrases[phrase].n : 1;
    }
    return n;
}

char *phrased_copy(struct str text, uint32_t *n, bool *is_phrased)
{
    char room[COPIED_MOST];
    const size_t phrased = text.n <= sizeof(room) ? phrased_write(room, text) : 0;
    char *copy = malloc(phrased > 0 ? phrased : text.n);
    *is_phrased = phrased > 0;
    *n = (uint32_t)(phrased > 0 ? phrased : text.n);
    if (copy)
        memcpy(copy, phrased > 0 ? room : text.p, *n);
    return copy;
}

void phrased_add(struct buf *out, struct str phrased)
{
    size_t plain = 0; /* octets before AT that stand for themselves and are not there yet */
    for (size_t at = 0; at < phrased.n; at++) {
        const unsigned char octet = (unsigned char)phrased.p[at];
        if (octet < FIRST_CODE) {
            plain++;
            continue;
        }
        buf_add(out, phrased.p + at - plain, plain);
        plain = 0;
        if (octet == ESCAPE && at + 1 < phrased.n)
            buf_add_char(out, phrased.p[++at]);
        else if (octet - FIRST_CODE < PHRASES)
            buf_add_str(out, phrases[octet - FIRST_CODE]);
    }
    buf_add(out, phrased.p + phrased.n - plain, plain);
}
