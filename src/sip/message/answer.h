/*
 * answer - responses of our own, as text (RFC 3261 section 8.2.6): Via, From, To, Call-ID and CSeq
 * of the request, nothing else of it.
 */
#ifndef STIRD_SIP_ANSWER_H
#define STIRD_SIP_ANSWER_H

#include "message.h"

/* What is kept of a request to answer it later, without the request. */
struct answer_base {
    char *lines; /* header lines; owned */
    uint32_t n;
    uint32_t to_end; /* behind the To value, where a tag would go */
    bool has_to_tag;
};

/* From a parsed request whose top Via has its received and rport. False: no memory. */
bool answer_base_make(struct answer_base *base, const struct message *request);
/* From the bytes of a response that went to the caller: it repeats the same lines. */
bool answer_base_of_response(struct answer_base *base, struct str response);
void answer_base_fini(struct answer_base *base);

/*
 * Appends a response with STATUS. TAG goes onto To when the request had none and STATUS is over
 * 100. EXTRA: more header lines, each with its CRLF, or empty.
 */
void answer_write(const struct answer_base *base, int status, struct str tag, struct str extra,
                  struct buf *out);

/*
 * A 400-class answer to what could not be parsed, with the fault in its phrase: the lines that it
 * needs, as they stand. False when they are not there or cannot be said again (the message is
 * dropped then).
 */
bool answer_malformed(struct str raw, const struct screen_fault *fault, struct str tag,
                      struct buf *out);

#endif
