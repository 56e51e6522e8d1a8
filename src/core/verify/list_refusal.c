#include <stird/core/list_refusal.h>

#include "token_claims.h"

#include <string.h>

#define WORD_MAX 24 /* the longest that is told; a token that nobody guesses is longer */
#define BEFORE   ": it says "

static bool tells(struct str message, struct str secret)
{
    return secret.n > 0 && memmem(message.p, message.n, secret.p, secret.n) != NULL;
}

/* Whole words, as long as there is room for them and for what says that there are more. */
static void add_words(struct buf *out, struct str message, size_t most)
{
    while (message.n > 0) {
        struct buf word = BUF_INIT;
        const struct str one = str_cut(&message, ' ');
        buf_add_escaped(&word, one.n > WORD_MAX ? STR("...") : one);
        const bool fits = out->n + word.n + sizeof(" ...\"") <= most;
        buf_add(out, fits ? word.p : "...", fits ? word.n : 3);
        buf_fini(&word);
        if (!fits)
            return;
        if (message.n > 0)
            buf_add_char(out, ' ');
    }
}

void list_refusal_add(struct buf *out, struct str answer, struct str secret)
{
    json_t *object = json_loadb(answer.n > 0 ? answer.p : "", answer.n, JSON_REJECT_DUPLICATES,
                                NULL);
    const struct str message = str_trim(json_member(object, "message"));
    if (message.n > 0 && !tells(message, secret)) {
        const size_t most = out->n + LIST_REFUSAL_OCTETS;
        buf_addf(out, BEFORE "\"");
        add_words(out, message, most);
        buf_add_char(out, '"');
    }
    json_decref(object);
}
