#ifndef INCIDENT_NOTE_H
#define INCIDENT_NOTE_H

#include "incident/incident.h"
#include "incident/roots.h"

/* Inside analyzer/incident: what is written down of a session at its incidents. */

struct incident *incident_new(uint64_t key);
void incident_free(struct incident *incident);
void incident_rename(struct incident *incident, uint64_t key);
/* Adds what `from` counts; `from` is as before. */
void incident_merge(struct incident *incident, const struct incident *from);

/* The first cause with index `finding`.  `budget`: of another exemplar; NULL: none is kept. */
void incident_note(struct incident *incident, const struct analysis *analysis, const uint32_t *roots,
                   uint32_t finding, struct budget *budget);
void incident_note_attempts(struct incident *incident, const struct attempts_row *row,
                            const struct finding *finding);

/* A session and the incidents of its first causes, by index of the finding; `roots` and `of` NULL: none. */
struct session_incidents {
    const struct analysis *analysis;
    const uint32_t *roots;
    struct incident *const *of;
    struct traffic *traffic;
    bool is_faulty; /* one of the findings is more than a note */
};
/* Findings that come of another, at its incident. */
void note_companions(const struct session_incidents *session);
/* Commands that were refused only because of an earlier one. */
void note_refused(const struct session_incidents *session);
/* The incident that a command (n) belongs to, or NULL. */
struct incident *note_incident_about(const struct session_incidents *session, uint32_t command);
/* What became of the messages. */
void note_deliveries(const struct session_incidents *session);
/* A session that got nowhere although nothing in it is more than worth a note. */
void note_stopped(const struct session_incidents *session);

#endif
