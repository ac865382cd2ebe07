/* Recording from devices: what happens between packets.
 *
 *   SIGTERM, SIGINT   finish: what is in the kernel's ring, sessions still open, the last lines; within two
 * seconds SIGHUP            a new file in the folder, or the same file opened again SIGUSR1 counters to
 * standard error */
#include "cli/live_capture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/timestamp.h"
#include "cli/keylogs.h"
#include "cli/messages.h"
#include "cli/metrics.h"
#include "cli/privileges.h"
#include "cli/recorder.h"
#include "detect/detect.h"
#include "source/live.h"

enum {
    WAIT_MS = 100,  /* for packets; also how soon a signal is heard */
    DRAIN_MS = 600, /* at the end, for what the kernel still holds */
    CHORE_MS = 500, /* between looks at what else is to be done */
    STATUS_S = 1,   /* the line on a terminal */
    METRICS_S = 10, /* the file of counters */
    STATS_S = 60,   /* events of them in the recording */
    SILENCE_S = 30, /* packets on the device, and none that matches, before that is told */
    SILENCE_PACKETS = 100,
};

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

static volatile sig_atomic_t asked_to_end, asked_to_reopen, asked_to_tell;
static struct live *interrupted; /* for the handler alone */

static void on_signal(int number)
{
    if (number == SIGHUP)
        asked_to_reopen = 1;
    else if (number == SIGUSR1)
        asked_to_tell = 1;
    else
        asked_to_end = 1;
    if (interrupted)
        live_interrupt(interrupted);
}

static void watch_signals(struct live *live)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
    struct sigaction action = { .sa_handler = on_signal };

    interrupted = live;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        (void)sigaction(numbers[i], &action, NULL);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static const char *finding_name(size_t number)
{
    return rule_of((enum rule_id)number)->id;
}

/* Everything that was counted, from all who count. */
static void count_all(struct live_run *run, struct run_totals *totals, struct live_stats *stats)
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

static void tell_counters(struct live_run *run, const struct run_totals *totals,
                          const struct live_stats *stats)
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
    (void)run;
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
    if (asked_to_tell) {
        asked_to_tell = 0;
        watch_status(run->recorder.watch, NULL);
        tell_counters(run, totals, stats);
        run->next_status_ns = 0;
    }
    if (asked_to_reopen) {
        asked_to_reopen = 0;
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

static void do_chores(struct live_run *run, uint64_t now_ns)
{
    struct run_totals totals;
    struct live_stats stats;

    count_all(run, &totals, &stats);
    if (has_lost_reader(run)) {
        asked_to_end = 1; /* nobody reads any more */
        return;
    }
    keylogs_read_on(run->keylogs);
    tell_news(run);
    tell_silence(run, &totals, now_ns);
    obey_signals(run, &totals, &stats);
    recorder_advance(&run->recorder, clock_ns(CLOCK_REALTIME), &totals, &stats,
                     pipeline_attempts(run->pipeline));
    if (is_due(&run->next_metrics_ns, now_ns, METRICS_S)) {
        tell_drops(run, &stats);
        write_metrics(run, &totals, &stats);
    }
    if (is_due(&run->next_stats_ns, now_ns, STATS_S) && now_ns > run->began_ns + NS_PER_SECOND)
        recorder_put_stats(&run->recorder, &totals, &stats);
    watch_flush(run->recorder.watch);
    if (is_due(&run->next_status_ns, now_ns, STATUS_S))
        show_status(run, &totals, &stats);
}

static void take_packets(void *ctx, const struct packet *packets, size_t count)
{
    struct live_run *run = ctx;
    uint64_t limit = run->options->packet_limit;

    if (limit && limit - run->packets < count)
        count = (size_t)(limit - run->packets);
    run->packets += count;
    pipeline_take(run->pipeline, packets, count);
}

/* One wait and what it brings.  Where nothing came, the packets' clock is that of the wall. */
static bool step(struct live_run *run, int wait_ms)
{
    uint64_t before = run->packets;
    bool goes_on = live_read(run->live, wait_ms, take_packets, run);

    recorder_flush(&run->recorder);
    if (run->recorder.evidence)
        evidence_flush(run->recorder.evidence, 0);
    if (run->packets == before)
        pipeline_advance(run->pipeline, clock_ns(CLOCK_REALTIME));
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    if (now_ns >= run->next_chore_ns || asked_to_reopen || asked_to_tell
        || recorder_is_part_full(&run->recorder)) {
        run->next_chore_ns = now_ns + CHORE_MS * NS_PER_MS;
        do_chores(run, now_ns);
    }
    return goes_on && !(run->options->packet_limit && run->packets >= run->options->packet_limit);
}

static uint64_t count_unread(const struct live_run *run)
{
    struct live_counters devices;

    live_count(run->live, &devices);
    uint64_t done = devices.kernel_drops + run->packets;
    return devices.received > done ? devices.received - done : 0;
}

/* What the kernel has taken before the signal came is recorded too.  The first read may be the one that the
 * signal has interrupted: two must bring nothing. */
static void drain(struct live_run *run)
{
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC), end_ns = now_ns + DRAIN_MS * NS_PER_MS;

    unsigned empty = 0;

    for (; empty < 2 && now_ns < end_ns; now_ns = clock_ns(CLOCK_MONOTONIC)) {
        int left_ms = (int)((end_ns - now_ns) / NS_PER_MS), wait_ms = run->options->capture.timeout_ms * 2;
        uint64_t before = run->packets;
        (void)!live_read(run->live, wait_ms < left_ms ? wait_ms : left_ms, take_packets, run);
        empty = run->packets > before ? 0 : empty + 1;
    }
    if (empty < 2)
        run->unread = count_unread(run);
}

