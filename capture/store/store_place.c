/* The file or folder on disk: who may write there, what files are called, and that a line is there whole or
 * not. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "store/store_internal.h"

enum { NAMES_TRIED = 1000 };

/* Whoever can write to the folder could put a link there, or take a recording away.  A sticky one (/tmp) too:
 * what is there already was put by others. */
bool place_check_folder(int folder)
{
    struct stat status;

    if (fstat(folder, &status) != 0)
        return false;
    bool is_foreign = status.st_uid != geteuid() && status.st_uid != 0;
    if (!is_foreign && !(status.st_mode & S_IWOTH)
        && (!(status.st_mode & S_IWGRP) || status.st_gid == getegid()))
        return true;
    errno = EPERM;
    return false;
}

static bool open_folder(struct place *place)
{
    place->folder = open(place->options.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place->folder < 0)
        return false;
    if (place_check_folder(place->folder))
        return true;
    int reason = errno;
    (void)close(place->folder);
    place->folder = -1;
    errno = reason;
    return false;
}

/* A file of somebody else's may have been put there to be read.  Root replaces one where only its owner could
 * have put it. */
static bool may_be_planted(const char *path, uid_t owner)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    struct stat status;

    if (owner == geteuid())
        return false;
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    return geteuid() != 0 || stat(folder, &status) != 0 || (status.st_mode & S_IWOTH);
}

/* An older recording is replaced; nothing else is, nor through a link.  Opened again, it goes on where it
 * ends. */
static bool open_file(struct place *place, bool is_again)
{
    struct stat status;

    is_again = is_again || place->options.appends;
    place->file =
        open(place->options.path,
             O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | (is_again ? O_APPEND : 0), 0600);
    if (place->file < 0 || fstat(place->file, &status) != 0)
        return false;
    if (S_ISREG(status.st_mode) && may_be_planted(place->options.path, status.st_uid)) {
        errno = EEXIST;
        return false;
    }
    place->written = 0;
    if (S_ISREG(status.st_mode) && is_again) {
        off_t end = lseek(place->file, 0, SEEK_END);
        place->written = end > 0 ? (uint64_t)end : 0;
        return end >= 0;
    }
    if (S_ISREG(status.st_mode)) /* not all file systems have modes to change */
        return (fchmod(place->file, 0600) == 0 || errno == EPERM || errno == ENOTSUP)
               && ftruncate(place->file, 0) == 0;
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) /* nothing in them can be overwritten */
        return true;
    errno = EINVAL;
    return false;
}

static const char *reason_of(int error)
{
    switch (error) {
    case ELOOP:
        return "it is a symbolic link, and nothing is written through one";
    case EPERM:
        return "others can write to this folder; `chmod go-w`, and let it belong to who records";
    case ENOTDIR:
        return "there is no such folder; `mkdir -m 700` makes one";
    case EEXIST:
        return "a file of somebody else's has this name, and may have been put there to be read";
    case EINVAL:
        return "not a file that can be written";
    default:
        return strerror(error);
    }
}

static bool is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

bool place_open(struct place *place, struct err *err)
{
    const char *path = place->options.path;
    struct stat status;

    if (strcmp(path, "-") == 0) {
        place->is_standard = true;
        place->file = STDOUT_FILENO;
        return true;
    }
    place->is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    errno = is_link(path) ? ELOOP : place->names_folder && !place->is_folder ? ENOTDIR : 0;
    if (errno == 0 && (place->is_folder ? open_folder(place) : open_file(place, false)))
        return true;
    int error = errno;
    return err_set(err, ERR_IO, (uint64_t)error, "%s: %s; name a file, a folder or -", path,
                   reason_of(error));
}

/* 2026-11-24T130000Z: sorts by time, and no file system minds it. */
static void format_start(uint64_t start_ns, char out[TIMESTAMP_TEXT])
{
    char text[TIMESTAMP_TEXT];
    size_t at = 0;

    (void)timestamp_format(start_ns, text);
    for (size_t i = 0; text[i] && text[i] != '.'; i++)
        if (text[i] != ':')
            out[at++] = text[i];
    out[at++] = 'Z';
    out[at] = '\0';
}

