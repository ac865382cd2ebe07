#ifndef CLI_PIPELINE_PARTS_H
#define CLI_PIPELINE_PARTS_H

#include "cli/keylogs.h"
#include "cli/pipeline.h"
#include "cli/progress.h"
#include "cli/twins.h"
#include "detect/detect.h"
#include "dialogue/dialogue.h"
#include "tcp/flow_table.h"
#include "tls/tls_certificate.h"

/* Inside of the pipeline. */
struct pipeline {
    const struct options *options;
    struct pipeline_result *result;
    struct dialogue_options dialogue_options;
    struct detector *detector;
    struct tls_certificates *certificates;
    struct keylogs *keylogs;
    struct ip_decoder *ip;
    struct flow_table *flows;
    struct event_reader *reader;
    struct unsealer *unsealer; /* NULL: no --unseal */
    struct progress progress;
    uint64_t packets;
    pipeline_seen *seen; /* or NULL */
    void *seen_ctx;
    uint64_t sessions;
    uint64_t undecided_other;
    uint64_t lost_for_memory;
    struct twins *twins; /* NULL: all inputs are logs, or none is, or they are being recorded */
};

/* pipeline_connections.c: what hangs on each connection, detection while it is undecided, then its dialogue.
 */
struct flow_handler pipeline_connections(struct pipeline *pipeline);

/* pipeline_tell.c: to standard error, when all is read. */
/* Of inputs that could not be read to the end. */
void pipeline_tell_inputs(struct pipeline *pipeline);
/* Of packets and connections. */
void pipeline_tell_losses(const struct pipeline *pipeline);

#endif
