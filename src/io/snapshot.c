#include <stird/io/snapshot.h>

#include <stird/core/certificate_choice.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

static void snapshot_free(struct snapshot *s)
{
    signer_client_free(s->signer);
    numbers_unmap(&s->numbers);
    settings_free(s->settings);
    free(s->customer);
    free(s->certificate_states);
    part_counters_unmap(&s->counters);
    OPENSSL_cleanse(s->secret, sizeof(s->secret));
    OPENSSL_cleanse(s->origid_key, sizeof(s->origid_key));
    free(s);
}

/* One spare element: without any trunk, calloc() might return NULL although it did not fail. */
static uint32_t *customers_of_trunks(const struct settings *settings, const struct numbers *table)
{
    uint32_t *customer = calloc(settings->n_trunks + 1u, sizeof(*customer));
    for (unsigned i = 0; customer && i < settings->n_trunks; i++)
        customer[i] = numbers_customer(table, settings->trunks[i].customer);
    return customer;
}

/* A key of its own, apart from that of the Via, so that the origids that leave tell nothing about
   that. */
static bool make_origid_key(struct snapshot *s)
{
    static const char label[] = "stird origid";
    unsigned n = 0;
    return HMAC(EVP_sha256(), s->secret, sizeof(s->secret), (const unsigned char *)label,
                sizeof(label) - 1, s->origid_key, &n) != NULL &&
           n == sizeof(s->origid_key);
}

struct snapshot *snapshot_new(struct settings *settings, int numbers_fd,
                              struct signer_client *signer, const uint8_t *secret,
                              uint64_t generation, uint64_t numbers_generation, const char **why)
{
    struct mapped_numbers numbers = {0};
    uint32_t *customer = NULL;
    struct snapshot *s = NULL;

    if (!numbers_map(&numbers, numbers_fd, why))
        return NULL;
    *why = "out of memory";
    customer = customers_of_trunks(settings, numbers.table);
    if (!customer)
        goto out;
    s = calloc(1, sizeof(*s));
    if (!s)
        goto out;
    *s = (struct snapshot){
        .references = 1,
        .generation = generation,
        .numbers_generation = numbers_generation,
        .settings = settings,
        .numbers = numbers,
        .customer = customer,
        .signer = signer,
    };
    memcpy(s->secret, secret, sizeof(s->secret));
    s->certificate_states = calloc(settings->n_certificates + 1u, 1);
    if (s->certificate_states && make_origid_key(s))
        return s;
    *why = s->certificate_states ? "libcrypto failed" : "out of memory";
    free(s->certificate_states);
    OPENSSL_cleanse(s->secret, sizeof(s->secret));
    free(s);
out:
    free(customer);
    numbers_unmap(&numbers);
    return NULL;
}

bool snapshot_count_in(struct snapshot *s, int fd)
{
    part_counters_unmap(&s->counters);
    return part_counters_map(&s->counters, fd, s->settings->n_trunks, s->settings->n_upstreams,
                             true);
}

struct snapshot *snapshot_ref(struct snapshot *s)
{
    s->references++;
    return s;
}

void snapshot_unref(struct snapshot *s)
{
    if (s && --s->references == 0)
        snapshot_free(s);
}

void snapshot_set_certificate_states(struct snapshot *s, struct str text)
{
    for (size_t i = 0; i < s->settings->n_certificates; i++) {
        unsigned state = i < text.n ? (unsigned)(text.p[i] - '0') : CERTIFICATE_UNCHECKED;
        s->certificate_states[i] = state <= CERTIFICATE_WRONG ? (uint8_t)state
                                                              : CERTIFICATE_UNCHECKED;
    }
}

/* The old client's callbacks may ask again: they must find the new one. */
void snapshot_replace_signer(struct snapshot *s, struct signer_client *signer)
{
    struct signer_client *old = s->signer;
    s->signer = signer;
    signer_client_free(old);
}
