#include "help.h"

#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 20

static void print_summary(const struct command *c)
{
    printf("  %-*s %s\n", NAME_WIDTH, c->name, c->summary);
}

/* Each line of OPTIONS, further in. */
static void print_options(const char *options)
{
    while (options && *options) {
        size_t n = strcspn(options, "\n");
        printf("  %.*s\n", (int)n, options);
        options += n + (options[n] == '\n');
    }
}

void help_of_command(const struct command *c)
{
    printf("usage: stirctl %s%s%s\n\n%s\n", c->name, c->usage[0] ? " " : "", c->usage, c->summary);
    if (c->options)
        putchar('\n');
    print_options(c->options);
    puts("\nOf all commands:\n"
         "  -j, --json             JSON instead of text for people\n"
         "  -c, --config FILE      configuration, in front of the command\n"
         "  -s, --socket FILE      control socket, in front of the command\n"
         "  --help                 this; stirctl(1) says more");
}

static bool is_in_group(const struct command *c, const char *name)
{
    size_t n = strlen(name);
    return strncmp(c->name, name, n) == 0 && c->name[n] == ' ';
}

bool help_of_group(const struct commands *all, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < all->n; i++) {
        if (!is_in_group(all->list[i], name))
            continue;
        if (!found)
            printf("usage: stirctl %s COMMAND ... (stirctl %s COMMAND --help)\n\n", name, name);
        print_summary(all->list[i]);
        found = true;
    }
    return found;
}

void help_of_all(const struct commands *all)
{
    printf("usage: stirctl [-j] [-c FILE] [-s SOCKET] COMMAND ... (stirctl COMMAND --help)\n\n"
           "  -j, --json           JSON instead of text for people\n"
           "  -c, --config FILE    configuration (/etc/stird/stird.conf)\n"
           "  -s, --socket FILE    control socket; else the one of the configuration\n\n");
    for (size_t i = 0; i < all->n; i++)
        print_summary(all->list[i]);
}

/* "--not-before" out of "[--not-before DATE]". */
static void print_option_words(const char *usage)
{
    while ((usage = strstr(usage, "--"))) {
        size_t n = 2 + strspn(usage + 2, "abcdefghijklmnopqrstuvwxyz0123456789-");
        printf(" %.*s", (int)n, usage);
        usage += n;
    }
}

void help_as_list(const struct commands *all)
{
    for (size_t i = 0; i < all->n; i++) {
        fputs(all->list[i]->name, stdout);
        print_option_words(all->list[i]->usage);
        puts(" --help --json");
    }
}

bool help_is_wanted(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}
