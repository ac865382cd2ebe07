#ifndef CLI_TWINS_H
#define CLI_TWINS_H

#include "transcript/session_sink.h"

/* A log and packets of one session are one session: where both kinds of input are there, the sessions of the
 * logs are read first and wait for those of the packets. */

struct twins;

/* What comes out goes to `sink`, which is copied.  NULL without memory. */
struct twins *twins_new(const struct session_sink *sink);
/* Frees what still waits. */
void twins_free(struct twins *twins);

/* Where the sessions of logs go, and those of packets and recordings. */
struct session_sink twins_of_logs(struct twins *twins);
struct session_sink twins_of_packets(struct twins *twins);
/* Hands out the sessions of logs that met no other. */
void twins_release(struct twins *twins);
uint64_t twins_met(const struct twins *twins);

#endif
