/*
 * numbers_texts - the files that a number table is made of, as sources to compile or to lint.
 *
 * Regular files only, no symlink at the last step, not writable by others. They are opened when
 * their turn comes and read in pieces.
 */
#ifndef STIRD_NUMBERS_TEXTS_H
#define STIRD_NUMBERS_TEXTS_H

#include <stird/base/problems.h>
#include <stird/core/numbers.h>

struct numbers_paths {
    /* A compiled table (numbers_image_write()); then there are no lists. */
    struct str compiled;
    const struct str *tables; /* files, or directories: their *.csv in sorted order */
    unsigned n_tables;
    const struct str *customers; /* the same for tables of customers */
    unsigned n_customers;
    enum numbers_two_owners two_owners;
    const struct numbers_judge *judge; /* ids of certificates; NULL: they are not known */
};

struct settings;
/* The tables that the configuration names. */
struct numbers_paths numbers_paths_of(const struct settings *settings);

struct numbers_texts {
    struct buf list; /* struct numbers_source */
    struct problems *problems;
    bool good; /* every path could be read so far */
};
/*
 * Must be ended with numbers_texts_fini() in any case. PROBLEMS is kept, and also takes what is
 * found later, while the sources are read.
 */
void numbers_texts_init(struct numbers_texts *texts, const struct numbers_paths *paths,
                        struct problems *problems);
void numbers_texts_fini(struct numbers_texts *texts);
const struct numbers_source *numbers_texts_sources(const struct numbers_texts *texts, size_t *n);

/* The same rules for a file that is not text: its descriptor, or -1 with a problem. */
int numbers_file_open(struct str path, uint64_t *bytes, struct problems *problems);

#endif
