/*
 * service_word - what is known of a trunk's service by its word alone (service_word.def). What it
 * does with a call is sip's.
 */
#ifndef STIRD_SERVICE_WORD_H
#define STIRD_SERVICE_WORD_H

#include <stird/core/settings.h>

struct service_word {
    const char *word;
    bool sends;    /* its calls leave by their trunk's upstreams, and go nowhere without one */
    bool signs;    /* its calls need a certificate and the signer */
    bool verifies; /* its calls need certificates of others, and the fetcher */
};

extern const struct service_word service_words[SERVICES];

#endif
