/*
 * shown_certificate - the certificate that a server of ours shows to those who come by TLS. Pure.
 */
#ifndef STIRD_SHOWN_CERTIFICATE_H
#define STIRD_SHOWN_CERTIFICATE_H

#include <stdbool.h>
#include <stird/base/str.h>
#include <stird/core/certificate.h>

struct shown_certificate;

/* The first of TEXT (certificate_text.h); NULL: it has none that can be read. To be freed. */
struct shown_certificate *shown_certificate_read(struct str text);
void shown_certificate_free(struct shown_certificate *shown);
/* Why TEXT, which shown_certificate_read() reads, is not for a server of pages: its library does
   not read it, or does not serve a key of that kind. NULL: it is; a sentence that goes behind the
   file's name otherwise. */
const char *shown_certificate_pages_fault(struct str text);
/* Whether whoever asks for HOST, a name or an address, takes it (RFC 9110 section 4.3.4). */
bool shown_certificate_is_for(const struct shown_certificate *shown, struct str host);
/* Whether its key is that of the unit C. */
bool shown_certificate_has_key_of(const struct shown_certificate *shown,
                                  const struct certificate *c);

#endif
