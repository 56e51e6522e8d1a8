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
    struct record_file_names names;
    if (head && strlen(head) != CHAIN_HASH_TEXT)
        return command_fault(&command_records_verify, "--head is 64 hexadecimal digits");
    if (!record_files_of(&names, cli, words->n, words->word))
        return EXIT_FAILURE;
    struct record_check check = {.head = head, .quiet = cli->json};
    record_check_run(&check, cli, &names);
    if (cli->json)
        json_print(json_incref(check.json));
    else
        fwrite(check.text.p, 1, check.text.n, stdout);
    const bool good = check.good && !buf_failed(&check.text);
    record_check_fini(&check);
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
