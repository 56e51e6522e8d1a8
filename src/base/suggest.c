#include <stird/suggest.h>

#define WORD_MAX 40

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance, a row at a time. */
unsigned suggest_distance(struct str a, struct str b)
{
    unsigned row[WORD_MAX + 1];
    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return SUGGEST_FAR;
    for (unsigned j = 0; j <= b.n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned above = row[j];
            bool same = ascii_lower(a.p[i - 1]) == ascii_lower(b.p[j - 1]);
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + !same);
            diagonal = above;
        }
    }
    return row[b.n];
}

bool suggest_is_nearer(struct str word, struct str candidate, unsigned *distance)
{
    unsigned found = suggest_distance(word, candidate);
    unsigned near_enough = candidate.n >= 6 ? 3 : candidate.n >= 4 ? 2 : 1;
    if (found > near_enough || found >= *distance)
        return false;
    *distance = found;
    return true;
}
