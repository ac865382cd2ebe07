#ifndef LOG_MARKS_H
#define LOG_MARKS_H

#include "log/format.h"

/* Dialogues whose lines are marked: what stands in front of a line tells who speaks. */

struct log_mark {
    const char *text; /* NULL ends a table */
    enum side side;
};

/* The mark that the line begins with, taken off; NULL: none.  A mark that ends in a blank is known without it
 * at the end of a line. */
const struct log_mark *marks_skip(const struct log_mark *marks, struct bytes *text);

/* "host:port", "[2001:db8::1]:25", "host": told to the talk as its server. */
void marks_tell_server(struct talk *talk, struct bytes text);
/* A connection to it begins. */
void marks_open(struct talk *talk, struct bytes server, bool is_tls);
uint16_t marks_port(struct bytes digits); /* 0: none */

#endif
