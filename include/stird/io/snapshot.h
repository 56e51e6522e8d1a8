/*
 * snapshot - settings, number table and signer that belong together; a call holds the one it began
 * with to its last step.
 *
 * Counted references, one process, one thread. What it points to never changes, but for `signer`,
 * which is replaced in place when it died, and `certificate_states`.
 */
#ifndef STIRD_SNAPSHOT_H
#define STIRD_SNAPSHOT_H

#include <stird/core/call.h>
#include <stird/core/settings.h>
#include <stird/io/counter_page.h>
#include <stird/io/numbers_files.h>
#include <stird/io/signer_client.h>

#define SNAPSHOT_SECRET_BYTES 32
#define SNAPSHOT_SECRET_FILE  "hmac-secret" /* in the state directory */

struct snapshot {
    unsigned references;
    uint64_t generation;         /* of the configuration */
    uint64_t numbers_generation; /* of the number table */
    struct settings *settings;
    struct mapped_numbers numbers;
    uint32_t *customer;           /* numbers_customer() of each trunk's customer, by trunk index */
    struct signer_client *signer; /* never NULL: without a signer it refuses every request */
    uint8_t *certificate_states;  /* certificate_choice.h, of each of the settings' units */
    uint64_t page;                /* the number of its counters, for whoever handed them in */
    struct part_counters
        counters; /* counters of its trunks and upstreams; NULL: nobody counts them */
    uint8_t secret[SNAPSHOT_SECRET_BYTES]; /* the key of the HMAC in Via and Record-Route */
    uint8_t origid_key[ORIGID_KEY_BYTES];  /* of stable origids: made of the secret */
};

/* Takes SETTINGS and SIGNER; NUMBERS_FD is mapped, not closed. NULL with *WHY on failure: nothing
   is taken then. The caller has the first reference. */
struct snapshot *snapshot_new(struct settings *settings, int numbers_fd,
                              struct signer_client *signer, const uint8_t *secret,
                              uint64_t generation, uint64_t numbers_generation, const char **why);
/* From now on its calls are counted in FD, made by part_counters_memory() for its settings, which
   is not closed. False when FD is no such memory. */
bool snapshot_count_in(struct snapshot *s, int fd);
struct snapshot *snapshot_ref(struct snapshot *s);
void snapshot_unref(struct snapshot *s);
/* What the last looks at the certificates' URLs found: a character each, '0' + state. */
void snapshot_set_certificate_states(struct snapshot *s, struct str text);
/* Frees the present signer client (its waiting requests fail) and takes SIGNER. */
void snapshot_replace_signer(struct snapshot *s, struct signer_client *signer);

#endif
