/*
 * answer - responses of our own, as text (RFC 3261 section 8.2.6): Via, From, To, Call-ID and CSeq
 * of the request, nothing else of it.
 */
#ifndef STIRD_SIP_ANSWER_H
#define STIRD_SIP_ANSWER_H

#include "message.h"

/*
 * What is kept of a request to answer it later, without the request. It rests while a response that
 * is kept anyway repeats its lines: then they are made again out of that one.
 */
struct answer_base {
    char *lines; /* header lines; owned; NULL where it rests, or was not made */
    uint32_t n;
    uint32_t to_end;   /* behind the To value, where a tag would go */
    uint32_t to_bytes; /* of the To value, by which it is told from what a response adds */
    bool has_to_tag;
    bool rests;
};

/* From a parsed request whose top Via has its received and rport. False: no memory. */
bool answer_base_make(struct answer_base *base, const struct message *request);
/* From the bytes of a response of somebody else, in whose place another one is sent: its lines as
   they are, To and its tag too, so that answer_write() adds none. False: it has no To; no memory.
 */
bool answer_base_of_response(struct answer_base *base, struct str response);
/*
 * Has BASE rest where RESPONSE, which goes to the caller and is kept, has the same values, octet
 * for octet, each header but Via once, and only the To value goes on; otherwise leaves it as it is:
 * a next hop may have written anything (RFC 3261 section 8.2.6.2 asks for those of the request).
 */
void answer_base_rest(struct answer_base *base, struct str response);
/* Makes one that rests again, out of such a response: To without what was added. False: no memory;
   it still rests. */
bool answer_base_restore(struct answer_base *base, struct str response);
void answer_base_fini(struct answer_base *base);

/*
 * Appends a response with STATUS and PHRASE, or where that is empty its usual one. TAG goes onto To
 * when the request had none and STATUS is over 100. EXTRA: more header lines, each with its CRLF,
 * or empty.
 */
void answer_write_as(const struct answer_base *base, int status, struct str phrase, struct str tag,
                     struct str extra, struct buf *out);
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
