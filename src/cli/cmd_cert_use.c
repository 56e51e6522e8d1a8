/* stirctl cert use: which unit of a certificate signs, chosen by hand, or by stird again. */
#include "switching.h"

#include <string.h>

static const struct cli_option options[] = {
    {"automatic", 'a', NULL, "stird chooses again: the newest that verifiers can fetch", 0},
    SWITCHING_OPTIONS(SWITCHING_IN_LOG),
    {0}};

static int run(const struct cli *cli, const struct words *words)
{
    const bool automatic = words_have(words, 'a');
    if (automatic && words->n == 2)
        return command_fault(&command_cert_use, "name a unit, or --automatic");
    if (automatic)
        return switching_back(cli, &command_cert_use, words, SWITCH_CERTIFICATE, words->word[0]);
    if (words->n < 2)
        return command_fault(&command_cert_use, "which unit? stirctl cert list shows them");
    /* The unit that lies in the directory itself has no name. */
    const char *unit = strcmp(words->word[1], "-") == 0 ? "" : words->word[1];
    return switching_on(cli, &command_cert_use, words, SWITCH_CERTIFICATE, words->word[0], unit);
}

const struct command command_cert_use = {"cert use",
                                         "ID (UNIT " SWITCHING_USAGE " | --automatic)",
                                         "let this unit of a certificate sign, though a newer one "
                                         "is there",
                                         run,
                                         options,
                                         "ID [UNIT]"};
