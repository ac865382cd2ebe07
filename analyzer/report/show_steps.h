#ifndef REPORT_SHOW_STEPS_H
#define REPORT_SHOW_STEPS_H

#include "report/report.h"
#include "sasl/sasl_text.h"

/* "= username: alice, digest: (32 octets withheld)" under the line of a dialogue that carried the message;
 * nothing of a step without any (NULL is fine). */
void show_step(const struct sasl_step *step, size_t indent, const struct report_options *options,
               struct buf *out);

#endif
