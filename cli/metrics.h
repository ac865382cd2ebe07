#ifndef CLI_METRICS_H
#define CLI_METRICS_H

#include "base/err.h"
#include "transcript/event_json.h"

/* Counters in Prometheus' text format, for node_exporter's textfile collector: written beside the file, and
 * renamed, so that none is ever read by half. */
bool metrics_write(const char *path, const struct run_totals *totals, const struct live_stats *live,
                   struct err *err);

#endif
