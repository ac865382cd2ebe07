#ifndef CLI_PIPELINE_H
#define CLI_PIPELINE_H

#include "cli/options.h"
#include "ip/ip.h"
#include "source/source.h"
#include "transcript/event_read.h"

/* The way of the data, wired: inputs to sessions. */

struct pipeline_result {
    struct source *source;     /* owned; for the inputs' facts */
    struct attempts *attempts; /* owned */
    struct run_totals totals;
    bool had_trouble; /* exit status 3 */
};

/* Packets from elsewhere than inputs, a device: `run` hands them to pipeline_take until there are no more. */
struct pipeline;
struct keylogs;
struct packet_feed {
    void *ctx;
    void (*run)(void *ctx, struct pipeline *pipeline);
    struct keylogs *keylogs; /* borrowed: opened before the right to was given up */
};
void pipeline_take(struct pipeline *pipeline, const struct packet *packets, size_t count);
/* `seen` is called with every TCP segment before it has any effect; the segment lives during the call. */
typedef void pipeline_seen(void *ctx, const struct packet *packet, const struct segment *segment);
void pipeline_watch(struct pipeline *pipeline, pipeline_seen *seen, void *ctx);
/* Time passes without packets. */
void pipeline_advance(struct pipeline *pipeline, uint64_t now_ns);

/* What was seen, and what was given up for want of memory. */
struct pipeline_counts {
    struct run_totals totals;
    uint64_t sessions;
    uint64_t evicted; /* connections */
    uint64_t dropped; /* segments and fragments that found no place */
};
void pipeline_count(const struct pipeline *pipeline, struct pipeline_counts *out);
/* Connections without a session; the feed may clear them once it has told of them. */
struct attempts *pipeline_attempts(struct pipeline *pipeline);

/* Reads all inputs, or what `feed` (NULL: none) gives; every session goes to `sink`.  False before anything
 * was read: usage or memory, told. */
bool pipeline_run(const struct options *options, const struct session_sink *sink, bool wants_digests,
                  const struct packet_feed *feed, struct budget *budget,
                  struct pipeline_result *result) NODISCARD;
void pipeline_release(struct pipeline_result *result);

#endif
