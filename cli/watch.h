#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include "cli/evidence.h"
#include "cli/options.h"
#include "transcript/session_sink.h"

/* Whoever wants to know while recording: dialogues on a terminal, findings for a monitor, counts of both. */
struct watch;

/* Whether standard output shows dialogues or findings, so that no recording goes there unasked. */
bool watch_takes_output(const struct options *options);
/* Whether more than one of recording, findings and dialogues would go to standard output. */
bool watch_shares_output(const struct options *options);
/* `out` is NULL if nobody wants to know.  False: a message was printed. */
bool watch_open(const struct options *options, bool is_live, struct budget *budget,
                struct watch **out) NODISCARD;
/* Findings begin to be written: after privileges were dropped, as a store asks for. */
bool watch_start(struct watch *watch, struct err *err) NODISCARD;
/* Writes what waits, for `wait_ms` at most, and frees it; NULL is fine.  False if findings were lost; err->at
 * is the errno. */
bool watch_close(struct watch *watch, int wait_ms, struct err *err) NODISCARD;

void watch_change(struct watch *watch, const struct session *session, enum session_change change,
                  size_t index);
/* Takes the session, judges it, and tells of what was found.  Returns how many findings it had. */
size_t watch_session(struct watch *watch, struct session *session);
/* Findings name packets as they are numbered there; borrowed. */
void watch_number_by(struct watch *watch, const struct evidence *evidence);
/* Lines of findings that nobody took. */
uint64_t watch_lost_findings(const struct watch *watch);
/* How often each finding was raised, by enum rule_id; NULL if nothing is judged. */
const uint64_t *watch_findings(const struct watch *watch);
/* One line below all others on a terminal, renewed; NULL takes it away. */
void watch_status(struct watch *watch, const char *line);
/* Writes what is held back. */
void watch_flush(struct watch *watch);
/* Opens the file of findings again, which was perhaps moved. */
void watch_reopen(struct watch *watch);
/* What happened to the file of findings since the last call, in words. */
bool watch_news(struct watch *watch, char *out, size_t size) NODISCARD;
/* Whether nobody reads any more what goes to standard output. */
bool watch_has_lost_reader(const struct watch *watch);

#endif
