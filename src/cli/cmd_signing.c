/* stirctl signing off, on and verification off, on: for a time, of one trunk or of all. */
#include "switching.h"

static const struct cli_option off_options[] = {
    {"trunk", 't', "NAME", "of this trunk alone; else of all", 0},
    SWITCHING_OPTIONS(SWITCHING_OF_CALLS),
    {0}};
static const struct cli_option on_options[] = {
    {"trunk", 't', "NAME", "of this trunk; else what was switched off of all", 0}, {0}};

static int run_signing_off(const struct cli *cli, const struct words *words)
{
    return switching_on(cli, &command_signing_off, words, SWITCH_SIGNING, words_value(words, 't'),
                        NULL);
}

static int run_signing_on(const struct cli *cli, const struct words *words)
{
    return switching_back(cli, &command_signing_on, words, SWITCH_SIGNING, words_value(words, 't'));
}

static int run_verification_off(const struct cli *cli, const struct words *words)
{
    return switching_on(cli, &command_verification_off, words, SWITCH_VERIFICATION,
                        words_value(words, 't'), NULL);
}

static int run_verification_on(const struct cli *cli, const struct words *words)
{
    return switching_back(cli, &command_verification_on, words, SWITCH_VERIFICATION,
                          words_value(words, 't'));
}

#define OFF_USAGE "(--for TIME | --until TIME) [--trunk NAME] [--note TEXT]"

const struct command command_signing_off = {
    "signing off",   OFF_USAGE,   "sign no calls until a time: they go on unsigned",
    run_signing_off, off_options, NULL};
const struct command command_signing_on = {"signing on",   "[--trunk NAME]", "sign calls again",
                                           run_signing_on, on_options,       NULL};
const struct command command_verification_off = {
    "verification off",   OFF_USAGE,   "verify no calls until a time: they go on unverified",
    run_verification_off, off_options, NULL};
const struct command command_verification_on = {"verification on",    "[--trunk NAME]",
                                                "verify calls again", run_verification_on,
                                                on_options,           NULL};
