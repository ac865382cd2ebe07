#ifndef UNIT_COLLECTOR_H
#define UNIT_COLLECTOR_H

#include "transcript/event_read.h"

/* A sink that keeps the sessions it is given, and a reader of whole recordings into it. */
enum { COLLECTOR_MOST = 64 };

struct collector {
    struct session *sessions[COLLECTOR_MOST]; /* in the order in which they ended */
    size_t count;
    uint64_t reached;
    size_t changes;
    struct attempts *attempts;
    struct event_reader *reader;
    size_t refused; /* lines that are no event */
    struct err last;
};

/* NULL budget: as much memory as there is. */
void collector_init(struct collector *collector, struct budget *budget);
void collector_release(struct collector *collector);
/* Feeds each line; a last line without its LF is fed too. */
void collector_feed(struct collector *collector, struct bytes recording);

#endif
