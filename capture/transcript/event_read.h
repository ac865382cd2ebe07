#ifndef TRANSCRIPT_EVENT_READ_H
#define TRANSCRIPT_EVENT_READ_H

#include "transcript/event_json.h"

/* Turns the lines of a recording back into sessions. */
struct event_reader;

/* `sink` and `attempts` are borrowed and must outlive the reader.  `first_serial` is the serial that the next
 * session gets is counted from. */
struct event_reader *event_reader_new(const struct session_sink *sink, struct attempts *attempts,
                                      struct budget *budget, struct err *err);
/* One line without its LF.  False for a line that is no event (err says why; at = line number): the caller
 * goes on with the next, or stops when the schema is newer than ours (err->code ERR_LIMIT). */
bool event_reader_feed(struct event_reader *reader, struct bytes line, struct err *err) NODISCARD;
/* At the end of the recording: sessions still open are handed over as open. */
void event_reader_finish(struct event_reader *reader);
void event_reader_free(struct event_reader *reader);
const struct run_totals *event_reader_totals(const struct event_reader *reader);

#endif
