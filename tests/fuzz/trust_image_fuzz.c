#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/err.h>

#include <stird/core/trust_image.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1784592000

static void look_at(const struct trust_image *image)
{
    const unsigned n = trust_image_domains(image);
    assert(n <= TRUST_DOMAINS_MAX);
    for (unsigned i = 0; i < n; i++) {
        const struct trust_image_domain *d = trust_image_domain(image, i);
        assert(d->n_countries <= TRUST_COUNTRIES_MAX);
        assert(trust_image_mask(image, d->name, d->mark) != 0);
        trust_image_state(d, NOW);
    }
    trust_image_vouches(image, UINT32_MAX, STR("12155550100"));
}

/* It leads to domains that were asked and are there, and to no other. */
static void judge(const struct trust_image *image, X509 *leaf, uint64_t asked)
{
    struct trust_image_answer a;
    struct trust_image_ways ways = {.n = 0};
    if (!trust_image_judge(image, asked, leaf, NULL, NOW, &a, &ways)) {
        trust_image_ways_fini(&ways);
        return; /* no memory */
    }
    const unsigned n = trust_image_domains(image);
    assert((a.leads & ~asked) == 0 && (n == TRUST_DOMAINS_MAX || a.leads >> n == 0));
    assert((a.leads != 0) == (a.domain != TRUST_NO_DOMAIN));
    assert((a.leads != 0) == !a.by_anchors.chain && (a.leads != 0) == (ways.n != 0));
    assert(a.domain == TRUST_NO_DOMAIN || a.leads & UINT32_C(1) << a.domain);
    assert(!a.is_open || a.leads == 0);
    assert(a.by_anchors.from_s <= NOW && NOW <= a.by_anchors.until_s);
    for (unsigned i = 0; i < ways.n; i++)
        assert(a.leads & UINT32_C(1) << ways.of[i].domain);
    trust_image_ways_fini(&ways);
}

/* A certificate in DER, two octets of its length before it; then an image, which is broken, or
   answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *why = NULL;
    size_t n = size < 2 ? 0 : (size_t)(data[0] << 8 | data[1]), behind = size < 2 ? 0 : size - 2;
    n = n < behind ? n : behind;
    const unsigned char *at = size < 2 ? data : data + 2;
    struct str image_text = {(const char *)at + n, behind - n};
    X509 *leaf = n > 0 ? d2i_X509(NULL, &at, (long)n) : NULL;
    struct trust_image *image = trust_image_open(image_text, 1, &why);
    assert(image || why);
    if (image)
        look_at(image);
    if (image && leaf) {
        judge(image, leaf, UINT32_MAX);
        judge(image, leaf, 1);
    }
    trust_image_close(image);
    X509_free(leaf);
    ERR_clear_error();
    return 0;
}
