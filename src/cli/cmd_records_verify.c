/* Whether all lines of the record files are there, unchanged and in their order. */
#include "json_text.h"
#include "record_check.h"
#include "record_files.h"

#include <stdio.h>
#include <stird/io/record_chain.h>
#include <string.h>

static const struct cli_option options[] = {
    {"head", 'd', "HASH", "whether the chain has this line, which the log named as its head", 0},
    {0}};

static int run(const struct cli *cli, const struct words *words)
{
    const char *head = words_value(words, 'd');
    json_t *told = NULL;
    struct record_file_names names;
    if (head && strlen(head) != CHAIN_HASH_TEXT)
        return command_fault(&command_records_verify, "--head is 64 hexadecimal digits");
    if (!record_files_of(&names, cli, words->n, words->word))
        return EXIT_FAILURE;
    bool good = record_check(cli, &names, head, cli->json ? &told : NULL);
    if (cli->json)
        json_print(told);
    record_files_free(&names);
    return good && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command command_records_verify = {
    "records verify",
    "[--head HASH] [FILE ...]",
    "find changed, missing or moved lines in the record files, and show gaps",
    run,
    options,
    "[FILE ...]"};
