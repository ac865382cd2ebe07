#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/bytes.h"
#include "base/err.h"

/* Packets from files: pcap and pcapng through libpcap, plain or inside gzip, zstd or lz4, several merged in
 * time order.  Recordings and logs among the inputs are handed out as streams of lines. */

struct packet {
    struct bytes data;    /* as captured; borrowed until the next call */
    uint32_t wire_length; /* on the wire; larger than data.len if the snap length cut it */
    uint64_t time_ns;
    int dlt;         /* DLT_* of libpcap */
    uint32_t input;  /* index of its input */
    uint64_t number; /* within its input, from 1 */
};

/* What one input was, for messages and for `summary.inputs`. */
struct input_facts {
    const char *path;        /* as given, or folder/name; "-" for standard input */
    const char *format;      /* "pcap", "pcapng", "recording", "log"; NULL if it could not be told */
    const char *program;     /* that wrote a log: source_note_program; NULL not known */
    const char *compression; /* "gzip", "zstd", "lz4" or NULL */
    uint64_t packets;
    uint64_t bytes; /* of the file, read so far, as stored */
    uint64_t size;  /* of the file as stored; 0 if not known (a pipe) */
    uint64_t snaplen;
    uint64_t first_ns; /* time of its first packet that passed the filter; 0 none */
    uint64_t last_ns;  /* of its last one; 0 until it was read to its end */
    bool is_complete;  /* read to its end, and nothing torn or damaged */
    bool is_torn;      /* only its very last packet is torn, as in a file still being written */
    bool is_failed;    /* could not be opened, or damaged: exit status 3 */
    char problem[768]; /* message for people: file, packet, reason, way out; "" if none */
};

struct source;

/* Where TLS secrets go that stand in captures (pcapng): the text of a key log, in pieces.  Borrowed during
 * the call. */
struct secret_sink {
    void *ctx;
    void (*take)(void *ctx, struct bytes text, bool is_last);
};

struct source_options {
    const char *filter; /* BPF, or NULL */
    bool follows;       /* at the end of the last log: wait for what is written to it */
    /* Whether a text of a folder, of which this is the beginning, is a log; NULL: none is. */
    bool (*is_log)(struct bytes head);
    struct secret_sink secrets; /* copied; `take` NULL: they are passed over */
};

/* Paths are files, folders (every capture, recording or log in them, sorted by name, not recursive) or "-". A
 * path that cannot be read is noted in its facts and does not fail the call.  Fails for a filter that does
 * not compile (err says where), or without memory. */
struct source *source_open(const char *const *paths, size_t count, const struct source_options *options,
                           struct err *err);
void source_free(struct source *source);

/* The next packet in time order over all captures (equal times: in order of inputs).  False at the end of
 * all of them.  Damaged inputs end early and say so in their facts. */
bool source_next(struct source *source, struct packet *out) NODISCARD;

/* The next packets, up to `most`, as far as they lie together in memory: all are borrowed until the next
 * call. How many they are, one at least; 0 at the end of all captures. */
size_t source_next_some(struct source *source, struct packet *out, size_t most) NODISCARD;

/* Inputs that are recordings: call after the packets are done, for each line in turn; false at the end. The
 * view is borrowed until the next call and has no LF. A torn last line is not handed out (is_torn is set).
 * A line longer than LIMIT_EVENT_LINE is skipped and noted. */
bool source_next_line(struct source *source, struct bytes *line, uint32_t *input) NODISCARD;

/* The same for inputs that are text: call after the recordings are done.  A last line without its LF is
 * handed out, and what a line has beyond 64 KiB is not. */
bool source_next_log_line(struct source *source, struct bytes *line, uint32_t *input) NODISCARD;
/* A constant. */
void source_note_program(struct source *source, uint32_t input, const char *program);

size_t source_input_count(const struct source *source);
/* Borrowed until source_free; `bytes` and `packets` grow while reading. */
const struct input_facts *source_input(const struct source *source, size_t index);
/* Notes a problem that the reader of its lines found (a newer schema, a line that is no event). */
void source_note_problem(struct source *source, uint32_t input, bool is_failure, const char *text);
/* Bytes read of all inputs, and their total size; total 0 if not known. */
void source_progress(const struct source *source, uint64_t *done, uint64_t *total);

#endif
