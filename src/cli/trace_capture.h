/*
 * trace_capture - the messages of a trace (call_trace.h) as a capture file (pcap_file.h).
 */
#ifndef CLI_TRACE_CAPTURE_H
#define CLI_TRACE_CAPTURE_H

#include "session.h"

struct saved_trace {
    struct buf capture;
    size_t messages;
};

/* Copies the memory behind FD first: workers may go on to write there. In the order of time. False
   after a complaint; the buf is the caller's in either case. */
bool trace_capture_of(struct saved_trace *saved, int fd);

#endif
