/* source, link, ip, tcp, detect, dialogue: each hands to the next. */
#include "cli/pipeline.h"

#include "base/limits.h"
#include "cli/logs.h"
#include "cli/keylogs.h"
#include "cli/messages.h"
#include "cli/progress.h"
#include "cli/twins.h"
#include "detect/detect.h"
#include "dialogue/dialogue.h"
#include "tcp/flow_table.h"
#include "tls/tls_certificate.h"

#include <stdlib.h>
#include <unistd.h>

enum { PROGRESS_EVERY = 4096 };

struct pipeline {
    const struct options *options;
    struct pipeline_result *result;
    struct dialogue_options dialogue_options;
    struct detector *detector;
    struct tls_certificates *certificates;
    struct keylogs *keylogs;
    struct ip_decoder *ip;
    struct flow_table *flows;
    struct event_reader *reader;
    struct unsealer *unsealer; /* NULL: no --unseal */
    struct progress progress;
    uint64_t packets;
    pipeline_seen *seen; /* or NULL */
    void *seen_ctx;
    uint64_t sessions;
    uint64_t undecided_other;
    uint64_t lost_for_memory;
    struct twins *twins; /* NULL: all inputs are logs, or none is, or they are being recorded */
};

/* Whether the connection that TLS was spoken on has a port of SMTP's. */
static bool has_smtp_port(const struct pipeline *p, const struct flow_info *flow)
{
    if (flow->initiator >= 0)
        return detect_is_smtp_port(p->detector, flow->end[!flow->initiator].port);
    return detect_is_smtp_port(p->detector, flow->end[0].port)
           || detect_is_smtp_port(p->detector, flow->end[1].port);
}

/* What hangs on a connection: detection while it is undecided, then the dialogue. */
static enum flow_interest classify(void *ctx, struct flow_info *flow, int from, const struct segment *segment)
{
    struct pipeline *p = ctx;
    struct detect_state *state = flow->user;
    int client = 0;
    struct detect_input input = {
        .ip_packet = segment->ip_packet,
        .payload = segment->payload,
        .time_ns = segment->time_ns,
        .port = { flow->end[0].port, flow->end[1].port },
        .from = from,
        .initiator = flow->initiator,
        .is_midstream = flow->is_midstream,
    };
    enum detect_verdict verdict = detect_feed(p->detector, &state, &input, &client);

    flow->user = state;
    if (verdict == DETECT_UNDECIDED)
        return FLOW_UNDECIDED;
    if (verdict == DETECT_OTHER) {
        p->result->totals.sealed += detect_is_tls(input.payload) && has_smtp_port(p, flow);
        return FLOW_UNWANTED;
    }
    struct dialogue *dialogue = dialogue_new(&p->dialogue_options, flow, client);
    if (!dialogue) {
        p->lost_for_memory++;
        return FLOW_UNWANTED;
    }
    if (verdict == DETECT_SEALED && !has_smtp_port(p, flow))
        dialogue_must_show(dialogue);
    flow->user = dialogue;
    flow->initiator = client; /* who is the client is known now; `data` needs it */
    return FLOW_WANTED;
}

static enum side side_of(const struct flow_info *flow, int from)
{
    return from == flow->initiator ? SIDE_CLIENT : SIDE_SERVER;
}

static void take_data(void *ctx, struct flow_info *flow, int from, const struct stream_chunk *chunk)
{
    (void)ctx;
    dialogue_data(flow->user, side_of(flow, from), chunk);
}

static void take_hole(void *ctx, struct flow_info *flow, int from, const struct stream_hole *hole)
{
    (void)ctx;
    dialogue_hole(flow->user, side_of(flow, from), hole);
}

static enum attempt_kind kind_of_attempt(const struct flow_info *flow, int server)
{
    if (flow->side[server].saw_syn)
        return ATTEMPT_NO_GREETING;
    return flow->close == FLOW_CLOSE_RESET && flow->closed_by == server ? ATTEMPT_REFUSED
                                                                        : ATTEMPT_UNANSWERED;
}

