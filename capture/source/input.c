/* Opening an input and telling what it is by its first octets. */
#include "source/input.h"

#include "base/limits.h"
#include "source/wide_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_BUFFER = 256 * 1024,
    READ_AHEAD = 64 * 1024 /* at once: what is read is looked at while it is still near */
};

void input_fail(struct input *input, const char *format, ...)
{
    va_list args;

    input->facts.is_failed = true;
    input->facts.is_complete = false;
    va_start(args, format);
    (void)vsnprintf(input->facts.problem, sizeof input->facts.problem, format, args);
    va_end(args);
}

static int open_path(const struct input *input)
{
    return open(input->path, O_RDONLY | O_CLOEXEC);
}

/* The same file as before: rotation may have put another under its name. */
static bool open_again(struct input *input)
{
    struct stat status;

    input->fd = open_path(input);
    if (input->fd < 0)
        return false;
    if (fstat(input->fd, &status) == 0 && status.st_dev == input->device && status.st_ino == input->number)
        return true;
    (void)close(input->fd);
    input->fd = -1;
    errno = ESTALE;
    return false;
}

static ptrdiff_t read_stored(void *ctx, void *to, size_t len)
{
    struct input *input = ctx;
    bool reopens = input->reopens && input->is_regular;
    ssize_t n;

    if (reopens && input->fd < 0 && !open_again(input))
        return -1;
    do
        n = input->is_regular ? pread(input->fd, to, len, (off_t)input->facts.bytes)
                              : read(input->fd, to, len);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        input->facts.bytes += (uint64_t)n;
    if (reopens) {
        int reason = errno;
        (void)close(input->fd);
        input->fd = -1;
        errno = reason;
    }
    return n;
}

bool input_look_back(struct input *input, uint64_t at, void *to, size_t len)
{
    uint64_t read_so_far = input->facts.bytes;

    if (!input->is_regular || input->decompressor)
        return false;
    input->facts.bytes = at;
    bool ok = read_stored(input, to, len) == (ptrdiff_t)len;
    input->facts.bytes = read_so_far;
    return ok;
}

static ptrdiff_t read_plain(struct input *input, void *to, size_t len)
{
    if (input->decompressor)
        return (ptrdiff_t)decompressor_read(input->decompressor, to, len);
    return read_stored(input, to, len);
}

/* What was peeked at comes first. */
static ptrdiff_t read_on(struct input *input, void *to, size_t len)
{
    size_t left = input->peeked_len - input->peeked_at;

    if (left == 0)
        return read_plain(input, to, len);
    size_t n = left < len ? left : len;
    memcpy(to, input->peeked + input->peeked_at, n);
    input->peeked_at += n;
    return (ptrdiff_t)n;
}

struct bytes input_read_ahead(struct input *input, size_t need)
{
    ptrdiff_t n = 1;
    size_t len = input->ahead_len - input->ahead_at;

    if (!input->ahead)
        input->ahead = malloc(LIMIT_AHEAD);
    if (!input->ahead || need > LIMIT_AHEAD)
        return (struct bytes){ NULL, 0 };
    if (len)
        memmove(input->ahead, input->ahead + input->ahead_at, len);
    size_t until = need > READ_AHEAD ? need : READ_AHEAD;
    while (n > 0 && len < need) {
        n = read_on(input, input->ahead + len, until - len);
        len += n > 0 ? (size_t)n : 0;
    }
    input->ahead_at = 0;
    input->ahead_len = len;
    return (struct bytes){ input->ahead, len };
}

static ptrdiff_t read_behind_ahead(struct input *input, void *to, size_t len)
{
    size_t left = input->ahead_len - input->ahead_at;

    if (left == 0)
        return read_on(input, to, len);
    size_t n = left < len ? left : len;
    memcpy(to, input->ahead + input->ahead_at, n);
    input_skip(input, n);
    return (ptrdiff_t)n;
}

static ssize_t cookie_read(void *cookie, char *to, size_t len)
{
    struct input *input = cookie;
    ptrdiff_t n = read_behind_ahead(input, to, len);

    input->streamed += n > 0 ? (uint64_t)n : 0;
    if (n <= 0 || !input->interfaces)
        return n;
    interfaces_pass(input->interfaces, (uint8_t *)to, (size_t)n);
    if (!interfaces_are_too_many(input->interfaces))
        return n;
    errno = EOVERFLOW;
    return -1;
}

static int cookie_close(void *cookie)
{
    struct input *input = cookie;
    int result = input->fd >= 0 && input->fd != STDIN_FILENO ? close(input->fd) : 0;

    input->fd = -1;
    return result;
}

/* How much more of a file that begins with `head` is needed to recognise it: the header of a capture, or the
 * first line of what may be a recording. */
