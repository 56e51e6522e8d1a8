#include <stird/base/suggest.h>

#define WORD_MAX      40
#define BEGINNING_MIN 3

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

/* Whether WORD is CANDIDATE, and its end was left out. */
static bool is_begun(struct str word, struct str candidate)
{
    return word.n >= BEGINNING_MIN && word.n < candidate.n && str_starts_nocase(candidate, word);
}

/* Twice as many as letters, which leaves room between two of them for a word that was cut short. */
static unsigned rank_of(struct str word, struct str candidate)
{
    const unsigned found = suggest_distance(word, candidate);
    const unsigned near_enough = candidate.n >= 6 ? 3 : candidate.n >= 4 ? 2 : 1;
    if (found > 0 && is_begun(word, candidate))
        return 1;
    return found <= near_enough ? 2 * found : SUGGEST_FAR;
}

bool suggest_is_nearer(struct str word, struct str candidate, unsigned *distance)
{
    const unsigned found = rank_of(word, candidate);
    if (found >= *distance)
        return false;
    *distance = found;
    return true;
}
