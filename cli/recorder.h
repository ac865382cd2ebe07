#ifndef CLI_RECORDER_H
#define CLI_RECORDER_H

#include "cli/evidence.h"
#include "cli/options.h"
#include "cli/pipeline.h"
#include "cli/watch.h"
#include "sasl/sasl.h"
#include "store/store.h"
#include "transcript/seal.h"

/* Sessions become lines of a recording, in as many files as the options ask for, and are judged on the way
 * where somebody wants to know. */

struct recorder {
    const struct options *options;
    struct budget *budget;
    struct store *store; /* NULL: nothing is recorded, only watched */
    struct secret_ordinals *ordinals;
    struct sealer *sealer;     /* NULL: --secrets mask or keep */
    struct evidence *evidence; /* NULL: no --pcap */
    struct watch *watch;       /* NULL: nobody watches */
    struct buf line;
    struct recording_head head;
    char run[17];
    char host[256];
    uint64_t part_start_ns; /* of the file being written, on the packets' clock */
    uint64_t part_bytes;
    uint64_t last_ns; /* the newest time seen */
    uint64_t sessions;
    struct run_totals told; /* in earlier files of this run */
    bool is_live;
};

/* Opens where it goes.  False: a message was printed. */
bool recorder_init(struct recorder *recorder, const struct options *options, struct budget *budget,
                   bool is_live) NODISCARD;
/* --pcap, of a device with these link types.  False: a message was printed. */
bool recorder_open_evidence(struct recorder *recorder, const int *link_types, size_t count) NODISCARD;
/* Starts to write: `origin`, `filter` and `snaplen` are known by now. */
bool recorder_start(struct recorder *recorder, const char *origin, const char *filter,
                    uint64_t snaplen) NODISCARD;
struct session_sink recorder_sink(struct recorder *recorder);

/* A new file is due for its size. */
bool recorder_is_part_full(const struct recorder *recorder);
/* The time has come to `now_ns`: a new file may be due.  `counts` and `live` as of now; `attempts` are told
 * and cleared when it is. */
void recorder_advance(struct recorder *recorder, uint64_t now_ns, const struct run_totals *totals,
                      const struct live_stats *live, struct attempts *attempts);
/* Lines so far go to the store: between packets. */
void recorder_flush(struct recorder *recorder);
/* The totals of this file so far. */
void recorder_put_stats(struct recorder *recorder, const struct run_totals *totals,
                        const struct live_stats *live);
/* At once: a new file, or the same one opened again. */
void recorder_turn_over(struct recorder *recorder, const struct run_totals *totals,
                        const struct live_stats *live, struct attempts *attempts);
/* The last lines. */
void recorder_finish(struct recorder *recorder, const struct run_totals *totals,
                     const struct live_stats *live, struct attempts *attempts);
/* Writes what waits and frees what it holds; the exit status. */
int recorder_release(struct recorder *recorder, int status);

#endif
