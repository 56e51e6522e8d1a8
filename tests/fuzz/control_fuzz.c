/* What a child that was taken over sends: octets and so many descriptors. A word has its form, and
   its texts end; everything else is not a word. The first octet says how many descriptors came. */
#include <stird/io/control.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

/* Each text of the word. */
static void require_ends(const struct control_message *m)
{
#define TEXT(member, text) strnlen(m->member.text, sizeof(m->member.text)) < sizeof(m->member.text)
#define CONTROL(word, member, payload, least, most, ...)                                           \
    if (m->type == CONTROL_##word) {                                                               \
        const bool ends[] = {true, ##__VA_ARGS__};                                                 \
        for (size_t i = 0; i < sizeof(ends); i++)                                                  \
            require(ends[i]);                                                                      \
    }
#define CONTROL_BARE(word, least, most)
#include <stird/io/control.def>
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct control_message m, again, nothing = {0};
    unsigned n_fds = size > 0 ? data[0] % (CONTROL_FDS_MAX + 2) : 0;
    struct str octets = {(const char *)data + (size > 0), size - (size > 0)};
    memset(&m, 'x', sizeof(m));
    if (!control_decode(&m, octets, n_fds)) {
        require(memcmp(&m, &nothing, sizeof(m)) == 0);
        return 0;
    }
    require(n_fds <= CONTROL_FDS_MAX && control_name(m.type));
    require_ends(&m);
    require(control_encode(&m, n_fds).n == octets.n);
    require(control_decode(&again, control_encode(&m, n_fds), n_fds));
    require(memcmp(&m, &again, sizeof(m)) == 0);
    hop_state_is_sound(&m.hop);
    known_name_is_sound(&m.name);
    refused_source_is_sound(&m.refused);
    failed_call_is_sound(&m.failed);
    return 0;
}
