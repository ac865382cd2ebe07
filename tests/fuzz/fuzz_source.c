/* Arbitrary octets as a file: recognised, unpacked, read as packets or lines.  Holds the promises of
 * source.h. */
#include "base/limits.h"
#include "source/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENOUGH = 100000 }; /* a bomb need not be read to its end here */

static void check(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static uint64_t read_packets(struct source *source)
{
    struct packet packet;
    uint64_t count = 0, sum = 0;

    while (count < ENOUGH && source_next(source, &packet)) {
        check(packet.number == ++count, "packets are numbered from 1");
        check(packet.data.len <= LIMIT_SNAPLEN, "no packet beyond the limit");
        for (size_t i = 0; i < packet.data.len; i += 64)
            sum += packet.data.ptr[i];
    }
    return sum != 1 ? count : count + 0; /* the sum keeps the reads */
}

static void read_lines(struct source *source)
{
    struct bytes line;
    uint32_t input;

    for (size_t count = 0; count < ENOUGH && source_next_line(source, &line, &input); count++) {
        check(input == 0, "one input");
        check(bytes_find(line, '\n') == SIZE_MAX, "lines are cut at LF");
        check(line.len <= LIMIT_EVENT_LINE, "no line beyond the limit");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct source_options options = { .filter = size % 4 == 3 ? "tcp" : NULL };
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    check(fd >= 0 && write(fd, data, size) == (ssize_t)size, "a file in memory");
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const char *paths[] = { path };
    struct source *source = source_open(paths, 1, &options, NULL);
    check(source != NULL, "any file opens");
    uint64_t packets = options.filter ? 0 : read_packets(source);
    read_lines(source);
    const struct input_facts *facts = source_input(source, 0);
    check(!(facts->is_torn && facts->is_failed) || !facts->is_complete, "facts agree");
    check(!facts->is_failed || facts->problem[0], "a failure has a message");
    check(!facts->is_complete || (!facts->is_failed && !facts->is_torn), "whole is not damaged");
    check(options.filter || packets <= facts->packets, "packets are counted");
    source_free(source);
    (void)close(fd);
    return 0;
}