static void see_segment(void *ctx, const struct packet *packet, const struct segment *segment)
{
    evidence_packet(ctx, packet, segment);
}

static void run_feed(void *ctx, struct pipeline *pipeline)
{
    struct live_run *run = ctx;
    struct live_counters devices;

    run->pipeline = pipeline;
    if (run->recorder.evidence)
        pipeline_watch(pipeline, see_segment, run->recorder.evidence);
    live_count(run->live, &devices);
    run->packets_at_start = devices.device_packets;
    run->began_ns = clock_ns(CLOCK_MONOTONIC);
    run->next_stats_ns = run->began_ns + STATS_S * NS_PER_SECOND;
    while (!asked_to_end && step(run, WAIT_MS))
        ;
    if (asked_to_end)
        drain(run);
}

static void end_run(struct live_run *run, struct pipeline_result *result, struct run_totals *totals,
                    struct live_stats *stats)
{
    totals->packets = result->totals.packets;
    totals->tcp_connections = result->totals.tcp_connections;
    totals->missing_bytes = result->totals.missing_bytes;
    stats->sessions = run->recorder.sessions;
    recorder_finish(&run->recorder, totals, stats, result->attempts);
    write_metrics(run, totals, stats);
    watch_status(run->recorder.watch, NULL);
    watch_flush(run->recorder.watch);
    if (!run->options->is_quiet)
        tell_counters(run, totals, stats);
}

/* The pipeline's parts are gone when it returns: counted by then is what the feed counted last. */
struct counted_feed {
    struct live_run *run;
    struct run_totals totals;
    struct live_stats stats;
};

static void run_counted(void *ctx, struct pipeline *pipeline)
{
    struct counted_feed *feed = ctx;

    run_feed(feed->run, pipeline);
    count_all(feed->run, &feed->totals, &feed->stats);
}

static int run_pipeline(struct live_run *run)
{
    struct session_sink sink = recorder_sink(&run->recorder);
    struct counted_feed counted = { .run = run };
    struct packet_feed feed = { .ctx = &counted, .run = run_counted, .keylogs = run->keylogs };
    struct pipeline_result result;

    if (!pipeline_run(run->options, &sink, true, &feed, run->budget, &result))
        return EXIT_TROUBLE;
    end_run(run, &result, &counted.totals, &counted.stats);
    pipeline_release(&result);
    return run->had_trouble ? EXIT_TROUBLE : EXIT_DONE;
}

/* The folder in which `path` lies. */
static void folder_of(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');

    (void)snprintf(out, size, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1, slash ? path : ".");
}