/* A connection to a port of SMTP's on which nothing was said by the server. */
static void note_attempt(struct pipeline *p, const struct flow_info *flow)
{
    int client = flow->initiator, server = !client;

    if (client < 0 || flow->side[server].payload_bytes > 0 || !flow->side[client].saw_syn
        || !detect_is_smtp_port(p->detector, flow->end[server].port))
        return; /* without its SYN: its beginning was not captured */
    enum attempt_kind kind = kind_of_attempt(flow, server);
    uint64_t waited_ns = flow->last_ns - flow->start_ns + flow->silent_ns;
    bool is_by_server =
        flow->closed_by == server && (flow->close == FLOW_CLOSE_FIN || flow->close == FLOW_CLOSE_RESET);
    struct address address = flow->end[client].address;
    struct attempts_row row = {
        .server = flow->end[server],
        .retried = kind == ATTEMPT_UNANSWERED && flow->early_packets[client] > 1,
        .left_early = kind == ATTEMPT_NO_GREETING && !is_by_server
                      && (!flow->is_established || waited_ns < ATTEMPT_PATIENCE_NS),
        .closed_by_server = kind == ATTEMPT_NO_GREETING && is_by_server,
        .clients = &address,
        .client_count = 1,
        .first_ns = flow->start_ns,
        .last_ns = flow->start_ns,
    };
    row.count[kind] = 1;
    row.longest_ns[kind] = waited_ns;
    attempts_add(p->result->attempts, &row);
}

static void take_end(void *ctx, struct flow_info *flow, enum flow_interest interest)
{
    struct pipeline *p = ctx;

    if (interest == FLOW_WANTED) {
        enum dialogue_outcome outcome = dialogue_end(flow->user, flow);
        p->sessions += outcome == DIALOGUE_SESSION;
        p->result->totals.sealed += outcome == DIALOGUE_SEALED;
        if (outcome != DIALOGUE_SESSION)
            note_attempt(p, flow);
    } else if (interest == FLOW_UNDECIDED) { /* what was said on others was not followed */
        detect_state_free(p->detector, flow->user);
        note_attempt(p, flow);
    }
    flow->user = NULL;
    if (p->dialogue_options.sink.reached)
        p->dialogue_options.sink.reached(p->dialogue_options.sink.ctx, flow_table_reached(p->flows));
}

static void expect_data(const void *user)
{
    dialogue_expect(user);
}

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

/* What was not read, and why. */
static void tell_inputs(struct pipeline *p)
{
    for (size_t i = 0; i < source_input_count(p->result->source); i++) {
        const struct input_facts *facts = source_input(p->result->source, i);
        if (facts->problem[0] && (facts->is_failed || !p->options->is_quiet))
            message("%s", facts->problem);
        p->result->had_trouble = p->result->had_trouble || facts->is_failed;
    }
}

static void tell_nothing_found(const struct pipeline *p)
{
    const struct ip_counters *ip = ip_decoder_counters(p->ip);
    const struct flow_counters *flows = flow_table_counters(p->flows);

    if (p->sessions > 0 || p->result->totals.packets == 0)
        return;
    message("no SMTP session in %llu packets: %llu held TCP, in %llu connections, none of which spoke SMTP%s",
            (unsigned long long)p->result->totals.packets, (unsigned long long)ip->packets[IP_SEGMENT],
            (unsigned long long)flows->connections,
            p->options->filter ? "; is the filter right?" : "; for SMTP on an odd port see --ports");
}

static void tell_losses(const struct pipeline *p)
{
    const struct ip_counters *ip = ip_decoder_counters(p->ip);
    const struct flow_counters *flows = flow_table_counters(p->flows);

    if (ip->unknown_link)
        message("%llu packets of link type %d, which is not supported, were skipped",
                (unsigned long long)ip->unknown_link, ip->unknown_dlt);
    if (ip->fragments_dropped)
        message("%llu IP fragments could not be put together", (unsigned long long)ip->fragments_dropped);
    if (flows->evicted_half_open || flows->evicted_unwanted || flows->evicted_wanted || p->lost_for_memory)
        message("memory was short (see --memory): %llu half-open, %llu other and %llu SMTP connections were "
                "given up early",
                (unsigned long long)flows->evicted_half_open, (unsigned long long)flows->evicted_unwanted,
                (unsigned long long)(flows->evicted_wanted + p->lost_for_memory));
    tell_nothing_found(p);
}

static void read_logs(struct pipeline *p)
{
    struct dialogue_options options = p->dialogue_options;

    if (p->twins)
        options.sink = twins_of_logs(p->twins);
    p->sessions += logs_read(p->result->source, &options, p->options->follows, &p->lost_for_memory);
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
    struct flow_handler handler = { .ctx = p,
                                    .classify = classify,
                                    .data = take_data,
                                    .expect = expect_data,
                                    .hole = take_hole,
                                    .ended = take_end };

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
        tell_inputs(&p);
        if (!options->is_quiet) {
            tell_losses(&p);
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
