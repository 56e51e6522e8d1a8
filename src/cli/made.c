#include "made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void made_note(struct made *made, const char *path)
{
    char *copy = made ? strdup(path) : NULL;
    char **paths = copy ? realloc(made->paths, (made->n + 1) * sizeof(*paths)) : NULL;
    if (!paths) {
        free(copy);
        return;
    }
    made->paths = paths;
    made->paths[made->n++] = copy;
}

void made_take_back(struct made *made)
{
    for (size_t i = made->n; i > 0; i--)
        remove(made->paths[i - 1]);
    made_keep(made);
}

void made_keep(struct made *made)
{
    for (size_t i = 0; i < made->n; i++)
        free(made->paths[i]);
    free(made->paths);
    *made = (struct made){0};
}
