/* smtpscope: which command, and on with it. */
#include "base/buf.h"
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
    { "report", FOR_REPORT, cmd_report },     { "extract", FOR_EXTRACT, cmd_extract },
    { "explain", FOR_EXPLAIN, cmd_explain },
};

static const struct subcommand *find_command(const char *word)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(commands[i].name, word) == 0)
            return &commands[i];
    return NULL;
}

enum { COMMAND_LINE_MOST = 8192 };

/* In single quotes where a shell would read it as something else. */
static void quote(struct bytes word, struct buf *out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@,+-";
    bool is_plain = word.len > 0;

    for (size_t i = 0; i < word.len; i++)
        is_plain = is_plain && memchr(plain, word.ptr[i], sizeof plain - 1);
    if (is_plain) {
        (void)buf_append(out, word);
        return;
    }
    (void)buf_append_u8(out, '\'');
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '\'')
            (void)buf_append_text(out, "'\\''");
        else
            (void)buf_append_u8(out, word.ptr[i]);
    (void)buf_append_u8(out, '\'');
}

/* Before options are parsed, which moves them about. */
static void keep_command_line(struct buf *line, int argc, char **argv)
{
    buf_init(line, COMMAND_LINE_MOST);
    (void)buf_append_text(line, "smtpscope");
    for (int i = 1; i < argc; i++) {
        (void)buf_append_u8(line, ' ');
        quote(bytes_of(argv[i]), line);
    }
    (void)buf_append_u8(line, '\0');
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
    struct buf line;
    keep_command_line(&line, argc, argv);
    options->command_line = line.ok ? (const char *)line.ptr : NULL;
    int status = run(command ? command : &commands[0], options, argc - skip, argv + skip);
    buf_release(&line);
    free(options);
    return status;
}
