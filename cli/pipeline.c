/* source, link, ip, tcp, detect, dialogue: each hands to the next. */
#include "cli/pipeline_parts.h"

#include <unistd.h>

#include "base/limits.h"
#include "cli/logs.h"
#include "cli/messages.h"

enum { PROGRESS_EVERY = 4096 };

/* True if there is a segment in it. */
static bool decode(struct pipeline *p, const struct packet *packet, struct segment *out)
{
    const struct ip_frame frame = { .data = packet->data,
                                    .wire_length = packet->wire_length,
                                    .dlt = packet->dlt,
                                    .input = packet->input,
                                    .number = packet->number,
                                    .time_ns = packet->time_ns };

    return ip_decode(p->ip, &frame, out) == IP_SEGMENT;
}

/* By itself: whoever sees it must know what the one before it has brought about. */
static void take_seen(struct pipeline *p, const struct packet *packet)
{
    struct segment segment;

    if (!decode(p, packet, &segment))
        return;
    p->seen(p->seen_ctx, packet, &segment);
    flow_table_feed(p->flows, &segment, 1);
}

void pipeline_watch(struct pipeline *p, pipeline_seen *seen, void *ctx)
{
    p->seen = seen;
    p->seen_ctx = ctx;
}

void pipeline_advance(struct pipeline *p, uint64_t now_ns)
{
    flow_table_advance(p->flows, now_ns);
}

void pipeline_count(const struct pipeline *p, struct pipeline_counts *out)
{
    const struct flow_counters *flows = flow_table_counters(p->flows);

    *out = (struct pipeline_counts){
        .totals = { .packets = p->packets,
                    .tcp_connections = flows->connections,
                    .missing_bytes = flows->missing_bytes },
        .sessions = p->sessions,
        .evicted = flows->evicted_half_open + flows->evicted_unwanted + flows->evicted_wanted,
        .dropped =
            flows->segments_dropped + ip_decoder_counters(p->ip)->fragments_dropped + p->lost_for_memory,
    };
}

struct attempts *pipeline_attempts(struct pipeline *p)
{
    return p->result->attempts;
}

/* Whether what the segment views lives as long as the packet, and not in the decoder. */
static bool is_in_packet(const struct segment *segment, const struct packet *packet)
{
    return segment->ip_packet.ptr >= packet->data.ptr
           && segment->ip_packet.ptr < packet->data.ptr + packet->data.len;
}

/* Packets that lie together in memory, FLOW_TABLE_AHEAD at most, to their connections together. */
static void take_packets(struct pipeline *p, const struct packet *packets, size_t count)
{
    struct segment segments[FLOW_TABLE_AHEAD];
    size_t ahead = 0;

    for (size_t i = 0; i < count; i++) {
        if (!decode(p, &packets[i], &segments[ahead]))
            continue;
        bool is_lasting = is_in_packet(&segments[ahead], &packets[i]);
        ahead++;
        if (!is_lasting) {
            flow_table_feed(p->flows, segments, ahead);
            ahead = 0;
        }
    }
    flow_table_feed(p->flows, segments, ahead);
}

void pipeline_take(struct pipeline *p, const struct packet *packets, size_t count)
{
    p->packets += count;
    for (size_t i = 0; p->seen && i < count; i++)
        take_seen(p, &packets[i]);
    for (size_t done = 0, now; !p->seen && done < count; done += now) {
        now = count - done < FLOW_TABLE_AHEAD ? count - done : FLOW_TABLE_AHEAD;
        take_packets(p, packets + done, now);
    }
}

static void read_packets(struct pipeline *p)
{
    const uint64_t limit = p->options->packet_limit ? p->options->packet_limit : UINT64_MAX;
    struct packet packets[FLOW_TABLE_AHEAD];
    uint64_t done, total;
    size_t count;

    for (;;) {
        size_t most = limit - p->packets < FLOW_TABLE_AHEAD ? (size_t)(limit - p->packets) : FLOW_TABLE_AHEAD;
        count = source_next_some(p->result->source, packets, most);
        if (count == 0)
            return;
        take_packets(p, packets, count);
        p->packets += count;
        if (p->packets / PROGRESS_EVERY != (p->packets - count) / PROGRESS_EVERY && p->progress.is_on) {
            source_progress(p->result->source, &done, &total);
            progress_update(&p->progress, done, total, p->packets);
        }
    }
}

static void finish_packets(struct pipeline *p)
{
    flow_table_finish(p->flows);
    p->result->totals.packets = p->packets;
    p->result->totals.tcp_connections = flow_table_counters(p->flows)->connections;
    p->result->totals.missing_bytes = flow_table_counters(p->flows)->missing_bytes;
}

static void read_recordings(struct pipeline *p)
{
    struct bytes line;
    uint32_t input, stopped = UINT32_MAX;
    struct err err;

    while (source_next_line(p->result->source, &line, &input)) {
        if (line.len == 0 || input == stopped || event_reader_feed(p->reader, line, &err))
            continue;
        if (err.code == ERR_LIMIT)
            stopped = input;
        source_note_problem(p->result->source, input, true, err.text);
    }
    event_reader_finish(p->reader);
    if (event_reader_still_sealed(p->reader))
        message("--unseal: %llu of the recordings were not sealed to this key",
                (unsigned long long)event_reader_still_sealed(p->reader));
    p->sessions += event_reader_sessions(p->reader);
    const struct run_totals *totals = event_reader_totals(p->reader);
    p->result->totals.packets += totals->packets;
    p->result->totals.tcp_connections += totals->tcp_connections;
    p->result->totals.missing_bytes += totals->missing_bytes;
    p->result->totals.dropped += totals->dropped;
    p->result->totals.knows_dropped = p->result->totals.knows_dropped || totals->knows_dropped;
    p->result->totals.sealed += totals->sealed;
}

