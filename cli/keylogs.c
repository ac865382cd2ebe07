/* Key logs: files, pipes, and what captures bring along. */
#include "cli/keylogs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/messages.h"

enum { BLOCK = 65536 };

struct key_file {
    const char *path;
    int fd; /* -1: read to its end, and not followed */
    bool is_regular;
    uint64_t odd_lines;
    uint64_t secrets;
    struct tls_key_text text;
};

struct keylogs {
    struct tls_keylog *keylog;
    struct key_file files[KEYLOGS_MOST];
    size_t file_count;
    bool is_live;
    struct tls_key_text inside; /* of a capture */
    uint64_t from_captures;
};

static void feed(struct keylogs *keylogs, struct key_file *file, struct bytes octets, bool is_last)
{
    struct tls_keylog_facts before = tls_keylog_facts(keylogs->keylog);

    tls_keylog_feed(keylogs->keylog, &file->text, octets);
    if (is_last)
        tls_keylog_finish(keylogs->keylog, &file->text);
    struct tls_keylog_facts after = tls_keylog_facts(keylogs->keylog);
    file->odd_lines += after.odd_lines - before.odd_lines;
    file->secrets += after.secrets - before.secrets;
}

/* A file that was cut, as when its program starts anew, is read from its beginning. */
static void rewind_if_cut(struct key_file *file)
{
    struct stat status;
    off_t at = file->is_regular ? lseek(file->fd, 0, SEEK_CUR) : 0;

    if (at > 0 && fstat(file->fd, &status) == 0 && status.st_size < at)
        (void)lseek(file->fd, 0, SEEK_SET);
}

/* As far as there is anything.  True if there was; false and `errno` 0 at the end. */
static bool read_file(struct keylogs *keylogs, struct key_file *file)
{
    static uint8_t block[BLOCK];
    bool has_more = false;
    ssize_t n;

    rewind_if_cut(file);
    for (;;) {
        n = read(file->fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        has_more = true;
        feed(keylogs, file, (struct bytes){ block, (size_t)n }, false);
    }
    int reason = n < 0 && errno != EAGAIN ? errno : 0;
    explicit_bzero(block, sizeof block);
    errno = reason;
    return has_more;
}

static bool read_on(void *ctx)
{
    struct keylogs *keylogs = ctx;
    bool has_more = false;

    for (size_t i = 0; i < keylogs->file_count; i++)
        if (keylogs->files[i].fd >= 0)
            has_more = read_file(keylogs, &keylogs->files[i]) || has_more;
    return has_more;
}

static void warn_of_mode(const struct key_file *file, const struct stat *status)
{
    if (S_ISREG(status->st_mode) && (status->st_mode & (S_IRGRP | S_IROTH)))
        message("warning: %s can be read by others; chmod 600 it", file->path);
}

static bool open_file(struct keylogs *keylogs, struct key_file *file, const char *path)
{
    struct stat status;

    file->path = path;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | (keylogs->is_live ? O_NONBLOCK : 0));
    if (file->fd < 0 || fstat(file->fd, &status) != 0) {
        message("--tls-keylog: %s: %s", path, strerror(errno));
        return false;
    }
    file->is_regular = S_ISREG(status.st_mode);
    warn_of_mode(file, &status);
    (void)read_file(keylogs, file);
    if (errno != 0) {
        message("--tls-keylog: %s: %s", path, strerror(errno));
        return false;
    }
    if (keylogs->is_live)
        return true;
    feed(keylogs, file, (struct bytes){ NULL, 0 }, true);
    (void)close(file->fd);
    file->fd = -1;
    return true;
}

struct keylogs *keylogs_open(const struct options *options, struct budget *budget)
{
    struct keylogs *keylogs = calloc(1, sizeof *keylogs);
    struct err err;

    if (keylogs)
        keylogs->keylog = tls_keylog_new(budget, &err);
    if (!keylogs || !keylogs->keylog) {
        free(keylogs);
        message("no memory for a key log");
        return NULL;
    }
    keylogs->is_live = options->capture.device_count > 0;
    for (size_t i = 0; i < options->keylog_count; i++) {
        keylogs->file_count++;
        if (!open_file(keylogs, &keylogs->files[i], options->keylogs[i])) {
            keylogs_free(keylogs);
            return NULL;
        }
    }
    if (keylogs->is_live)
        tls_keylog_ask(keylogs->keylog, read_on, keylogs);
    return keylogs;
}

void keylogs_free(struct keylogs *keylogs)
{
    if (!keylogs)
        return;
    for (size_t i = 0; i < keylogs->file_count; i++)
        if (keylogs->files[i].fd >= 0)
            (void)close(keylogs->files[i].fd);
    tls_keylog_free(keylogs->keylog);
    explicit_bzero(keylogs, sizeof *keylogs);
    free(keylogs);
}

struct tls_keylog *keylogs_secrets(struct keylogs *keylogs)
{
    return keylogs->file_count > 0 || keylogs->from_captures > 0 ? keylogs->keylog : NULL;
}

void keylogs_take(struct keylogs *keylogs, struct bytes text, bool is_last)
{
    uint64_t before = tls_keylog_facts(keylogs->keylog).secrets;

    tls_keylog_feed(keylogs->keylog, &keylogs->inside, text);
    if (is_last)
        tls_keylog_finish(keylogs->keylog, &keylogs->inside);
    keylogs->from_captures += tls_keylog_facts(keylogs->keylog).secrets - before;
}

void keylogs_tell(const struct keylogs *keylogs)
{
    struct tls_keylog_facts facts = tls_keylog_facts(keylogs->keylog);

    for (size_t i = 0; i < keylogs->file_count; i++) {
        const struct key_file *file = &keylogs->files[i];
        if (file->odd_lines)
            message("%s: %llu lines are no lines of a key log", file->path,
                    (unsigned long long)file->odd_lines);
        else if (file->secrets == 0)
            message("%s: no secrets in it that are not known already", file->path);
    }
    if (facts.forgotten)
        message("more secrets than fit into memory (see --memory): %llu were forgotten",
                (unsigned long long)facts.forgotten);
}
