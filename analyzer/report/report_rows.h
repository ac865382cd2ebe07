#ifndef REPORT_REPORT_ROWS_H
#define REPORT_REPORT_ROWS_H

#include "report/report.h"

/* The rows of report.c. */
extern const struct report_format report_ecs;
extern const struct report_format report_jsonl;
extern const struct report_format report_show;
extern const struct report_format report_text;

#endif
