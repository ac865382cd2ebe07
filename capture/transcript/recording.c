/* Where a recording goes: standard output, a file, a new file in a folder. */
#include "transcript/recording.h"

#include "base/timestamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_TRIED = 1000 };

struct recording {
    int fd;
    bool is_ours; /* to be closed */
    char *path;
    int error;       /* errno of the first failed write */
    uint64_t lost;   /* lines after it */
    uint64_t offset; /* bytes written */
};

/* 2026-11-24T130000Z: sorts by time, and no file system minds it. */
static void format_start(uint64_t start_ns, char out[TIMESTAMP_TEXT])
{
    char text[TIMESTAMP_TEXT];
    struct timespec now;
    size_t at = 0;

    if (start_ns == 0 && clock_gettime(CLOCK_REALTIME, &now) == 0)
        start_ns = (uint64_t)now.tv_sec * NS_PER_SECOND;
    (void)timestamp_format(start_ns, text);
    for (size_t i = 0; text[i] && text[i] != '.'; i++)
        if (text[i] != ':')
            out[at++] = text[i];
    out[at++] = 'Z';
    out[at] = '\0';
}

static bool open_in_folder(struct recording *recording, const char *folder, uint64_t start_ns)
{
    char start[TIMESTAMP_TEXT];

    format_start(start_ns, start);
    for (unsigned i = 0; i < NAMES_TRIED; i++) {
        char *path = NULL, suffix[16] = "";
        if (i > 0)
            (void)snprintf(suffix, sizeof suffix, "-%u", i);
        if (asprintf(&path, "%s/%s%s.smtpscope.jsonl", folder, start, suffix) < 0) {
            errno = ENOMEM;
            return false;
        }
        free(recording->path);
        recording->path = path;
        recording->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (recording->fd >= 0 || errno != EEXIST)
            break;
    }
    return recording->fd >= 0;
}

/* An older recording is replaced; nothing else is. */
static bool open_file(struct recording *recording)
{
    struct stat status;

    recording->fd = open(recording->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (recording->fd < 0)
        return false;
    if (fstat(recording->fd, &status) != 0)
        return false;
    if (S_ISREG(status.st_mode)) /* not all file systems have modes to change */
        return (fchmod(recording->fd, 0600) == 0 || errno == EPERM || errno == ENOTSUP)
               && ftruncate(recording->fd, 0) == 0;
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) /* nothing in them can be overwritten */
        return true;
    errno = EINVAL;
    return false;
}

static bool open_path(struct recording *recording, const char *path, uint64_t start_ns)
{
    struct stat status;

    if (strcmp(path, "-") == 0) {
        recording->fd = STDOUT_FILENO;
        return true;
    }
    recording->is_ours = true;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))
        return open_file(recording);
    return open_in_folder(recording, path, start_ns);
}

static void free_recording(struct recording *recording)
{
    if (recording->is_ours && recording->fd >= 0)
        (void)close(recording->fd);
    free(recording->path);
    free(recording);
}

struct recording *recording_open(const char *path, const struct recording_head *head, struct err *err)
{
    struct recording *recording = calloc(1, sizeof *recording);

    if (recording) {
        recording->fd = -1;
        recording->path = strdup(strcmp(path, "-") == 0 ? "standard output" : path);
    }
    if (!recording || !recording->path) {
        free(recording);
        (void)err_set(err, ERR_NOMEM, 0, "no memory for a recording");
        return NULL;
    }
    if (open_path(recording, path, head->start_ns))
        return recording;
    int error = errno;
    (void)err_set(err, ERR_IO, (uint64_t)error, "%s: %s; name a file, a folder or -", recording->path,
                  error == EINVAL ? "not a file that can be written" : strerror(error));
    free_recording(recording);
    return NULL;
}

/* At once, so that a killed recorder loses at most the line that it was writing. */
void recording_write(struct recording *recording, struct bytes lines)
{
    while (lines.len > 0 && !recording->error) {
        ssize_t n = write(recording->fd, lines.ptr, lines.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            recording->error = n < 0 ? errno : EIO;
            break;
        }
        lines = bytes_from(lines, (size_t)n);
        recording->offset += (uint64_t)n;
    }
    for (size_t lf; (lf = bytes_find(lines, '\n')) != SIZE_MAX; lines = bytes_from(lines, lf + 1))
        recording->lost++;
}

bool recording_close(struct recording *recording, struct err *err)
{
    bool ok = true;

    if (recording->is_ours && close(recording->fd) != 0 && !recording->error)
        recording->error = errno;
    recording->fd = -1;
    if (recording->error)
        ok = err_set(err, ERR_IO, (uint64_t)recording->error, "%s: %s after %llu bytes; %llu lines are lost",
                     recording->path, strerror(recording->error), (unsigned long long)recording->offset,
                     (unsigned long long)recording->lost);
    free_recording(recording);
    return ok;
}