static void read_logs(struct pipeline *p)
{
    struct dialogue_options options = p->dialogue_options;

    if (p->twins)
        options.sink = twins_of_logs(p->twins);
    p->sessions += logs_read(p->result->source, &options, &p->lost_for_memory);
}

/* All inputs: logs come first where they have to wait for packets, and last otherwise. */
static void read_all(struct pipeline *p, const struct packet_feed *feed, bool shows_progress)
{
    if (p->twins)
        read_logs(p);
    progress_start(&p->progress, shows_progress);
    if (feed)
        feed->run(feed->ctx, p);
    else
        read_packets(p);
    progress_finish(&p->progress);
    finish_packets(p);
    read_recordings(p);
    if (!p->twins) {
        read_logs(p);
        return;
    }
    twins_release(p->twins);
    p->sessions -= twins_met(p->twins);
}

/* The dialogues that begin from here on may find their keys. */
static void note_keys(struct pipeline *p)
{
    p->dialogue_options.keylog = keylogs_secrets(p->keylogs);
}

static void take_secrets(void *ctx, struct bytes text, bool is_last)
{
    struct pipeline *p = ctx;

    keylogs_take(p->keylogs, text, is_last);
    note_keys(p);
}

static bool has_keys(void *ctx, struct bytes client_random)
{
    const struct pipeline *p = ctx;
    struct tls_keylog *keylog = p->dialogue_options.keylog;

    return keylog && (client_random.len == 0 || tls_keylog_knows(keylog, client_random));
}

static bool open_keys(struct pipeline *p, const struct packet_feed *feed, struct budget *budget)
{
    p->keylogs = feed ? feed->keylogs : keylogs_open(p->options, budget);
    if (p->keylogs)
        note_keys(p);
    return p->keylogs;
}

static bool open_parts(struct pipeline *p, struct budget *budget, struct err *err)
{
    const struct options *options = p->options;
    struct source_options source_options = { .filter = options->filter,
                                             .follows = options->follows,
                                             .is_log = logs_are_in,
                                             .secrets = { .ctx = p, .take = take_secrets } };
    struct detect_options detect_options = {
        .ports = options->ports, .port_count = options->port_count, .has_keys = has_keys, .ctx = p
    };
    struct flow_handler handler = pipeline_connections(p);

    p->result->source = source_open(options->inputs, options->input_count, &source_options, err);
    if (!p->result->source)
        return false;
    p->unsealer = options->unseal ? unsealer_new(options->unseal, err) : NULL;
    if (options->unseal && !p->unsealer)
        return false;
    if (logs_are_mixed(p->result->source) && !p->dialogue_options.sink.changed && !options->follows)
        p->twins = twins_new(&p->dialogue_options.sink);
    if (p->twins)
        p->dialogue_options.sink = twins_of_packets(p->twins);
    p->result->attempts = attempts_new(budget);
    p->certificates = tls_certificates_new(budget, err);
    p->dialogue_options.certificates = p->certificates;
    p->dialogue_options.digests = digest_pool_new();
    p->detector = detector_new(&detect_options, budget, err);
    p->ip = ip_decoder_new(budget, err);
    p->flows = flow_table_new(&handler, budget, err);
    p->reader = event_reader_new(&p->dialogue_options.sink, p->result->attempts, budget, err);
    if (p->reader)
        event_reader_unseal(p->reader, p->unsealer);
    if (p->result->attempts && p->certificates && p->detector && p->ip && p->flows && p->reader)
        return true;
    return err_set(err, ERR_NOMEM, 0, "no memory to begin with");
}

static void close_parts(struct pipeline *p)
{
    twins_free(p->twins);
    event_reader_free(p->reader);
    unsealer_free(p->unsealer);
    flow_table_free(p->flows);
    ip_decoder_free(p->ip);
    detector_free(p->detector);
    tls_certificates_free(p->certificates);
    digest_pool_free(p->dialogue_options.digests); /* into which the flows gave theirs */
}

bool pipeline_run(const struct options *options, const struct session_sink *sink, bool wants_digests,
                  const struct packet_feed *feed, struct budget *budget, struct pipeline_result *result)
{
    struct pipeline p = { .options = options, .result = result };
    struct err err = { 0 };

    *result = (struct pipeline_result){ 0 };
    p.dialogue_options = (struct dialogue_options){
        .budget = budget,
        .sink = *sink,
        .wants_digests = wants_digests,
        .keep = options->keeps_content ? DIALOGUE_KEEP_FULL : (enum dialogue_keep)options->capture.content
    };
    bool ok = open_keys(&p, feed, budget) && open_parts(&p, budget, &err);
    if (ok) {
        bool shows =
            options->progress == WHEN_ALWAYS || (options->progress == WHEN_AUTO && isatty(STDERR_FILENO));
        read_all(&p, feed, shows);
        pipeline_tell_inputs(&p);
        if (!options->is_quiet) {
            pipeline_tell_losses(&p);
            keylogs_tell(p.keylogs);
        }
    } else if (err.text[0]) {
        message("%s", err.text);
    }
    close_parts(&p);
    if (!feed)
        keylogs_free(p.keylogs);
    if (!ok)
        pipeline_release(result);
    return ok;
}

void pipeline_release(struct pipeline_result *result)
{
    source_free(result->source);
    attempts_free(result->attempts);
    *result = (struct pipeline_result){ 0 };
}
