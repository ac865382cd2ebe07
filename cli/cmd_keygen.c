/* keygen: a pair of keys for --secrets seal. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/messages.h"
#include "transcript/seal.h"

/* A new file, never over another one: an old key may still be needed. */
static bool write_key(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    size_t len = strlen(text);
    bool ok = fd >= 0 && write(fd, text, len) == (ssize_t)len;

    int error = errno;
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    if (!ok)
        message("%s: %s", path, strerror(error));
    return ok;
}

int cmd_keygen(const struct options *options)
{
    char public_key[SEAL_KEY_TEXT], secret_key[SEAL_KEY_TEXT], public_path[4096];
    struct err err = { 0 };

    if (!options->output || options->input_count > 0) {
        message("where does the secret key go? -o FILE; the public one goes to FILE.pub and standard output");
        return EXIT_USAGE;
    }
    if (snprintf(public_path, sizeof public_path, "%s.pub", options->output) >= (int)sizeof public_path)
        return EXIT_USAGE;
    if (!seal_make_keys(public_key, secret_key, &err)) {
        message("%s", err.text);
        return EXIT_TROUBLE;
    }
    bool ok = write_key(options->output, secret_key, 0600) && write_key(public_path, public_key, 0644);
    memset(secret_key, 0, sizeof secret_key);
    if (ok)
        (void)fputs(public_key, stdout);
    return ok ? EXIT_DONE : EXIT_TROUBLE;
}
