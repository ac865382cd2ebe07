#ifndef INCIDENT_TIMELINE_H
#define INCIDENT_TIMELINE_H

#include <stdint.h>

/* How often something happened over a time that is not known beforehand: bins of equal width, which double
 * when they no longer reach.  The same for any order of the same times. */

enum { TIMELINE_BINS = 64, TIMELINE_FIRST_SHIFT = 30 }; /* 2^30 ns: a second */

struct timeline {
    unsigned shift; /* a bin is 1 << shift nanoseconds; 0: nothing yet */
    uint64_t base;  /* of the first bin: its time is base << shift */
    uint64_t count[TIMELINE_BINS];
};

void timeline_add(struct timeline *timeline, uint64_t time_ns, uint64_t count);
void timeline_merge(struct timeline *timeline, const struct timeline *from);

#endif
