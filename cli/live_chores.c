/* What a recorder does between packets. */
#include "cli/live_run.h"

#include <errno.h>
#include <stdio.h>

#include "cli/live_signals.h"
#include "cli/messages.h"
#include "cli/metrics.h"

enum {
    STATUS_S = 1,   /* the line on a terminal */
    METRICS_S = 10, /* the file of counters */
    STATS_S = 60,   /* events of them in the recording */
    SILENCE_S = 30, /* packets on the device, and none that matches, before that is told */
    SILENCE_PACKETS = 100,
};

static const char *finding_name(size_t number)
{
    return rule_of((enum rule_id)number)->id;
}

void live_count_all(struct live_run *run, struct run_totals *totals, struct live_stats *stats)
{
    struct pipeline_counts counts;
    struct live_counters devices;
    struct store_counters store = { 0 };

    pipeline_count(run->pipeline, &counts);
    live_count(run->live, &devices);
    if (run->recorder.store)
        store_count(run->recorder.store, &store);
    devices.kernel_drops += run->unread;
    *totals = counts.totals;
    totals->dropped = devices.kernel_drops + devices.device_drops;
    totals->knows_dropped = true;
    *stats = (struct live_stats){ .kernel_drops = devices.kernel_drops,
                                  .device_drops = devices.device_drops,
                                  .lines_lost = store.lost,
                                  .evidence_lost =
                                      run->recorder.evidence ? evidence_lost(run->recorder.evidence) : 0,
                                  .findings_lost = watch_lost_findings(run->recorder.watch),
                                  .segments_dropped = counts.dropped,
                                  .connections_evicted = counts.evicted,
                                  .memory_bytes = run->budget->used_bytes,
                                  .memory_peak_bytes = run->budget->peak_bytes,
                                  .sessions = run->recorder.sessions,
                                  .findings = watch_findings(run->recorder.watch),
                                  .finding_count = RULE_COUNT,
                                  .finding_name = finding_name };
}

static uint64_t count_findings(const struct live_stats *stats)
{
    uint64_t sum = 0;

    for (size_t i = 0; stats->findings && i < stats->finding_count; i++)
        sum += stats->findings[i];
    return sum;
}

static void tell_counters(const struct run_totals *totals, const struct live_stats *stats)
{
    message(
        "%llu packets, %llu connections, %llu sessions, %llu findings; lost: %llu packets by the kernel, "
        "%llu by devices, %llu lines by writing, %llu packets of evidence, %llu findings, %llu segments and "
        "%llu connections for want of memory; %.1f MiB in use, %.1f at most",
        (unsigned long long)totals->packets, (unsigned long long)totals->tcp_connections,
        (unsigned long long)stats->sessions, (unsigned long long)count_findings(stats),
        (unsigned long long)stats->kernel_drops, (unsigned long long)stats->device_drops,
        (unsigned long long)stats->lines_lost, (unsigned long long)stats->evidence_lost,
        (unsigned long long)stats->findings_lost, (unsigned long long)stats->segments_dropped,
        (unsigned long long)stats->connections_evicted, (double)stats->memory_bytes / MIB,
        (double)stats->memory_peak_bytes / MIB);
}

/* Where the status stands: it comes again below. */
static void tell(struct live_run *run, const char *text)
{
    watch_status(run->recorder.watch, NULL);
    message("%s", text);
    run->next_status_ns = 0;
}

static void tell_news(struct live_run *run)
{
    char news[512];

    if (live_news(run->live, news, sizeof news))
        tell(run, news);
    if (run->recorder.store && store_news(run->recorder.store, news, sizeof news))
        tell(run, news);
    if (run->recorder.evidence && evidence_news(run->recorder.evidence, news, sizeof news))
        tell(run, news);
    if (watch_news(run->recorder.watch, news, sizeof news))
        tell(run, news);
}

/* A filter that catches nothing looks like a quiet server; the devices know better. */
static void tell_silence(struct live_run *run, const struct run_totals *totals, uint64_t now_ns)
{
    struct live_counters devices;
    char text[512] = "";

    if (run->told_silence || run->options->is_quiet || now_ns < run->began_ns + SILENCE_S * NS_PER_SECOND)
        return;
    run->told_silence = true;
    live_count(run->live, &devices);
    uint64_t seen = devices.device_packets - run->packets_at_start;
    if (totals->packets < SILENCE_PACKETS && totals->tcp_connections == 0 && seen >= SILENCE_PACKETS)
        (void)snprintf(text, sizeof text,
                       "%.100s: %llu packets passed in %d s, and none matches \"%.200s\" with TCP in it; see "
                       "--all-ports, "
                       "--ports and the place of the capture",
                       live_names(run->live), (unsigned long long)seen, SILENCE_S, live_filter(run->live));
    else if (run->recorder.sessions == 0 && totals->packets >= SILENCE_PACKETS
             && totals->tcp_connections == 0)
        (void)snprintf(text, sizeof text,
                       "%.100s: %llu packets match, and none of them is TCP that can be read",
                       live_names(run->live), (unsigned long long)totals->packets);
    if (text[0])
        tell(run, text);
}

