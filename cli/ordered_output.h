#ifndef CLI_ORDERED_OUTPUT_H
#define CLI_ORDERED_OUTPUT_H

#include "base/buf.h"
#include "base/err.h"

/* Sessions end in any order and are printed in order of their first packet.  What is finished early waits, in
 * memory up to LIMIT_REORDER_BYTES, beyond in an unlinked temporary file. */
struct ordered_output;

struct ordered_output *ordered_output_new(int fd, struct err *err);
void ordered_output_free(struct ordered_output *output);
void ordered_output_add(struct ordered_output *output, uint64_t serial, struct bytes text);
/* Nothing with a serial up to this one will come any more. */
void ordered_output_reached(struct ordered_output *output, uint64_t serial);
/* Behind everything that waits. */
void ordered_output_append(struct ordered_output *output, struct bytes text);
/* Writes all that there is, in the order of the sessions that have ended so far. */
void ordered_output_flush(struct ordered_output *output);
/* Writes all.  False: it could not be written; `is_closed` if only the reader has gone. */
bool ordered_output_finish(struct ordered_output *output, bool *is_closed, struct err *err) NODISCARD;
/* True once writing has failed: going on is of no use. */
bool ordered_output_failed(const struct ordered_output *output);

#endif
