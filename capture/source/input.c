/* Opening an input and telling what it is by its first octets. */
#include "source/input.h"

#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BUFFER = 256 * 1024 };

void input_fail(struct input *input, const char *format, ...)
{
    va_list args;

    input->facts.is_failed = true;
    input->facts.is_complete = false;
    va_start(args, format);
    (void)vsnprintf(input->facts.problem, sizeof input->facts.problem, format, args);
    va_end(args);
}

static ptrdiff_t read_stored(void *ctx, void *to, size_t len)
{
    struct input *input = ctx;
    ssize_t n;

    do
        n = read(input->fd, to, len);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        input->stored_read += (uint64_t)n;
    return n;
}

static ptrdiff_t read_plain(struct input *input, void *to, size_t len)
{
    if (input->decompressor)
        return (ptrdiff_t)decompressor_read(input->decompressor, to, len);
    return read_stored(input, to, len);
}

/* What was peeked at comes first. */
static ssize_t cookie_read(void *cookie, char *to, size_t len)
{
    struct input *input = cookie;
    size_t left = input->peeked_len - input->peeked_at;

    if (left == 0)
        return read_plain(input, to, len);
    size_t n = left < len ? left : len;
    memcpy(to, input->peeked + input->peeked_at, n);
    input->peeked_at += n;
    return (ssize_t)n;
}

static int cookie_close(void *cookie)
{
    struct input *input = cookie;
    int result = input->fd > STDIN_FILENO ? close(input->fd) : 0;

    input->fd = -1;
    return result;
}

/* Fills `peeked` as far as there is anything. */
static void peek(struct input *input)
{
    ptrdiff_t n;

    input->peeked_at = 0;
    input->peeked_len = 0;
    while (input->peeked_len < sizeof input->peeked
           && (n = read_plain(input, input->peeked + input->peeked_len,
                              sizeof input->peeked - input->peeked_len))
                  > 0)
        input->peeked_len += (size_t)n;
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
    size_t have = 0, n;

    if (!decompressor) {
        input_fail(input, "%s: no memory to decompress it", input->path);
        return false;
    }
    input->facts.compression = compression_name(compression);
    /* The first refill takes all that was peeked at: afterwards `peeked` is free for plain octets. */
    while (have < sizeof plain
           && (n = decompressor_read(decompressor, plain + have, sizeof plain - have)) > 0)
        have += n;
    input->decompressor = decompressor;
    memcpy(input->peeked, plain, have);
    input->peeked_len = have;
    input->peeked_at = 0;
    return true;
}

/* All magic numbers that libpcap knows for its own formats; the rest it judges itself. */
static enum input_kind kind_of(struct bytes head)
{
    static const uint32_t pcap[] = { 0xa1b2c3d4u, 0xd4c3b2a1u, 0xa1b23c4du, 0x4d3cb2a1u, 0xa1b2cd34u,
                                     0x34cdb2a1u, 0xa1b234cdu, 0xcd34b2a1u, 0xa1e2cb12u, 0x12cbe2a1u };
    struct reader r = reader_over(head);
    uint32_t magic = read_be32(&r);

    if (!r.ok)
        return head.len > 0 && head.ptr[0] == '{' ? INPUT_RECORDING : INPUT_NONE;
    for (size_t i = 0; i < sizeof pcap / sizeof pcap[0]; i++)
        if (magic == pcap[i])
            return INPUT_PCAP;
    if (magic == 0x0a0d0d0au)
        return INPUT_PCAPNG;
    size_t at = 0;
    while (at < head.len && (head.ptr[at] == ' ' || head.ptr[at] == '\n' || head.ptr[at] == '\r'))
        at++;
    return at < head.len && head.ptr[at] == '{' ? INPUT_RECORDING : INPUT_NONE;
}

static bool open_fd(struct input *input)
{
    struct stat status;

    input->fd = strcmp(input->path, "-") == 0 ? STDIN_FILENO : open(input->path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0 || fstat(input->fd, &status) != 0) {
        input_fail(input, "%s: %s", input->path, strerror(errno));
        return false;
    }
    input->is_regular = S_ISREG(status.st_mode) && input->fd != STDIN_FILENO;
    if (S_ISREG(status.st_mode))
        input->facts.size = (uint64_t)status.st_size;
    return true;
}

static bool recognise(struct input *input)
{
    static const char *const formats[] = { NULL, "pcap", "pcapng", "recording" };

    peek(input);
    enum compression compression = compression_of((struct bytes){ input->peeked, input->peeked_len });
    if (compression != COMPRESSION_NONE && !start_decompressor(input, compression))
        return false;
    if (input->peeked_len == 0) {
        const char *problem = input->decompressor ? decompressor_problem(input->decompressor) : NULL;
        if (problem)
            input_fail(input, "%s: %s: %s", input->path, input->facts.compression, problem);
        else
            input_fail(input, "%s: empty", input->path);
        return false;
    }
    input->kind = kind_of((struct bytes){ input->peeked, input->peeked_len });
    input->facts.format = formats[input->kind];
    if (input->kind == INPUT_NONE)
        input_fail(
            input,
            "%s: neither a capture (pcap, pcapng, or one of them in gzip, zstd or lz4) nor a recording",
            input->path);
    return input->kind != INPUT_NONE;
}

/* A plain regular file needs no cookie in between. */
static FILE *open_stream(struct input *input)
{
    cookie_io_functions_t functions = { .read = cookie_read, .close = cookie_close };

    if (input->is_regular && !input->decompressor && lseek(input->fd, 0, SEEK_SET) == 0) {
        FILE *file = fdopen(input->fd, "rb");
        if (file)
            (void)setvbuf(file, NULL, _IOFBF, FILE_BUFFER);
        return file;
    }
    return fopencookie(input, "rb", functions);
}

bool input_open(struct input *input)
{
    input->stored_read = 0;
    if (!open_fd(input))
        return false;
    if (!recognise(input)) {
        input_close(input);
        return false;
    }
    input->file = open_stream(input);
    if (!input->file) {
        input_fail(input, "%s: %s", input->path, strerror(errno));
        input_close(input);
        return false;
    }
    return true;
}

void input_close(struct input *input)
{
    input->facts.bytes = input_position(input);
    if (input->file) {
        (void)fclose(input->file);
        input->file = NULL;
    } else if (input->fd > STDIN_FILENO) {
        (void)close(input->fd);
    }
    input->fd = -1;
    decompressor_free(input->decompressor);
    input->decompressor = NULL;
}

uint64_t input_position(const struct input *input)
{
    if (input->fd < 0)
        return input->facts.bytes;
    if (input->is_regular && !input->decompressor && input->file) {
        off_t at = ftello(input->file);
        return at > 0 ? (uint64_t)at : 0;
    }
    return input->stored_read;
}
