#include <stird/base/suggest.h>

#define WORD_MAX 40

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

static bool same_letter(struct str a, unsigned i, struct str b, unsigned j)
{
    return ascii_lower(a.p[i]) == ascii_lower(b.p[j]);
}

static bool is_swap(struct str a, unsigned i, struct str b, unsigned j)
{
    return i > 1 && j > 1 && same_letter(a, i - 1, b, j - 2) && same_letter(a, i - 2, b, j - 1);
}

/* Levenshtein's distance, in which two neighbours that changed places count as one mistake. */
unsigned suggest_distance(struct str a, struct str b)
{
    unsigned rows[3][WORD_MAX + 1];
    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return SUGGEST_FAR;
    for (unsigned j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned change = above[j - 1] + !same_letter(a, i - 1, b, j - 1);
            row[j] = smallest(above[j] + 1, row[j - 1] + 1, change);
            if (is_swap(a, i, b, j))
                row[j] = smallest(row[j], second[j - 2] + 1, row[j]);
        }
    }
    return rows[a.n % 3][b.n];
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
