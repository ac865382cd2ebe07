#ifndef REPORT_REPORT_JSONL_H
#define REPORT_REPORT_JSONL_H

#include "report/report.h"

void report_jsonl_session(const struct analysis *analysis, const struct report_options *options,
                          struct buf *out);

#endif
