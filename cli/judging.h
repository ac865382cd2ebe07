#ifndef CLI_JUDGING_H
#define CLI_JUDGING_H

#include "cli/pipeline.h"
#include "incident/incident.h"
#include "report/report.h"

/* All sessions of the inputs judged, selected, and grouped into incidents. */
struct judging {
    struct budget budget;
    struct pipeline_result result;
    struct analyzer *analyzer;
    struct sasl_verifier *verifier; /* NULL: no --verify-password */
    struct report_counts *counts;
    struct incidents *incidents;
    const struct selectors *selectors;
    /* Given every selected session before it is freed; NULL: nobody. */
    void (*taken)(void *ctx, struct analysis *analysis);
    void *taken_ctx;
    uint64_t sessions; /* selected or not */
    uint64_t undated;  /* left out because a time was asked for, and their log has no dates */
    uint64_t lost_sessions;
};

/* Into a struct that is empty but for `taken`.  False: told; release it all the same. */
bool judging_run(struct judging *judging, const struct options *options) NODISCARD;
void judging_release(struct judging *judging);

#endif
