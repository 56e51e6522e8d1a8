/*
 * discriminator - what tells the trunks of one source apart (Decided 11): a row for each kind, the
 * most specific first. The match, the checks of the configuration and `stirctl explain` go by the
 * same table.
 */
#ifndef STIRD_DISCRIMINATOR_H
#define STIRD_DISCRIMINATOR_H

#include <stird/core/call.h>
#include <stird/core/fit.h>

/* The form that a text must have to fit any call at all; conf checks it. */
enum discriminator_form {
    FORM_NAME,  /* of a part of the configuration */
    FORM_HOST,  /* the host of a URI or of a certificate, without anything else */
    FORM_GROUP, /* a trunk group, as a URI's parameter has it decoded */
    FORM_USER,  /* the beginning of a user part, decoded */
    FORM_VALUE, /* of a header */
    DISCRIMINATOR_FORMS
};

struct discriminator {
    const char *key;  /* of a trunk: "tgrp"; several rows may be of one */
    const char *what; /* for people: "tgrp of Contact" */
    enum discriminator_form form;
    /* What a trunk asks for; empty when it does not ask. */
    struct str (*wanted)(const struct trunk *trunk);
    bool any_case; /* how two of these compare */
    /* FITS_IN_PART: what the call says there disagrees, or can be read in more than one way. */
    enum fit (*fit)(const struct trunk *trunk, const struct call *call);
    /* The header that it looks at, and the key that names that header; NULL: none. */
    struct str (*header)(const struct trunk *trunk);
    const char *header_key;
    /* Whether the call says anything there; NULL: it always does. */
    bool (*said)(const struct trunk *trunk, const struct call *call);
    /* Whether every call that says ONE says OTHER too; NULL: only when they are the same. */
    bool (*includes)(struct str one, struct str other);
};

extern const struct discriminator discriminators[];
extern const unsigned discriminators_count;

/* Whether only their sources can tell A and B apart. */
bool discriminators_same(const struct trunk *a, const struct trunk *b);

/* Whether HOST, as a Request-URI has it, is the `request_host` that TRUNK asks for; such a host is
   a name of ours. */
bool discriminators_use_request_host(const struct trunk *trunk, struct str host);

/*
 * Whether ONE asks for all that OTHER asks for. Then OTHER is the default, or a broader trunk of
 * which ONE is a part, and that a call of ONE also fits OTHER is no surprise.
 */
bool discriminators_include(const struct trunk *one, const struct trunk *other);

#endif