static bool is_packed(const struct place *place)
{
    char packed[STORE_NAME + 8];
    struct stat status;

    (void)snprintf(packed, sizeof packed, "%s.zst", place->name);
    return fstatat(place->folder, packed, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A name is also taken by a file that was packed already; asked again once the new file is there, because the
 * keeper may have packed the other and removed it since: packed in its turn, the new one would replace it. -1
 * with errno. */
static int create_new(const struct place *place)
{
    bool is_taken = is_packed(place);
    int file = is_taken ? -1
                        : openat(place->folder, place->name,
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (file >= 0 && is_packed(place)) {
        (void)unlinkat(place->folder, place->name, 0);
        (void)close(file);
        file = -1;
        is_taken = true;
    }
    if (is_taken)
        errno = EEXIST;
    return file;
}

/* Locked until it is closed, nobody packs or removes it.  A keeper that was quicker has it for a moment: then
 * it has gone, for an empty file is none. */
static bool claim(int file)
{
    struct stat status;

    while (flock(file, LOCK_EX) != 0 && errno == EINTR)
        continue;
    return fstat(file, &status) != 0 || status.st_nlink > 0;
}

static bool create_in_folder(struct place *place, uint64_t start_ns)
{
    char start[TIMESTAMP_TEXT];

    format_start(start_ns, start);
    errno = EEXIST;
    for (unsigned i = 0; i < NAMES_TRIED && place->file < 0 && errno == EEXIST; i++) {
        char suffix[16] = "";
        if (i > 0)
            (void)snprintf(suffix, sizeof suffix, "_%03u", i);
        (void)snprintf(place->name, sizeof place->name, "%s%s%s", start, suffix, place->options.suffix);
        while ((place->file = create_new(place)) >= 0 && !claim(place->file))
            (void)close(place->file);
    }
    return place->file >= 0;
}

/* So that the name itself survives a power cut. */
static void sync_folder(const struct place *place)
{
    if (place->options.is_synced && place->folder >= 0)
        (void)fsync(place->folder);
}

/* Standard output may be a pipe that somebody else has told not to block. */
static bool wait_for_room(int file)
{
    struct pollfd polled = { .fd = file, .events = POLLOUT };

    return poll(&polled, 1, -1) == 1 || errno == EINTR;
}

static bool write_from(int file, struct bytes bytes, size_t *done)
{
    while (*done < bytes.len) {
        ssize_t n = write(file, bytes.ptr + *done, bytes.len - *done);
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(file))))
            continue;
        if (n <= 0) {
            errno = n < 0 ? errno : EIO;
            return false;
        }
        *done += (size_t)n;
    }
    return true;
}

/* Behind the last line that went whole: what cannot be finished is taken back, where it is a file.  What
 * stays. */
static size_t take_back(struct place *place, struct bytes bytes, size_t done)
{
    size_t whole = done;

    if (place->options.is_binary)
        whole = 0;
    while (whole > 0 && bytes.ptr[whole - 1] != '\n')
        whole--;
    place->written += whole;
    int error = errno;
    off_t end = lseek(place->file, 0, SEEK_CUR) - (off_t)(done - whole); /* what was there before stays */
    if (done > whole && end >= 0 && ftruncate(place->file, end) == 0)
        (void)lseek(place->file, end, SEEK_SET);
    errno = error;
    return whole;
}

bool place_write(struct place *place, struct bytes bytes, size_t *kept)
{
    size_t done = 0;

    *kept = 0;
    if (place->file < 0 && !place_reopen(place))
        return false;
    if (!write_from(place->file, bytes, &done)) {
        *kept = take_back(place, bytes, done);
        return false;
    }
    place->written += bytes.len;
    return !place->options.is_synced || fdatasync(place->file) == 0 || errno == EINVAL || errno == EROFS;
}

/* The first line again, where there is no folder. */
static bool write_head(struct place *place, struct bytes head)
{
    size_t kept;

    return place_write(place, head, &kept);
}

static bool begin_file(struct place *place)
{
    size_t done = 0;

    if (place->folder < 0 && !open_folder(place))
        return false;
    if (!create_in_folder(place, place->start_ns))
        return false;
    place->files++;
    place->written = 0;
    if (!write_from(place->file, buf_bytes(&place->head), &done)) {
        int error = errno; /* a file without its head is none */
        (void)unlinkat(place->folder, place->name, 0);
        (void)close(place->file);
        place->file = -1;
        errno = error;
        return false;
    }
    place->written = done;
    sync_folder(place);
    return true;
}

bool place_finish(struct place *place)
{
    if (place->file < 0 || place->is_standard)
        return true;
    if (place->options.is_synced)
        (void)fdatasync(place->file);
    bool ok = close(place->file) == 0;
    place->file = -1;
    sync_folder(place);
    return ok;
}

bool place_cut(struct place *place, uint64_t start_ns, struct bytes head)
{
    buf_clear(&place->head);
    (void)buf_append(&place->head, head);
    place->start_ns = start_ns;
    if (!place->is_folder)
        return place->file >= 0 && write_head(place, head);
    bool ok = place_finish(place);
    return begin_file(place) && ok;
}

bool place_is_lost(const struct place *place)
{
    struct stat status;

    return !place->is_standard && place->file >= 0 && fstat(place->file, &status) == 0
           && status.st_nlink == 0;
}

bool place_reopen(struct place *place)
{
    if (place->is_standard)
        return true;
    if (!place->is_folder) {
        if (place->file >= 0)
            (void)close(place->file);
        return open_file(place, true) && (place->written > 0 || write_head(place, buf_bytes(&place->head)));
    }
    bool was_lost = place_is_lost(place);
    (void)!place_finish(place);
    if (was_lost || place->folder < 0) { /* perhaps the folder itself has gone, and another is there */
        if (place->folder >= 0)
            (void)close(place->folder);
        place->folder = -1;
    }
    if (begin_file(place))
        return true;
    if (errno == ENOENT && place->folder >= 0) {
        (void)close(place->folder);
        place->folder = -1;
        errno = ENOENT;
    }
    return false;
}

void place_release(struct place *place)
{
    if (place->file >= 0 && !place->is_standard)
        (void)close(place->file);
    if (place->folder >= 0)
        (void)close(place->folder);
    buf_release(&place->head);
}
