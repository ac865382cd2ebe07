#ifndef REPORT_LADDER_H
#define REPORT_LADDER_H

#include "report/document.h"

/* Pictures of a report, as SVG inside of HTML. */

/* The dialogue of a session: two lifelines, an arrow a line. */
void ladder_put(struct document *document, const struct exemplar *exemplar);
/* When the first incidents happened, each on its line, on one axis. */
void timeline_put(struct document *document);
/* How often which latency was seen: a bar for each doubling. */
void histogram_put(struct document *document, const struct latency *latency, const char *name);

#endif
