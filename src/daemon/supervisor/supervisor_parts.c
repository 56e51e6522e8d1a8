/* The table of the parts, and what they ask each other through it. */
#include "loop.h"

const struct part *const supervisor_parts[] = {
#define PART(noun) &part_##noun,
#include "parts.def"
    NULL,
};

struct service_counters supervisor_counts(const struct supervisor *s)
{
    struct service_counters all = {0};
    for (unsigned i = 0; s->parts[i]; i++)
        if (s->parts[i]->add_counts)
            s->parts[i]->add_counts(s, &all);
    return all;
}

#define QUESTION(word, type)                                                                       \
    void supervisor_ask_##word(const struct supervisor *s, type *question)                         \
    {                                                                                              \
        for (unsigned i = 0; s->parts[i]; i++)                                                     \
            if (s->parts[i]->answers_##word)                                                       \
                s->parts[i]->answers_##word(s, question);                                          \
    }
#include "questions.def"
