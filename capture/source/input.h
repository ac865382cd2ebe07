#ifndef SOURCE_INPUT_H
#define SOURCE_INPUT_H

#include <stdio.h>
#include <sys/types.h>

#include "source/decompress.h"
#include "source/interfaces.h"
#include "source/source.h"

/* One file, pipe or standard input: recognised by content, read as a stream. */

enum input_kind { INPUT_NONE = 0, INPUT_PCAP, INPUT_PCAPNG, INPUT_RECORDING, INPUT_LOG };

enum { PCAP_HEADER = 24 }; /* octets of a file of pcap ahead of its packets */

struct input {
    struct input_facts facts;
    char *path; /* owned; facts.path points to it */
    enum input_kind kind;
    int fd; /* -1: closed, or opened for each read */
    bool is_regular;
    bool is_unreadable; /* not its content is to blame: nobody knows what it is */
    bool is_wide;       /* a log in UTF-16 */
    bool is_big_endian; /* if it is */
    bool reopens;       /* set before input_open: a regular file then holds no descriptor between reads */
    dev_t device;       /* of a regular file, with its number: the one that was recognised */
    ino_t number;
    struct decompressor *decompressor; /* NULL: plain */
    struct interfaces *interfaces;     /* NULL: not pcapng */
    const struct secret_sink *secrets; /* of a pcapng file; borrowed, or NULL */
    uint8_t peeked[512];               /* what was read to recognise it, not handed out yet: in
                                          pcap the header of the file, and no more */
    size_t peeked_len;
    size_t peeked_at;
    FILE *file;     /* over all this; closes fd.  NULL: closed */
    char *buffer;   /* of `file`, owned */
    uint8_t *ahead; /* owned; read by input_ahead, and handed out by `file` if not skipped */
    size_t ahead_at;
    size_t ahead_len;
    uint64_t streamed; /* octets that `file` has taken, be they read from it or in its buffer */
};

/* Opens and recognises.  False: facts say what is wrong. */
bool input_open(struct input *input) NODISCARD;
/* Closes what is open; the facts stay, and it can be opened again if it is a regular file. */
void input_close(struct input *input);
/* Stored octets of an open, plain, regular file once more, from `at`. */
bool input_look_back(struct input *input, uint64_t at, void *to, size_t len) NODISCARD;
/* What `file` would read next, where it lies: at least `need` octets (up to LIMIT_AHEAD), or fewer at the
 * end.  Borrowed until the next call. */
struct bytes input_read_ahead(struct input *input, size_t need);
static inline struct bytes input_ahead(struct input *input, size_t need)
{
    size_t len = input->ahead_len - input->ahead_at;

    return len >= need ? (struct bytes){ input->ahead + input->ahead_at, len }
                       : input_read_ahead(input, need);
}
static inline void input_skip(struct input *input, size_t len)
{
    input->ahead_at += len;
}
void input_fail(struct input *input, const char *format, ...) __attribute__((format(printf, 2, 3)));
#endif