/* Where a recorder writes.  Of a folder of recordings its parent: it may be removed and made again. */
static bool confine(const struct options *options, struct err *err)
{
    const char *const paths[] = { options->output, options->capture.findings, options->capture.metrics };
    char folders[3][4096];
    const char *listed[5] = { NULL };
    size_t count = 0;

    if (options->capture.has_no_sandbox)
        return true;
    for (size_t i = 0; i < 3; i++) {
        if (!paths[i] || strcmp(paths[i], "-") == 0)
            continue;
        folder_of(paths[i], folders[count], sizeof folders[count]);
        listed[count] = folders[count];
        count++;
    }
    if (options->output && strcmp(options->output, "-") != 0)
        listed[count++] = options->output;
    return privileges_confine(listed, err);
}

static void fill_options(const struct options *options, const uint16_t *ports, size_t port_count,
                         struct live_options *out)
{
    const struct capture_options *capture = &options->capture;

    *out = (struct live_options){ .devices = capture->devices,
                                  .device_count = capture->device_count,
                                  .filter = options->filter,
                                  .ports = ports,
                                  .port_count = capture->wants_all_ports ? 0 : port_count,
                                  .snaplen = capture->snaplen,
                                  .buffer_bytes = (uint32_t)capture->buffer_bytes,
                                  .timeout_ms = capture->timeout_ms,
                                  .is_promiscuous = !capture->is_not_promiscuous };
}

static struct live *open_devices(const struct options *options, struct err *err)
{
    uint16_t ports[PORTS_MOST + 16];
    struct live_options live_options;
    size_t count = detect_known_ports(ports, 16);

    for (size_t i = 0; i < options->port_count; i++)
        ports[count++] = options->ports[i];
    fill_options(options, ports, count, &live_options);
    return live_open(&live_options, err);
}

/* All that takes rights, before they are given up.  False: told. */
static bool open_all(struct live_run *run, struct err *err)
{
    run->keylogs = keylogs_open(run->options, run->budget);
    if (!run->keylogs)
        return err_set(err, ERR_USAGE, 0, "nothing is recorded");
    run->live = open_devices(run->options, err);
    return run->live && privileges_drop(run->options->capture.user, err);
}

/* A ring consists of whole blocks: a little less than what was asked for is no news. */
static bool is_ring_short(const struct live_run *run)
{
    uint64_t asked = run->options->capture.buffer_bytes, given = live_ring(run->live);

    return given > 0 && given < asked - asked / 8;
}

static void tell_beginning(const struct live_run *run)
{
    const struct capture_options *capture = &run->options->capture;
    uint64_t ring_bytes = is_ring_short(run) ? live_ring(run->live) : capture->buffer_bytes;

    if (run->options->is_quiet)
        return;
    message("recording from %s: ring of %llu MiB, %d ms, %u octets of a packet, %spromiscuous, %sseconds",
            live_names(run->live), (unsigned long long)(ring_bytes / MIB), capture->timeout_ms,
            capture->snaplen, capture->is_not_promiscuous ? "not " : "",
            live_is_nano(run->live) ? "nano" : "micro");
    if (is_ring_short(run))
        message("the kernel had no memory for a ring of %llu MiB; see --buffer-size",
                (unsigned long long)(capture->buffer_bytes / MIB));
}

int live_capture(const struct options *options, struct budget *budget)
{
    struct live_run run = { .options = options, .budget = budget };
    struct err err = { 0 };
    int status = EXIT_TROUBLE;

    if (!open_all(&run, &err)) {
        message("%s", err.text);
        live_free(run.live);
        keylogs_free(run.keylogs);
        return err.code == ERR_USAGE ? EXIT_USAGE : EXIT_TROUBLE;
    }
    int link_types[CAPTURE_DEVICES];
    size_t link_type_count = live_link_types(run.live, link_types, CAPTURE_DEVICES);
    bool ok = recorder_init(&run.recorder, options, budget, true)
              && recorder_open_evidence(&run.recorder, link_types, link_type_count);
    if (ok && !confine(options, &err)) {
        message("%s", err.text);
        ok = false;
    }
    watch_signals(run.live);
    if (ok
        && recorder_start(&run.recorder, live_names(run.live), live_filter(run.live),
                          options->capture.snaplen)) {
        tell_beginning(&run);
        status = run_pipeline(&run);
    }
    status = recorder_release(&run.recorder, status);
    interrupted = NULL;
    live_free(run.live);
    keylogs_free(run.keylogs);
    return status;
}
