/*
 * sightings - what an operator gives to decode or verify: an Identity value, a SIP message, text
 * with messages, a capture; as calls, each with the INVITEs that were seen of it, in order.
 */
#ifndef CLI_SIGHTINGS_H
#define CLI_SIGHTINGS_H

#include <stird/base/address.h>
#include <stird/base/buf.h>

struct sighting {
    struct str message; /* owned; empty: only an Identity value was given */
    struct str value;   /* of that; borrowed from the input */
    int64_t time_us;    /* 0: not known */
    uint64_t place;     /* packet or line */
    struct address from, to;
    bool has_addresses;
    /* The capture lacks the end of its header, or the text does not tell where lines of it end:
       what is missing there says nothing about the call. */
    bool on_wire;       /* message is all octets of a datagram or of a message of a stream */
    bool cut, glued;    /* who is glued or damaged is cut */
    const char *damage; /* what copying did to a text; NULL: nothing that shows */
    size_t octets;      /* of a cut one: how long it was on the wire; 0: not known */
};

struct sightings {
    struct buf input; /* the whole file, unpacked */
    struct buf list;  /* struct sighting, by call, then in order */
    bool capture;
    uint64_t others; /* messages that were not INVITEs, and retransmissions */
};

/* FILE, or standard input for "-". False after complaints. */
bool sightings_read(struct sightings *s, const char *file);
void sightings_fini(struct sightings *s);
const struct sighting *sightings_list(const struct sightings *s, size_t *n);
/* Empty for an Identity value alone. */
struct str sighting_call_id(const struct sighting *s);
/* From one address to the same other with the same Vias: no message goes there twice, so two that
   differ are two requests. */
bool sighting_same_way(const struct sighting *a, const struct sighting *b);

#endif
