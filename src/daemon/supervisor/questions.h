/*
 * questions - what parts ask and tell each other without knowing each other: the payloads of
 * questions.def, and those of events (loop.h) that are more than a child and a text.
 */
#ifndef STIRD_SUPERVISOR_QUESTIONS_H
#define STIRD_SUPERVISOR_QUESTIONS_H

#include "loop.h"

#include <stird/core/switches.h>
#include <stird/io/web_view.h>

/* How it stands with the trunks of the present configuration, by their index; all zero at first. */
struct trunks_asked {
    struct trunk_standing {
        uint64_t calls;             /* in progress */
        unsigned next_hops, usable; /* of its upstreams */
    } * trunks;
    unsigned n;
    bool no_memory; /* for one who answers */
};

/* What the upstreams of the present configuration have counted, by their index; all zero at
   first. */
struct upstreams_asked {
    struct upstream_counters *upstreams;
    unsigned n;
};

/* What each worker has counted of others' certificates, by its index; all zero at first. */
struct held_asked {
    struct certificates_held {
        uint64_t held;    /* kept ready now */
        uint64_t revoked; /* of these, since it began */
    } workers[WORKERS_MAX];
};

/* What the name of an upstream means. */
struct name_asked {
    const struct upstream *upstream;
    const struct known_name *known; /* NULL: nothing is known of it */
};

/* What `stirctl explain` decides by: the very bytes that the workers use. */
struct exhibit {
    int names_fd;    /* the asker's to close; -errno: there is none */
    int overlay_fd;  /* of the urgent changes; -1: there are none */
    int trust_fd;    /* of the domains of trust; -1: there are none */
    int switches_fd; /* of what an operator has switched; -1: nothing is */
    uint64_t trust_generation;
    bool is_cut_off; /* the fetcher reaches no host */
};

/* What `stirctl status --json` prints, put into OUT. */
struct status_asked {
    struct buf *out;
    int64_t now_ms;
};

/* What `stirctl trust list --json` prints, put into OUT. */
struct trust_asked {
    struct buf *out;
};

/* What the trunks and upstreams in force have counted: MOST of each at most. Of those names with a
   NUL behind each, and the numbers of counters.h, are put into the buffers. */
struct parts_asked {
    unsigned most;
    struct counted_parts {
        struct buf names, numbers;
        unsigned n, left_out;
    } trunks, upstreams;
};

/* The next hops, in the order of the configuration, put into OUT as web_view.h has them: MOST. */
struct hops_asked {
    struct buf *out;
    unsigned most;
};

/* What stird lacks of what calls need: who knows of one sets it (web_view.h). */
struct lacks_asked {
    bool lacks[WEB_LACKS];
    struct str provider; /* borrowed from the settings */
};

/* What is known of the URLs of the units of SETTINGS, as CONTROL_CERTIFICATES has it. */
struct states_asked {
    const struct settings *settings;
    char states[CONTROL_TEXT];
};

/* What an operator has switched; for now alone. */
struct switches_asked {
    const struct switches *on; /* NULL: nothing */
};

/* Whether a reload may begin now. */
struct reload_asked {
    int64_t now_ms;
    bool not_yet;
};

/* EVENT_HANDOUT: a configuration on its way to a worker. */
struct handout {
    struct child *worker;
    const struct configuration *configuration; /* the present one, or the next */
    struct control_snapshot *snapshot;
    /* As CONTROL_SNAPSHOT has them; what a part opens for it is closed once it was sent. */
    int files_fd, numbers_fd, signer_fd, counters_fd; /* -1: not yet */
    int error; /* -errno of a part: it is not sent, and the others do nothing for it */
};

/* EVENT_MEND: the sockets that a worker shared with others are looked at (mend.h). */
struct mending {
    unsigned worker;
    /* RESULT: enum mended, or -errno: of the socket WHAT, of what is called NAME. */
    void (*say)(struct supervisor *s, unsigned worker, const char *what, struct str name,
                int result);
};

#endif
