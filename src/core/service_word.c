#include <stird/core/service_word.h>

const struct service_word service_words[SERVICES] = {
#define SERVICE(NAME, word_of_it, ...) [SERVICE_##NAME] = {.word = #word_of_it, __VA_ARGS__},
#include <stird/core/service_word.def>
};
