#ifndef SOURCE_INPUT_H
#define SOURCE_INPUT_H

#include <stdio.h>

#include "source/decompress.h"
#include "source/source.h"

/* One file, pipe or standard input: recognised by content, read once, as a stream. */

enum input_kind { INPUT_NONE = 0, INPUT_PCAP, INPUT_PCAPNG, INPUT_RECORDING };

struct input {
    struct input_facts facts;
    char *path; /* owned; facts.path points to it */
    enum input_kind kind;
    int fd; /* -1: closed */
    bool is_regular;
    struct decompressor *decompressor; /* NULL: plain */
    uint8_t peeked[16];                /* what was read to recognise it, not handed out yet */
    size_t peeked_len;
    size_t peeked_at;
    FILE *file; /* over all this; closes fd */
    uint64_t stored_read;
};

/* Opens and recognises.  False: facts say what is wrong. */
bool input_open(struct input *input) NODISCARD;
/* Closes what is open; the facts stay, and it can be opened again if it is a regular file. */
void input_close(struct input *input);
void input_fail(struct input *input, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Stored octets read so far. */
uint64_t input_position(const struct input *input);

#endif
