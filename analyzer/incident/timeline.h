#ifndef INCIDENT_TIMELINE_H
#define INCIDENT_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/* How often something happened over a time that is not known beforehand: bins of equal width, which double
 * when they no longer reach.  The same for any order of the same times. */

enum { TIMELINE_BINS = 64, TIMELINE_FIRST_SHIFT = 30 }; /* 2^30 ns: a second */

struct timeline {
    bool is_dated;
    unsigned shift; /* a bin is 1 << shift nanoseconds; 0: nothing yet */
    uint64_t base;  /* of the first bin: its time is base << shift */
    uint64_t count[TIMELINE_BINS];
};

/* Whether the time has no date at all: that of a log which says the time of the day alone, or nothing (0). */
static inline bool is_time_of_day(uint64_t time_ns)
{
    return time_ns < UINT64_C(7) * 86400 * 1000000000;
}

/* Whether its year is not known, or more: what a log leaves out counts from 1970. */
static inline bool is_undated(uint64_t time_ns)
{
    return time_ns < UINT64_C(365) * 86400 * 1000000000;
}

/* A span from its first to its last time; 0 0 is empty. */
struct span {
    uint64_t first_ns, last_ns;
};
/* Widens it.  Times with a date and times without one cannot be compared: those with a date win. */
void span_add(struct span *span, uint64_t first_ns, uint64_t last_ns);

void timeline_add(struct timeline *timeline, uint64_t time_ns, uint64_t count);
void timeline_merge(struct timeline *timeline, const struct timeline *from);

#endif
