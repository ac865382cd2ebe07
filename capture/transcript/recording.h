#ifndef TRANSCRIPT_RECORDING_H
#define TRANSCRIPT_RECORDING_H

#include "transcript/event_json.h"

/* A recording being written: a file (mode 0600), or a stream.  Append-only, so that a killed recorder loses
 * at most the line that it was writing. */
struct recording;

/* `path` "-" is standard output.  An existing folder gets a file named by `head->start_ns`. */
struct recording *recording_open(const char *path, const struct recording_head *head, struct err *err);
/* Write errors are kept and told by recording_close; after one, lines are counted as lost. */
void recording_write(struct recording *recording, struct bytes lines);
/* False if anything could not be written. */
bool recording_close(struct recording *recording, struct err *err) NODISCARD;

#endif