static size_t peek_wants(struct bytes head)
{
    bool is_object = head.len >= PCAP_HEADER && head.ptr[0] == '{' && bytes_find(head, '\n') == SIZE_MAX;
    size_t wanted = is_object ? sizeof((struct input *)NULL)->peeked : PCAP_HEADER;

    return head.len < wanted ? wanted - head.len : 0;
}

/* Fills `peeked` as far as it is needed and there is anything; false for a read error. */
static bool peek(struct input *input)
{
    ptrdiff_t n = 1;
    size_t wanted;

    input->peeked_at = 0;
    input->peeked_len = 0;
    while (n > 0 && (wanted = peek_wants((struct bytes){ input->peeked, input->peeked_len })) > 0) {
        n = read_stored(input, input->peeked + input->peeked_len, wanted);
        input->peeked_len += n > 0 ? (size_t)n : 0;
    }
    return n >= 0;
}

/* Stored octets that were peeked at and turned out to be compressed. */
static ptrdiff_t read_behind_peek(void *ctx, void *to, size_t len)
{
    struct input *input = ctx;
    size_t left = input->peeked_len - input->peeked_at;

    if (left == 0)
        return read_stored(input, to, len);
    size_t n = left < len ? left : len;
    memcpy(to, input->peeked + input->peeked_at, n);
    input->peeked_at += n;
    return (ptrdiff_t)n;
}

static bool start_decompressor(struct input *input, enum compression compression)
{
    struct decompressor *decompressor = decompressor_new(compression, read_behind_peek, input);
    uint8_t plain[sizeof input->peeked];
    size_t have = 0, wanted, n;

    if (!decompressor) {
        input->is_unreadable = true;
        input_fail(input, "%s: no memory to decompress it", input->path);
        return false;
    }
    input->facts.compression = compression_name(compression);
    /* The first refill takes all that was peeked at: afterwards `peeked` is free for plain octets. */
    while ((wanted = peek_wants((struct bytes){ plain, have })) > 0
           && (n = decompressor_read(decompressor, plain + have, wanted)) > 0)
        have += n;
    input->decompressor = decompressor;
    memcpy(input->peeked, plain, have);
    input->peeked_len = have;
    input->peeked_at = 0;
    return true;
}

/* Lines of text have no control characters but these; what is beyond ASCII may be a name. */
static bool is_text(struct bytes head)
{
    static const uint8_t allowed[] = { '\t', '\n', '\r', '\b', '\f', 0x1b };

    for (size_t i = 0; i < head.len; i++)
        if (head.ptr[i] == 0x7f || (head.ptr[i] < 0x20 && !memchr(allowed, head.ptr[i], sizeof allowed)))
            return false;
    return head.len >= 4; /* less may be the begin of anything */
}

/* The value of `key` in the object that `text` begins with, as far as it goes, without its quotes. */
static bool find_value(struct bytes text, const char *key, struct bytes *out)
{
    size_t len = strlen(key);
    const uint8_t *hit = text.len ? memmem(text.ptr, text.len, key, len) : NULL;

    if (!hit)
        return false;
    struct bytes rest = bytes_trim(bytes_from(text, (size_t)(hit - text.ptr) + len));
    if (rest.len > 0 && rest.ptr[0] != ':')
        return false;
    rest = bytes_trim(bytes_from(rest, 1));
    rest = bytes_from(rest, 1);
    *out = bytes_slice(rest, 0, bytes_find(rest, '"'));
    return true;
}

/* Every line of a recording has its type, and most the session that they are of.  Other objects in JSON may
 * each be a line of a log. */
static bool begins_recording(struct bytes head)
{
    static const char *const types[] = { "recording", "stats", "attempts" };
    struct bytes type, session;

    if (head.len == 0 || head.ptr[0] != '{')
        return false;
    bool is_torn = bytes_find(head, '\n') == SIZE_MAX && head.len < 8;
    head = bytes_slice(head, 0, bytes_find(head, '\n'));
    if (!find_value(head, "\"type\"", &type))
        return is_torn; /* before it could be told */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (bytes_equal(type, bytes_slice(bytes_of(types[i]), 0, type.len)))
            return true;
    return find_value(head, "\"session\"", &session);
}

/* All magic numbers that libpcap knows for its own formats; the rest it judges itself. */
static enum input_kind kind_of(struct bytes head)
{
    static const uint32_t pcap[] = { 0xa1b2c3d4u, 0xd4c3b2a1u, 0xa1b23c4du, 0x4d3cb2a1u, 0xa1b2cd34u,
                                     0x34cdb2a1u, 0xa1b234cdu, 0xcd34b2a1u, 0xa1e2cb12u, 0x12cbe2a1u };
    struct reader r = reader_over(head);
    bool is_big_endian;
    uint32_t magic = read_be32(&r); /* 0, which is none, if there are not even four */

