#ifndef CLI_PIPELINE_H
#define CLI_PIPELINE_H

#include "cli/options.h"
#include "source/source.h"
#include "transcript/event_read.h"

/* The way of the data, wired: inputs to sessions. */

struct pipeline_result {
    struct source *source;     /* owned; for the inputs' facts */
    struct attempts *attempts; /* owned */
    struct run_totals totals;
    bool had_trouble; /* exit status 3 */
};

/* Reads all inputs; every session goes to `sink`.  False before anything was read: usage or memory, told. */
bool pipeline_run(const struct options *options, const struct session_sink *sink, bool wants_digests,
                  struct budget *budget, struct pipeline_result *result) NODISCARD;
void pipeline_release(struct pipeline_result *result);

#endif
