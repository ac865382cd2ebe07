#ifndef CLI_LIVE_RUN_H
#define CLI_LIVE_RUN_H

#include <time.h>

#include "base/timestamp.h"
#include "cli/keylogs.h"
#include "cli/recorder.h"
#include "source/live.h"

/* A recorder at work, from the first packet to the last. */
struct live_run {
    const struct options *options;
    struct budget *budget;
    struct live *live;
    struct keylogs *keylogs;
    struct recorder recorder;
    struct pipeline *pipeline;
    uint64_t packets;
    uint64_t unread; /* in the ring when time was over: as good as dropped by the kernel */
    uint64_t next_chore_ns, next_status_ns, next_metrics_ns, next_stats_ns;
    uint64_t began_ns;
    uint64_t packets_at_start; /* of the devices */
    uint64_t told_drops;
    bool told_silence;
    bool had_trouble;
};

/* CLOCK_MONOTONIC for what is due, CLOCK_REALTIME beside the times of packets. */
static inline uint64_t live_clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* live_chores.c */
/* Everything that was counted, from all who count. */
void live_count_all(struct live_run *run, struct run_totals *totals, struct live_stats *stats);
void live_begin_chores(struct live_run *run);
/* What is to be done between packets: signals, news, files of counters, the line on a terminal. */
void live_do_chores(struct live_run *run, uint64_t now_ns);
/* The last time. */
void live_end_chores(struct live_run *run, const struct run_totals *totals, const struct live_stats *stats);

#endif