    for (size_t i = 0; i < sizeof pcap / sizeof pcap[0]; i++)
        if (magic == pcap[i])
            return INPUT_PCAP;
    if (magic == 0x0a0d0d0au)
        return INPUT_PCAPNG;
    size_t at = 0;
    while (at < head.len && strchr(" \t\r\n", head.ptr[at]) && head.ptr[at])
        at++;
    if (begins_recording(bytes_from(head, at)))
        return INPUT_RECORDING;
    return is_text(head) || wide_text_is(head, &is_big_endian) ? INPUT_LOG : INPUT_NONE;
}

static bool open_fd(struct input *input)
{
    struct stat status;

    input->fd = strcmp(input->path, "-") == 0 ? STDIN_FILENO : open_path(input);
    if (input->fd < 0 || fstat(input->fd, &status) != 0) {
        input->is_unreadable = true;
        input_fail(input, "%s: %s", input->path, strerror(errno));
        return false;
    }
    input->is_regular = S_ISREG(status.st_mode) && input->fd != STDIN_FILENO;
    input->device = status.st_dev;
    input->number = status.st_ino;
    if (S_ISREG(status.st_mode))
        input->facts.size = (uint64_t)status.st_size;
    return true;
}

/* What is none of our formats, or not even readable, in words. */
static void tell_unrecognised(struct input *input, const char *problem)
{
    if (problem)
        input_fail(input, "%s: %s%s%s", input->path, input->facts.compression ? input->facts.compression : "",
                   input->facts.compression ? ": " : "", problem);
    else if (input->peeked_len == 0)
        input_fail(input, "%s: empty%s", input->path,
                   input->facts.compression ? " when unpacked" : ": there is no capture in it");
    else
        input_fail(input,
                   "%s: neither a capture (pcap, pcapng, or one of them in gzip, zstd or lz4), nor a "
                   "recording, nor text",
                   input->path);
}

static bool recognise(struct input *input)
{
    static const char *const formats[] = { NULL, "pcap", "pcapng", "recording", "log" };
    const char *problem = peek(input) ? NULL : strerror(errno);
    enum compression compression = compression_of((struct bytes){ input->peeked, input->peeked_len });

    if (compression != COMPRESSION_NONE) {
        if (!start_decompressor(input, compression))
            return false;
        problem = decompressor_problem(input->decompressor);
    }
    input->kind = kind_of((struct bytes){ input->peeked, input->peeked_len });
    input->is_wide =
        input->kind == INPUT_LOG
        && wide_text_is((struct bytes){ input->peeked, input->peeked_len }, &input->is_big_endian);
    input->facts.format = formats[input->kind];
    input->is_unreadable = problem && input->kind == INPUT_NONE;
    if (input->kind == INPUT_NONE)
        tell_unrecognised(input, problem);
    return input->kind != INPUT_NONE;
}

/* libpcap and stdio share the stream with no other thread, so that it needs no locks. */
static bool open_stream(struct input *input)
{
    cookie_io_functions_t functions = { .read = cookie_read, .close = cookie_close };

    input->buffer = malloc(FILE_BUFFER);
    input->interfaces = input->kind == INPUT_PCAPNG ? interfaces_new(input->secrets) : NULL;
    if (!input->buffer || (input->kind == INPUT_PCAPNG && !input->interfaces))
        return false;
    input->file = fopencookie(input, "rb", functions);
    if (!input->file)
        return false;
    (void)setvbuf(input->file, input->buffer, _IOFBF, FILE_BUFFER); /* without a buffer the size is ignored */
    (void)__fsetlocking(input->file, FSETLOCKING_BYCALLER);
    return true;
}

bool input_open(struct input *input)
{
    input->facts.bytes = 0;
    if (!open_fd(input))
        return false;
    if (recognise(input)) {
        if (open_stream(input))
            return true;
        input->is_unreadable = true;
        input_fail(input, "%s: no memory to read it", input->path);
    }
    input_close(input);
    return false;
}

void input_close(struct input *input)
{
    if (input->file)
        (void)fclose(input->file); /* and with it the descriptor */
    else
        (void)cookie_close(input);
    input->file = NULL;
    free(input->buffer);
    input->buffer = NULL;
    free(input->ahead);
    input->ahead = NULL;
    input->ahead_at = 0;
    input->ahead_len = 0;
    interfaces_free(input->interfaces);
    input->interfaces = NULL;
    decompressor_free(input->decompressor);
    input->decompressor = NULL;
}
