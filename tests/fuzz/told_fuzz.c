/* What neighbours tell and callers wish for: words, levels, verstat, Privacy, in any text. */
#include <stird/core/privacy.h>
#include <stird/core/told.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct buf out = BUF_INIT;
    bool had_one = told_without_verstat(text, &out);
    require(had_one ? out.n < size : out.n == 0);
    buf_fini(&out);
    char level = told_level(text);
    require(level == '\0' || (level >= 'A' && level <= 'C'));
    struct str word = told_word(text);
    require(word.n <= size);
    told_by(text);
    struct privacy privacy = {.id = false};
    privacy_add(&privacy, text);
    if (privacy.id)
        require(privacy_withholds(&privacy));
    return 0;
}
