/*
 * pcap_file - a capture file made of messages: each is put into IP packets with its addresses and
 * ports, as if it had been seen on the wire in clear. Wireshark, sngrep and trace.h read it.
 */
#ifndef STIRD_PCAP_FILE_H
#define STIRD_PCAP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stird/base/address.h>
#include <stird/base/buf.h>

/* Where each direction of a connection is, so that readers put its packets together. */
struct pcap_streams {
    struct pcap_stream *list;
    size_t n, capacity;
};

struct pcap_message {
    int64_t real_us;
    struct address from, to; /* of one family */
    bool is_stream;          /* TCP, or TLS in clear; else UDP */
    struct str bytes;
};

/* What a file begins with: link type "raw IP", microseconds. */
void pcap_file_begin(struct buf *out);
/*
 * Appends M: as one datagram where it is none of a stream and fits one, else as TCP. STREAMS are
 * all zero at the begin of a file. False: no memory, or M has no addresses of one family; nothing
 * was added then.
 */
bool pcap_file_add(struct buf *out, struct pcap_streams *streams, const struct pcap_message *m);
void pcap_streams_fini(struct pcap_streams *streams);

#endif
