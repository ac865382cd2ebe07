/* Recording from devices: packets as they come, chores between them, and a calm end. */
#include "cli/live_capture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/live_run.h"
#include "cli/live_signals.h"
#include "cli/messages.h"
#include "cli/privileges.h"
#include "detect/detect.h"

enum {
    WAIT_MS = 100,  /* for packets; also how soon a signal is heard */
    DRAIN_MS = 600, /* at the end, for what the kernel still holds */
    CHORE_MS = 500, /* between looks at what else is to be done */
};

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
        pipeline_advance(run->pipeline, live_clock_ns(CLOCK_REALTIME));
    uint64_t now_ns = live_clock_ns(CLOCK_MONOTONIC);
    if (now_ns >= run->next_chore_ns || live_signals_wait() || recorder_is_part_full(&run->recorder)) {
        run->next_chore_ns = now_ns + CHORE_MS * NS_PER_MS;
        live_do_chores(run, now_ns);
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
    uint64_t now_ns = live_clock_ns(CLOCK_MONOTONIC), end_ns = now_ns + DRAIN_MS * NS_PER_MS;
    unsigned empty = 0;

    for (; empty < 2 && now_ns < end_ns; now_ns = live_clock_ns(CLOCK_MONOTONIC)) {
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

    run->pipeline = pipeline;
    if (run->recorder.evidence)
        pipeline_watch(pipeline, see_segment, run->recorder.evidence);
    live_begin_chores(run);
    while (!live_signals_ask_for_end() && step(run, WAIT_MS))
        ;
    if (live_signals_ask_for_end())
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
    live_end_chores(run, totals, stats);
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
    live_count_all(feed->run, &feed->totals, &feed->stats);
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
    live_signals_watch(run.live);
    if (ok
        && recorder_start(&run.recorder, live_names(run.live), live_filter(run.live),
                          options->capture.snaplen)) {
        tell_beginning(&run);
        status = run_pipeline(&run);
    }
    status = recorder_release(&run.recorder, status);
    live_signals_forget();
    live_free(run.live);
    keylogs_free(run.keylogs);
    return status;
}
