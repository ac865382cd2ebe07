/* smtpscope: which command, and on with it. */
#include "cli/commands.h"
#include "cli/messages.h"

#include <signal.h>
#include <stdlib.h>

struct subcommand {
    const char *name;
    enum command_bit bit;
    int (*run)(const struct options *options);
};

static const struct subcommand commands[] = {
    { "analyze", FOR_ANALYZE, cmd_sessions }, { "show", FOR_SHOW, cmd_sessions },
    { "capture", FOR_CAPTURE, cmd_capture },  { "keygen", FOR_KEYGEN, cmd_keygen },
    { "explain", FOR_EXPLAIN, cmd_explain },
};

static const struct subcommand *find_command(const char *word)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, word) == 0)
            return &commands[i];
    return NULL;
}

static int run(const struct subcommand *command, struct options *options, int argc, char **argv)
{
    options->command = command->bit;
    if (!options_parse(argc, argv, options))
        return EXIT_USAGE;
    if (options->wants_version) {
        version_print();
        return EXIT_DONE;
    }
    if (options->wants_help) {
        help_print(command->bit);
        return EXIT_DONE;
    }
    return command->run(options);
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN); /* a closed pipe is told by write, and ends quietly */
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
        || strcmp(argv[1], "help") == 0) {
        help_print((enum command_bit)0);
        return argc < 2 ? EXIT_USAGE : EXIT_DONE;
    }
    const struct subcommand *command = find_command(argv[1]);
    int skip = command ? 2 : 1;
    struct options *options = calloc(1, sizeof *options);
    if (!options) {
        message("no memory");
        return EXIT_TROUBLE;
    }
    int status = run(command ? command : &commands[0], options, argc - skip, argv + skip);
    free(options);
    return status;
}
