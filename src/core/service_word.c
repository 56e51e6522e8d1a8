#include <stird/core/service_word.h>

const struct service_word service_words[SERVICES] = {
#define SERVICE(NAME, word_of_it, ...)                                                             \
    [SERVICE_##NAME] = {.word = #word_of_it, .served = true, __VA_ARGS__},
#define SERVICE_LATER(NAME, word_of_it) [SERVICE_##NAME] = {.word = #word_of_it},
#include <stird/core/service_word.def>
};
