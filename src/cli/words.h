/*
 * words - what stands behind a command, read by its table of options: the one reader of them for
 * all commands, and for what stands in front. As getopt_long() has it: options anywhere among the
 * words, --name=VALUE, names cut short where they stay clear, -oFILE, and none behind "--".
 * Stricter in this: an option is never the value of another; what looks like an option is no file's
 * name, except behind =; and what may be given once is not given twice.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stird/base/buf.h>

struct command;

/* A table of them ends with one without a name. */
struct cli_option {
    const char *name;  /* "trunk": --trunk */
    int letter;        /* by which the command knows it */
    const char *value; /* what follows: "FROM TO", "FILE ..." (up to the next option); or NULL */
    const char *help;  /* NULL: told nowhere */
    unsigned flags;
};
#define OPTION_SHORT  1u /* -LETTER is it, too */
#define OPTION_NEEDED 2u
#define OPTION_AGAIN  4u /* it may be there several times */

struct given {
    int letter;
    char **value; /* those of the option; a word each */
    int n;
};

struct words {
    char **word; /* what is no option */
    int n;
    struct given *given; /* in their order */
    size_t n_given;
    /* What all commands take. */
    bool json, help, version;
    const char *configuration, *socket; /* NULL: not given */
    struct buf fault;                   /* the first; empty: none */
};

/*
 * Reads N words by the table OPTIONS (NULL: none of its own). STOPS: at the first that is no
 * option; else all. Returns how many were read; -1: no memory. What is wrong is in `fault`, and is
 * no end of reading: a script that asked for JSON, and who asked for help, are understood all the
 * same. WORDS begin as zeros, and may be read into again; to be ended with words_fini().
 */
int words_read(struct words *words, const struct cli_option *options, int n, char **list,
               bool stops);
/* Too few or too many for COMMAND, or an option that is needed: into `fault`, if it is the first.
 */
void words_check(struct words *words, const struct command *command);
void words_fini(struct words *words);

/* The first value of the option that was given last; NULL: it was not given. */
const char *words_value(const struct words *words, int letter);
bool words_have(const struct words *words, int letter);

/* "-o, --output FILE", for people. */
void words_option_text(struct buf *out, const struct cli_option *option);
/* What stands in front of the command, or behind it. */
extern const struct cli_option words_common[];

#endif
