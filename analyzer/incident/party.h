#ifndef INCIDENT_PARTY_H
#define INCIDENT_PARTY_H

#include "transcript/session.h"

/* Who a side of a session is, for people: "192.0.2.1", "192.0.2.25:25"; of a log the name that it has for the
 * server, or that it names none. */

enum { PARTY_TEXT = 320 };
/* What stands for a name that a log does not have. */
#define PARTY_NAMELESS "(not in the log)"

/* The length of what it writes. */
size_t party_client(const struct session *session, bool with_port, char out[PARTY_TEXT]);
size_t party_server(const struct session *session, char out[PARTY_TEXT]);

#endif
