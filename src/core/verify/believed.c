#include <stird/core/believed.h>

#include "packed.h"

#include <openssl/sha.h>

uint64_t believed_domains(const struct trust_image *image, const struct settings *settings,
                          const struct verification_setting *profile)
{
    uint64_t domains = 0;
    for (unsigned i = 0; i < settings->n_trusts && i < TRUST_DOMAINS_MAX; i++) {
        const struct trust_setting *t = &settings->trusts[i];
        if (!(profile->trust & UINT32_C(1) << i))
            continue;
        const uint32_t found = image ? trust_image_mask(image, t->name, t->mark) : 0;
        domains |= found ? found : TRUST_LACKING;
    }
    return domains;
}

static void add_all(struct buf *b, const struct str *texts, unsigned n)
{
    packed_add_number(b, n);
    for (unsigned i = 0; i < n; i++)
        packed_add_text(b, texts[i]);
}

struct str believed_mark(const struct trust_setting *t, struct arena *arena)
{
    const struct str sources[] = {t->anchors,     t->list,       t->list_anchor,
                                  t->list_signer, t->crl_anchor, t->crl_signer};
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct str mark = {NULL, 0};
    struct buf all = BUF_INIT;
    add_all(&all, sources, sizeof(sources) / sizeof(sources[0]));
    add_all(&all, t->crls, t->n_crls);
    add_all(&all, t->countries, t->n_countries);
    packed_add_number(&all, t->stale_ms);
    packed_add_number(&all, t->crl_opens);
    const struct str text = buf_str(&all);
    if (!buf_failed(&all) && SHA256((const unsigned char *)text.p, text.n, digest))
        mark = arena_copy(arena, (struct str){(const char *)digest, sizeof(digest)});
    buf_fini(&all);
    return mark;
}
