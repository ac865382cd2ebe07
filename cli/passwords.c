/* --verify-password: reading the files, and what to say of those that nothing could be held against. */
#include "cli/passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/messages.h"

enum { FILE_MOST = 2048 };

static bool fill(int fd, uint8_t *to, size_t *len)
{
    ssize_t n = 1;

    for (*len = 0; n > 0 && *len<FILE_MOST; *len += n> 0 ? (size_t)n : 0)
        n = read(fd, to + *len, FILE_MOST - *len);
    return n == 0 || *len == FILE_MOST;
}

static void warn_of_mode(int fd, const char *file)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)))
        message("warning: %s can be read by others; chmod 600 it", file);
}

/* The line end that editors and echo leave behind is no part of a password. */
static size_t without_line_end(const uint8_t *text, size_t len)
{
    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len > 0 && text[len - 1] == '\r')
        len--;
    return len;
}

static bool read_file(struct sasl_verifier *verifier, struct bytes identity, const char *file)
{
    bool is_standard_input = strcmp(file, "-") == 0;
    uint8_t text[FILE_MOST];
    size_t len = 0;
    struct err err = { 0 };

    int fd = is_standard_input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        message("--verify-password: %s: %s", file, strerror(errno));
        return false;
    }
    if (!is_standard_input)
        warn_of_mode(fd, file);
    bool ok = fill(fd, text, &len);
    if (!ok)
        message("--verify-password: %s: %s", file, strerror(errno));
    if (!is_standard_input)
        (void)close(fd);
    if (ok) {
        struct bytes password = { text, without_line_end(text, len) };
        ok = sasl_verifier_add(verifier, identity, password, &err);
        if (!ok)
            message("--verify-password: %s", err.text);
    }
    explicit_bzero(text, sizeof text);
    return ok;
}

bool passwords_read(struct sasl_verifier *verifier, const char *text, bool is_stdin_free)
{
    struct bytes all = bytes_of(text);
    size_t equals = bytes_find(all, '=');

    if (equals == SIZE_MAX || equals == 0 || equals + 1 == all.len) {
        message("--verify-password: write IDENTITY=FILE; the password stands in the file, or comes from "
                "standard input with -");
        return false;
    }
    if (!is_stdin_free && strcmp(text + equals + 1, "-") == 0) {
        message("--verify-password: standard input is an input already");
        return false;
    }
    return read_file(verifier, bytes_slice(all, 0, equals), text + equals + 1);
}

void passwords_tell(const struct sasl_verifier *verifier)
{
    struct sasl_candidate_facts facts;

    for (size_t i = 0; sasl_verifier_facts(verifier, i, &facts); i++) {
        int len = (int)facts.identity.len;
        const char *name = (const char *)facts.identity.ptr;
        if (facts.withheld)
            message("--verify-password: %llu logins of %.*s could not be checked: the recording does not "
                    "hold what was sent; give the packets",
                    (unsigned long long)facts.withheld, len, name);
        if (facts.unsupported)
            message("--verify-password: %llu logins of %.*s could not be checked: the mechanism proves no "
                    "password, or the legacy provider of OpenSSL (MD4, DES) is not installed",
                    (unsigned long long)facts.unsupported, len, name);
        if (!facts.withheld && !facts.unsupported && !facts.checked)
            message("--verify-password: no login of %.*s to check", len, name);
    }
}
