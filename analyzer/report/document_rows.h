#ifndef REPORT_DOCUMENT_ROWS_H
#define REPORT_DOCUMENT_ROWS_H

#include "report/document.h"

extern const struct document_format document_text;
extern const struct document_format document_markdown;
extern const struct document_format document_html;

/* The rows of incident_formats.c. */
extern const struct incident_format incident_text;
extern const struct incident_format incident_markdown;
extern const struct incident_format incident_html;
extern const struct incident_format incident_json;

#endif