static void tell_drops(struct live_run *run, const struct live_stats *stats)
{
    uint64_t drops = stats->kernel_drops + stats->device_drops;
    char text[128];

    (void)snprintf(text, sizeof text,
                   "%llu packets were lost since the last report; a larger --buffer-size or a narrower "
                   "--filter helps",
                   (unsigned long long)(drops - run->told_drops));
    if (drops > run->told_drops && !run->options->is_quiet)
        tell(run, text);
    run->told_drops = drops;
}

static void show_status(struct live_run *run, const struct run_totals *totals, const struct live_stats *stats)
{
    char line[256];
    uint64_t lost = totals->dropped + stats->lines_lost + stats->evidence_lost + stats->findings_lost;

    (void)snprintf(line, sizeof line, "%.20s: %llu packets, %llu sessions, %llu findings, %llu lost",
                   live_names(run->live), (unsigned long long)totals->packets,
                   (unsigned long long)stats->sessions, (unsigned long long)count_findings(stats),
                   (unsigned long long)lost);
    watch_status(run->recorder.watch, line);
}

static bool is_due(uint64_t *next_ns, uint64_t now_ns, uint64_t seconds)
{
    if (now_ns < *next_ns)
        return false;
    *next_ns = now_ns + seconds * NS_PER_SECOND;
    return true;
}

static void write_metrics(struct live_run *run, const struct run_totals *totals,
                          const struct live_stats *stats)
{
    struct err err = { 0 };
    const char *path = run->options->capture.metrics;

    if (!path || metrics_write(path, totals, stats, &err))
        return;
    if (!run->had_trouble)
        tell(run, err.text);
    run->had_trouble = true;
}

static void obey_signals(struct live_run *run, const struct run_totals *totals,
                         const struct live_stats *stats)
{
    if (live_signals_take_tell()) {
        watch_status(run->recorder.watch, NULL);
        tell_counters(totals, stats);
        run->next_status_ns = 0;
    }
    if (live_signals_take_reopen()) {
        recorder_turn_over(&run->recorder, totals, stats, pipeline_attempts(run->pipeline));
        watch_reopen(run->recorder.watch);
    }
}

/* A closed pipe ends quietly; where it is recorded too, only who watched has left. */
static bool has_lost_reader(const struct live_run *run)
{
    struct store_counters store = { 0 };

    if (!run->recorder.store)
        return watch_has_lost_reader(run->recorder.watch);
    store_count(run->recorder.store, &store);
    return store.is_failing && store.error == EPIPE;
}

void live_begin_chores(struct live_run *run)
{
    struct live_counters devices;

    live_count(run->live, &devices);
    run->packets_at_start = devices.device_packets;
    run->began_ns = live_clock_ns(CLOCK_MONOTONIC);
    run->next_stats_ns = run->began_ns + STATS_S * NS_PER_SECOND;
}

void live_do_chores(struct live_run *run, uint64_t now_ns)
{
    struct run_totals totals;
    struct live_stats stats;

    live_count_all(run, &totals, &stats);
    if (has_lost_reader(run)) {
        live_signals_end(); /* nobody reads any more */
        return;
    }
    keylogs_read_on(run->keylogs);
    tell_news(run);
    tell_silence(run, &totals, now_ns);
    obey_signals(run, &totals, &stats);
    recorder_advance(&run->recorder, live_clock_ns(CLOCK_REALTIME), &totals, &stats,
                     pipeline_attempts(run->pipeline));
    if (is_due(&run->next_metrics_ns, now_ns, METRICS_S)) {
        tell_drops(run, &stats);
        write_metrics(run, &totals, &stats);
    }
    if (is_due(&run->next_stats_ns, now_ns, STATS_S))
        recorder_put_stats(&run->recorder, &totals, &stats);
    watch_flush(run->recorder.watch);
    if (is_due(&run->next_status_ns, now_ns, STATUS_S))
        show_status(run, &totals, &stats);
}

void live_end_chores(struct live_run *run, const struct run_totals *totals, const struct live_stats *stats)
{
    write_metrics(run, totals, stats);
    watch_status(run->recorder.watch, NULL);
    watch_flush(run->recorder.watch);
    if (!run->options->is_quiet)
        tell_counters(totals, stats);
}
