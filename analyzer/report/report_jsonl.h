#ifndef REPORT_REPORT_JSONL_H
#define REPORT_REPORT_JSONL_H

#include <jansson.h>

#include "report/report.h"

void report_jsonl_session(const struct analysis *analysis, const struct report_options *options,
                          struct buf *out);
/* null for a session without TLS. */
json_t *report_jsonl_tls(const struct session *session, const struct report_options *options);

#endif
