#include "capture.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

bool trace_is_capture(struct str bytes)
{
    static const unsigned char magic[][4] = {
        {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, /* pcap */
        {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d}, /* in nanoseconds */
        {0x34, 0xcd, 0xb2, 0xa1}, {0xa1, 0xb2, 0xcd, 0x34}, /* with more to each packet */
        {0x0a, 0x0d, 0x0d, 0x0a},                           /* pcapng */
    };
    for (size_t i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
        if (bytes.n >= 4 && memcmp(bytes.p, magic[i], 4) == 0)
            return true;
    return false;
}

static void read_packets(struct capture *c, pcap_t *file)
{
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int got;
    c->link_type = pcap_datalink(file);
    while ((got = pcap_next_ex(file, &header, &bytes)) == 1) {
        struct captured p = {.bytes = {(const char *)bytes, header->caplen},
                             .missing = header->len > header->caplen ? header->len - header->caplen
                                                                     : 0,
                             .time_us = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec,
                             .number = ++c->tally->packets};
        c->tally->cut += p.missing > 0;
        capture_link(c, &p);
    }
    if (got == PCAP_ERROR) {
        static char words[PCAP_ERRBUF_SIZE];
        snprintf(words, sizeof(words), "%s", pcap_geterr(file));
        c->tally->stopped = words;
    }
}

static bool read_file(struct capture *c, struct str bytes, const char **why)
{
    static char words[PCAP_ERRBUF_SIZE];
    FILE *f = bytes.n > 0 ? fmemopen((void *)bytes.p, bytes.n, "rb") : NULL;
    pcap_t *file = f ? pcap_fopen_offline(f, words) : NULL;
    *why = f ? words : "out of memory";
    if (file) {
        read_packets(c, file);
        pcap_close(file); /* f with it */
    } else if (f) {
        fclose(f);
    }
    return file != NULL;
}

bool trace_read_capture(struct str bytes, trace_visit *visit, void *user, struct trace_tally *tally,
                        const char **why)
{
    *tally = (struct trace_tally){.packets = 0};
    struct capture c = {.visit = visit,
                        .user = user,
                        .tally = tally,
                        .fragments = fragments_new(),
                        .streams = streams_new()};
    bool good = c.fragments && c.streams;
    *why = "out of memory";
    if (good && pcapng_is(bytes))
        tally->stopped = pcapng_read(&c, bytes);
    else if (good)
        good = read_file(&c, bytes, why);
    if (good) {
        fragments_flush(&c);
        streams_flush(&c);
    }
    fragments_free(c.fragments);
    streams_free(c.streams);
    return good;
}
