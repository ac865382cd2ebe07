#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/buf.h"
#include "base/err.h"

/* Where a recorder's lines go: standard output, a file, or a folder of files that follow one another.  A
 * thread of its own writes them, so that a slow or full disk never holds up the packets; what waits for it is
 * bounded, and what does not fit, or could not be written, is counted.
 *
 * In a folder a file is named by the time at which it begins.  While it grows it is plain, so that a killed
 * recorder leaves all but the line it was writing; when it is closed it is compressed beside itself and
 * renamed, so that there is always exactly one whole file of a name.  Files have mode 0600; nothing is
 * written through a symbolic link, nor into a folder in which others could plant one. */

struct store_options {
    const char *path;    /* "-", a file, or a folder */
    const char *suffix;  /* of files in a folder: ".smtpscope.jsonl" */
    bool is_compressed;  /* zstd, once a file of a folder is closed */
    bool is_synced;      /* to the disk before more is written */
    bool is_binary;      /* no lines: what is put at once is one */
    bool appends;        /* to a file that is there: a monitor reads on, and its mode stays */
    bool waits;          /* for room, in place of losing lines: packets from files can wait */
    uint64_t keep_bytes; /* of all files of ours in the folder, the oldest go first; 0: no end */
    uint64_t keep_ns;    /* by the time in their names; 0: no end */
};

struct store_counters {
    uint64_t bytes;   /* written, before compression */
    uint64_t lines;   /* put */
    uint64_t lost;    /* of them, not written: the disk failed, or too many waited */
    uint64_t files;   /* begun */
    uint64_t removed; /* for the quota */
    bool is_failing;  /* now */
    int error;        /* errno of the newest failure */
};

struct store;

/* Checks the place, and opens what can be opened; store_start begins to write.  NULL: err says what and why.
 */
struct store *store_open(const struct store_options *options, struct err *err);
/* Starts the thread: after privileges were dropped, which each thread has by itself. */
bool store_start(struct store *store, struct err *err) NODISCARD;

/* What follows goes to a new file, of this time, with `head` as its first line. In a place that is no folder
 * only the first counts. */
void store_cut(struct store *store, uint64_t start_ns, struct bytes head);
/* Whole lines, or whole blocks: what is put at once is written or lost at once. */
void store_put(struct store *store, struct bytes lines);
/* Closes and opens the file again by its name (a file that a log rotation has moved away), with the last
 * head. */
void store_reopen(struct store *store);
/* Whether cutting makes new files. */
bool store_is_folder(const struct store *store);
void store_count(struct store *store, struct store_counters *out);
/* What happened since the last call ("/var/lib/x: no space left on device; lines are counted as lost"), in
 * words. */
bool store_news(struct store *store, char *out, size_t size) NODISCARD;

/* Writes what waits, for `wait_ms` at most, and frees the store.  False if anything was lost; err->at is the
 * errno. */
bool store_close(struct store *store, int wait_ms, struct err *err) NODISCARD;

#endif
