/* A histogram over time. */
#include "incident/timeline.h"

#include <string.h>

void span_add(struct span *span, uint64_t first_ns, uint64_t last_ns)
{
    if (last_ns == 0 || (is_undated(last_ns) && !is_undated(span->last_ns)))
        return;
    if (is_undated(span->last_ns) && !is_undated(last_ns))
        *span = (struct span){ 0, 0 };
    if (span->last_ns == 0 || first_ns < span->first_ns)
        span->first_ns = first_ns;
    if (last_ns > span->last_ns)
        span->last_ns = last_ns;
}

static void widen(struct timeline *timeline)
{
    uint64_t halved[TIMELINE_BINS] = { 0 };
    uint64_t base = timeline->base >> 1;

    for (unsigned i = 0; i < TIMELINE_BINS; i++)
        if (timeline->count[i])
            halved[((timeline->base + i) >> 1) - base] += timeline->count[i];
    memcpy(timeline->count, halved, sizeof halved);
    timeline->base = base;
    timeline->shift++;
}

static unsigned last_used(const struct timeline *timeline)
{
    unsigned last = 0;

    for (unsigned i = 0; i < TIMELINE_BINS; i++)
        if (timeline->count[i])
            last = i;
    return last;
}

/* Room before the first bin. */
static void shift_up(struct timeline *timeline, uint64_t by)
{
    memmove(timeline->count + by, timeline->count, (TIMELINE_BINS - by) * sizeof timeline->count[0]);
    memset(timeline->count, 0, by * sizeof timeline->count[0]);
    timeline->base -= by;
}

static void put(struct timeline *timeline, uint64_t time_ns, uint64_t count)
{
    if (!timeline->shift) {
        timeline->shift = TIMELINE_FIRST_SHIFT;
        timeline->base = time_ns >> timeline->shift;
    }
    for (;;) {
        uint64_t bin = time_ns >> timeline->shift;
        if (bin >= timeline->base && bin - timeline->base < TIMELINE_BINS) {
            timeline->count[bin - timeline->base] += count;
            return;
        }
        if (bin < timeline->base && timeline->base - bin + last_used(timeline) < TIMELINE_BINS)
            shift_up(timeline, timeline->base - bin);
        else
            widen(timeline);
    }
}

/* Times with a date are not mixed with others: the bins would span decades.  False: there is no place. */
static bool has_place(struct timeline *timeline, bool is_dated)
{
    if (is_dated && !timeline->is_dated)
        *timeline = (struct timeline){ .is_dated = true };
    return is_dated == timeline->is_dated;
}

void timeline_add(struct timeline *timeline, uint64_t time_ns, uint64_t count)
{
    if (time_ns && has_place(timeline, !is_undated(time_ns)))
        put(timeline, time_ns, count);
}

void timeline_merge(struct timeline *timeline, const struct timeline *from)
{
    if (!from->shift || !has_place(timeline, from->is_dated))
        return;
    for (unsigned i = 0; i < TIMELINE_BINS; i++)
        if (from->count[i])
            put(timeline, (from->base + i) << from->shift, from->count[i]);
}
