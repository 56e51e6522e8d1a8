/* Any text as a table of signers: what is taken is sorted, found by each of its codes, and judged
   by the worst of them; what is not taken says why. */
#include <stdlib.h>
#include <stird/core/signers.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void look_at(const struct signer *list, unsigned n, struct arena *arena)
{
    const struct signer *row;
    for (unsigned i = 0; i < n; i++) {
        need(signer_code_is_good(list[i].code) && list[i].line > 0);
        need(list[i].action < SIGNER_ACTIONS && list[i].action != SIGNER_NOTHING);
        need(i == 0 || str_compare(list[i - 1].code, list[i].code) < 0);
        need(signers_judge(list, n, list[i].code, list[i].until, &row) == list[i].action);
        need(row == &list[i]);
        if (list[i].until < INT32_MAX)
            need(signers_judge(list, n, list[i].code, list[i].until + 1, &row) == SIGNER_NOTHING);
    }
    if (n < 2)
        return;
    const struct str both = arena_printf(arena, "%.*s,%.*s", STR_ARG(list[0].code),
                                         STR_ARG(list[n - 1].code));
    const enum signer_action worst = list[0].action > list[n - 1].action ? list[0].action
                                                                         : list[n - 1].action;
    need(signers_judge(list, n, both, INT32_MIN, &row) == worst && row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct problems problems = PROBLEMS_INIT;
    const struct signer *list;
    unsigned n;
    const struct str text = {(const char *)data, size};
    if (signers_read(STR("signers.csv"), text, arena, &list, &n, &problems)) {
        need(!problems_any(&problems));
        look_at(list, n, arena);
    } else {
        need(problems_any(&problems) && n == 0);
    }
    problems_fini(&problems);
    arena_free(arena);
    return 0;
}
