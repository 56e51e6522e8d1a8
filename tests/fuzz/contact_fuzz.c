/* A Contact header of a peer behind NAT: what is fixed is as many Contacts as before, and stays. */
#include <assert.h>
#include <stdint.h>
#include <stird/core/headers.h>
#include <stird/core/nat.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_line_ends(struct str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    return n;
}

static unsigned count_contacts(struct str text)
{
    struct str element;
    unsigned n = 0;
    str_cut(&text, ':');
    while (list_next(&text, &element))
        n++;
    return n;
}

static void check(struct str text, const struct address *source, enum transport transport)
{
    struct buf fixed = BUF_INIT, again = BUF_INIT;
    if (nat_fix_contact(text, source, transport, &fixed)) {
        struct str now = buf_str(&fixed);
        assert(count_line_ends(now) == count_line_ends(text));
        assert(count_contacts(now) == count_contacts(text));
        assert(!nat_fix_contact(now, source, transport, &again));
    } else {
        assert(fixed.n == 0);
    }
    buf_fini(&fixed);
    buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct address four = {ADDRESS_IPV4, 40001, {203, 0, 113, 9}},
                         six = {ADDRESS_IPV6, 5060, {0x20, 0x01, 0x0d, 0xb8}};
    struct buf text = BUF_INIT;
    buf_add_text(&text, "Contact: ");
    buf_add_str(&text, (struct str){(const char *)data, size});
    check(buf_str(&text), &four, TRANSPORT_TCP);
    check(buf_str(&text), &six, TRANSPORT_UDP);
    buf_fini(&text);
    return 0;
}
