#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include <stird/core/numbers.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct numbers *table, const char *number)
{
    struct numbers_answer answer;
    struct tn tn;
    bool read = tn_from_digits(&tn, str_of(number));
    assert(read);
    for (uint32_t customer = 0; customer < 3; customer++) {
        numbers_lookup(table, &tn, customer, 20000, &answer);
        assert((answer.state == NUMBER_UNKNOWN) == (answer.line == 0));
    }
}

/* Any text is compiled or has a problem; what is compiled opens and answers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const numbers[] = {"12155550100", "12155551500",     "12679999999",
                                          "1267000",     "126799999999999", "999999999999999"};
    struct str text = {(const char *)data, size};
    /* A byte cuts the text in two files. */
    size_t cut = str_find(text, '\x1c', 0);
    const struct numbers_source sources[] = {
        {.name = STR("a.csv"), .text = str_slice(text, 0, cut), .kind = NUMBERS_TABLE},
        {.name = STR("b.csv"), .text = str_slice(text, cut + 1, size), .kind = NUMBERS_TABLE},
    };
    struct buf image = BUF_INIT;
    struct problems problems = PROBLEMS_INIT;
    bool compiled = numbers_compile(sources, cut < size ? 2 : 1, &image, NULL, &problems);
    assert(compiled != problems_any(&problems));
    if (compiled) {
        const char *why;
        struct numbers *table = numbers_open(image.p, image.n, &why);
        assert(table);
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
            ask(table, numbers[i]);
        numbers_close(table);
    }
    problems_fini(&problems);
    buf_fini(&image);
    return 0;
}
