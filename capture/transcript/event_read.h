#ifndef TRANSCRIPT_EVENT_READ_H
#define TRANSCRIPT_EVENT_READ_H

#include "transcript/event_json.h"
#include "transcript/seal.h"

/* Turns the lines of a recording back into sessions. */
struct event_reader;

/* `sink` is copied; `attempts` is borrowed and must outlive the reader.  Serials of recorded sessions are
 * larger than those of any capture, and those of one recording larger than those of the one before. */
struct event_reader *event_reader_new(const struct session_sink *sink, struct attempts *attempts,
                                      struct budget *budget, struct err *err);
/* What a recording sealed is put back; borrowed, NULL for none. */
void event_reader_unseal(struct event_reader *reader, struct unsealer *unsealer);
/* Recordings that were sealed to another key, or to none. */
uint64_t event_reader_still_sealed(const struct event_reader *reader);
/* One line without its LF.  False for a line that is no event (err says why; at = line number): the caller
 * goes on with the next, or stops when the schema is newer than ours (err->code ERR_LIMIT).  The first line
 * of another recording ends the one before.  Events of unknown type, unknown sessions, or such that
 * contradict what was read, are left out and counted. */
bool event_reader_feed(struct event_reader *reader, struct bytes line, struct err *err) NODISCARD;
/* At the end of the recording: sessions still open are handed over as open. */
void event_reader_finish(struct event_reader *reader);
void event_reader_free(struct event_reader *reader);
/* Of all recordings read; valid after event_reader_finish. */
const struct run_totals *event_reader_totals(const struct event_reader *reader);
/* Sessions handed to the sink so far. */
uint64_t event_reader_sessions(const struct event_reader *reader);
/* Events that were left out. */
uint64_t event_reader_ignored(const struct event_reader *reader);

#endif
