/* Key logs: files, pipes, and what captures bring along. */
#include "cli/keylogs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/messages.h"

enum { BLOCK = 65536, PIPE_BYTES = 1 << 20 /* what an ordinary user may ask for */ };

struct key_file {
    const char *path;
    int fd; /* -1: not there yet, or read to its end and not followed */
    bool is_followed;
    bool is_denied; /* what stands there now may not be opened: told */
    struct stat is; /* what `fd` is */
    uint64_t odd_lines;
    uint64_t secrets;
    struct tls_key_text text;
};

struct keylogs {
    struct tls_keylog *keylog;
    struct key_file files[KEYLOGS_MOST];
    size_t file_count;
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

static void end_line(struct keylogs *keylogs, struct key_file *file)
{
    if (file->text.len > 0)
        feed(keylogs, file, BYTES("\n"), false);
}

/* A file that was cut, as when its program starts anew, is read from its beginning. */
static void rewind_if_cut(struct keylogs *keylogs, struct key_file *file)
{
    struct stat status;
    off_t at = S_ISREG(file->is.st_mode) ? lseek(file->fd, 0, SEEK_CUR) : 0;

    if (at <= 0 || fstat(file->fd, &status) != 0 || status.st_size >= at)
        return;
    (void)lseek(file->fd, 0, SEEK_SET);
    end_line(keylogs, file);
}

/* As far as there is anything.  True if there was; false and `errno` 0 at the end.  A pipe is at its end when
 * nobody writes to it: who comes next begins a line. */
static bool read_file(struct keylogs *keylogs, struct key_file *file)
{
    static uint8_t block[BLOCK];
    bool has_more = false;
    ssize_t n;

    rewind_if_cut(keylogs, file);
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
    if (n == 0 && S_ISFIFO(file->is.st_mode))
        end_line(keylogs, file);
    explicit_bzero(block, sizeof block);
    errno = reason;
    return has_more;
}

static void warn_of_mode(const struct key_file *file)
{
    if (S_ISREG(file->is.st_mode) && (file->is.st_mode & (S_IRGRP | S_IROTH)))
        message("warning: %s can be read by others; chmod 600 it", file->path);
}

static void close_file(struct key_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd);
    file->fd = -1;
}

/* False with `errno`. */
static bool open_file(struct key_file *file)
{
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | (file->is_followed ? O_NONBLOCK : 0));
    if (file->fd < 0)
        return false;
    (void)!fstat(file->fd, &file->is);
    if (S_ISFIFO(file->is.st_mode)) /* who writes must not wait until it is read */
        (void)fcntl(file->fd, F_SETPIPE_SZ, PIPE_BYTES);
    warn_of_mode(file);
    return true;
}

/* The log was moved away, as rotation does, and another one stands in its place, or the first one at all. */
static bool turn_to_new(struct keylogs *keylogs, struct key_file *file)
{
    struct stat there;
    bool has_more = false;

    if (stat(file->path, &there) != 0
        || (file->fd >= 0 && there.st_ino == file->is.st_ino && there.st_dev == file->is.st_dev))
        return false;
    if (file->fd >= 0)
        has_more = read_file(keylogs, file); /* what came before it was moved */
    end_line(keylogs, file);
    close_file(file);
    bool ok = open_file(file);
    if (!ok && !file->is_denied)
        message("--tls-keylog: %s: %s; what comes to it is not read", file->path, strerror(errno));
    file->is_denied = !ok;
    return has_more;
}

static bool read_on(void *ctx)
{
    struct keylogs *keylogs = ctx;
    bool has_more = false;

    for (size_t i = 0; i < keylogs->file_count; i++) {
        struct key_file *file = &keylogs->files[i];
        if (file->is_followed)
            has_more = turn_to_new(keylogs, file) || has_more;
        if (file->fd >= 0)
            has_more = read_file(keylogs, file) || has_more;
    }
    return has_more;
}

void keylogs_read_on(struct keylogs *keylogs)
{
    (void)read_on(keylogs);
}

/* Opens it, and reads what is there.  A log that is followed may be missing as yet. */
static bool add_file(struct keylogs *keylogs, struct key_file *file)
{
    if (!open_file(file)) {
        bool may_come = file->is_followed && errno == ENOENT;
        message("--tls-keylog: %s: %s%s", file->path, strerror(errno),
                may_come ? " as yet: it is waited for" : "");
        return may_come;
    }
    (void)read_file(keylogs, file);
    if (errno != 0) {
        message("--tls-keylog: %s: %s", file->path, strerror(errno));
        return false;
    }
    if (file->is_followed)
        return true;
    feed(keylogs, file, (struct bytes){ NULL, 0 }, true);
    close_file(file);
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
    bool is_live = options->capture.device_count > 0;
    for (size_t i = 0; i < options->keylog_count; i++) {
        keylogs->files[i] =
            (struct key_file){ .path = options->keylogs[i], .fd = -1, .is_followed = is_live };
        keylogs->file_count++;
        if (!add_file(keylogs, &keylogs->files[i])) {
            keylogs_free(keylogs);
            return NULL;
        }
    }
    if (is_live && keylogs->file_count > 0)
        tls_keylog_ask(keylogs->keylog, read_on, keylogs);
    return keylogs;
}

void keylogs_free(struct keylogs *keylogs)
{
    if (!keylogs)
        return;
    for (size_t i = 0; i < keylogs->file_count; i++)
        close_file(&keylogs->files[i]);
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
