/* A segment meets its connection (RFC 9293 3.10, as somebody sees it who stands beside the path). */
#include "base/limits.h"
#include "base/timestamp.h"
#include "tcp/flow.h"

enum { FARTHEST = 1 << 30 }; /* an offset beyond this is a stray segment, or an attack */

/* Packets that are older than the last sweep by more than they can be out of order: the clock was set back.
 */
#define STEP_NS (UINT64_C(60) * 1000000000)

/* Offset that the segment acknowledges in the other direction; UINT64_MAX: it says nothing. */
static uint64_t note_ack(struct flow_body *body, int from, const struct segment *segment)
{
    struct stream *peer = &body->stream[!from];

    if (!(segment->flags & TCP_ACK) || (segment->flags & TCP_RST) || !peer->is_known)
        return UINT64_MAX;
    int64_t acked = stream_offset(peer, segment->ack);
    if (acked < 0)
        return 0;
    if (peer->has_fin && (uint64_t)acked == peer->fin_offset + 1)
        acked--; /* the FIN takes a sequence number, and no byte */
    if ((uint64_t)acked > peer->next + FARTHEST)
        return UINT64_MAX;
    if ((uint64_t)acked > peer->acked) {
        peer->acked = (uint64_t)acked;
        peer->progress_ns = segment->time_ns;
    }
    return flow_was_seen(body, !from) ? (uint64_t)acked : UINT64_MAX;
}

/* Keeps what came too early.  Without room the connection pays itself: all that it has is handed out. */
static void keep(struct flow_table *table, uint32_t index, int from, const struct stream_chunk *chunk,
                 uint32_t missing)
{
    struct flow *flow = flow_at(table, index);
    struct flow_body *body = flow->body;
    uint64_t arrival = body->info.side[0].packets + body->info.side[1].packets;

    for (unsigned tries = 0; tries < 2; tries++) {
        if (flow_take_memory(table, stream_piece_cost(chunk->data.len), index)) {
            budget_give(table->budget, stream_piece_cost(chunk->data.len));
            if (stream_keep(&body->stream[from], table->budget, chunk, missing, arrival,
                            &body->info.side[from]))
                return;
        }
        if (flow->interest == FLOW_WANTED)
            flow_pump(table, index, chunk->time_ns, true);
    }
    table->counters.segments_dropped++;
}

/* Asks whether the connection is wanted; false if it is not (and then it has no body any more). */
static bool classify(struct flow_table *table, uint32_t index, int from, const struct segment *segment)
{
    struct flow *flow = flow_at(table, index);
    struct flow_body *body = flow->body;

    int64_t offset = stream_offset(&body->stream[from], segment->seq + ((segment->flags & TCP_SYN) != 0));
    enum flow_interest interest =
        table->handler.classify(table->handler.ctx, &body->info, from, segment, offset);
    body->undecided_bytes += segment->payload.len;
    if (interest == FLOW_UNDECIDED && body->undecided_bytes > LIMIT_UNDECIDED_BYTES)
        interest = FLOW_UNWANTED;
    if (interest == FLOW_UNWANTED) {
        flow_lose_interest(table, index);
        return false;
    }
    flow->interest = (uint8_t)interest;
    if (interest == FLOW_WANTED)
        (void)flow_pump_ready(table, body); /* what was kept until now came before */
    return true;
}

/* Payload that is all behind what was handed out: a retransmission, or a keep-alive probe (RFC 9293 3.8.4).
 */
static void note_old(struct flow_body *body, int from, size_t len, int64_t offset)
{
    bool is_probe = len <= 1 && (uint64_t)(offset + 1) == body->stream[from].next;

    if (is_probe)
        return;
    body->info.side[from].retransmitted_bytes += len;
    flow_note_repeat(&body->info.side[from], (uint32_t)len, (uint64_t)offset);
}

static void take_payload(struct flow_table *table, struct flow *flow, uint32_t index, int from,
                         const struct segment *segment, uint64_t acked)
{
    struct flow_body *body = flow->body;
    struct stream *stream = &body->stream[from];
    int64_t offset = stream_offset(stream, segment->seq + ((segment->flags & TCP_SYN) != 0));
    struct bytes data = segment->payload;
    int64_t end = offset + (int64_t)data.len;

    if (end <= (int64_t)stream->next && (end < (int64_t)stream->next || segment->missing == 0)) {
        note_old(body, from, data.len, offset);
        return;
    }
    if (offset > (int64_t)stream->next + FARTHEST) {
        table->counters.segments_dropped++;
        return;
    }
    if (offset < (int64_t)stream->next) {
        size_t old = (size_t)((int64_t)stream->next - offset);
        body->info.side[from].retransmitted_bytes += old;
        data = bytes_from(data, old);
        offset = (int64_t)stream->next;
    }
    if (data.len + segment->missing >= FLOW_LARGE_SEGMENT && body->info.side[from].large_end == 0)
        body->info.side[from].large_end = (uint64_t)offset + data.len + segment->missing;
    struct stream_chunk chunk = { .data = data,
                                  .offset = (uint64_t)offset,
                                  .acked = acked,
                                  .time_ns = segment->time_ns,
                                  .input = segment->input,
                                  .number = segment->number };
    if (flow->interest != FLOW_WANTED || !flow_hand_on(table, body, from, &chunk, segment->missing))
        keep(table, index, from, &chunk, segment->missing);
}

/* Packets and windows before the connection matters: two counters, a round trip time, and where the other
 * side begins whose SYN-ACK comes late or never. */
static void note_early(struct flow *flow, int from, const struct segment *segment)
{
    if (flow->early_packets[from] < UINT16_MAX)
        flow->early_packets[from]++;
    if ((segment->flags & TCP_ACK) && flow->isn[!from] == 0)
        flow->isn[!from] = segment->ack;
    if (flow->saw_synack && !flow->rtt_us && !(segment->flags & TCP_SYN) && flow->initiator == from
        && segment->time_ns >= flow->start_ns) {
        uint64_t rtt_us = (segment->time_ns - flow->start_ns) / 1000;
        flow->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : rtt_us == 0 ? 1 : (uint32_t)rtt_us;
    }
}

/* FIN without a body: nothing was ever said. */
static void feed_empty(struct flow_table *table, uint32_t index, struct flow *flow, int from,
                       const struct segment *segment)
{
    if (flow->list == LIST_HALF_OPEN && (segment->flags & TCP_ACK) && (flow->flags & FLAG_SYN_0)
        && (flow->flags & FLAG_SYN_1) && !(segment->flags & TCP_SYN)) {
        flow->flags |= FLAG_ESTABLISHED;
        flow_move(table, index, LIST_OPEN);
    }
    if (!(segment->flags & TCP_FIN) || flow->list != LIST_OPEN)
        return;
    flow->early_fins |= (uint8_t)(1u << from);
    if (flow->early_fins == 3) /* one alone closes half of it: the other side may still speak */
        flow_end(table, index, FLOW_CLOSE_FIN, !from);
}

static void feed_body(struct flow_table *table, struct flow *flow, uint32_t index, int from,
                      const struct segment *segment)
{
    struct flow_body *body = flow->body;
    struct flow_side_facts *side = &body->info.side[from];
    bool has_data = segment->payload.len > 0 || segment->missing > 0;
    uint8_t hop_limit = hop_limit_of(segment);

    body->info.last_ns = segment->time_ns;
    side->last_ns = segment->time_ns;
    side->packets++;
    if (hop_limit != side->hop_limit)
        flow_note_hop_limit(side, hop_limit);
    flow_learn_midstream(body, from, segment);
    uint64_t acked = note_ack(body, from, segment);
    if (segment->window == 0 && !(segment->flags & (TCP_RST | TCP_SYN)))
        flow_note_zero_window(side, segment->time_ns);
    if (side->reset_ns)
        flow_note_after_reset(body, from, segment);
    if (has_data) {
        if (flow->interest == FLOW_UNDECIDED && segment->payload.len > 0
            && !classify(table, index, from, segment))
            return;
        take_payload(table, flow, index, from, segment, acked);
    }
    if (segment->flags & TCP_FIN)
        flow_feed_fin(body, from, segment);
    bool is_behind = body->stream[0].pieces || body->stream[1].pieces
                     || body->stream[0].acked > body->stream[0].next
                     || body->stream[1].acked > body->stream[1].next;
    if (is_behind && flow->interest == FLOW_WANTED)
        flow_pump(table, index, segment->time_ns, false);
    if (body->stream[0].has_fin || body->stream[1].has_fin)
        flow_feed_closed(table, index);
}

void flow_feed(struct flow_table *table, const struct segment *segment, const struct flow_lookup *lookup)
{
    uint32_t index;
    int from;

    if (table->next_sweep_ns - segment->time_ns - 1 >= STEP_NS) /* due, or the clock was set back */
        flow_sweep(table, segment->time_ns);
    struct flow *flow = flow_find_or_begin(table, segment, lookup, &index, &from);
    if (!flow)
        return;
    if (flow->list == LIST_CLOSED)
        return; /* a straggler */
    if (segment->time_ns > flow->last_ns)
        flow->last_ns = segment->time_ns;
    if (segment->flags & TCP_SYN)
        flow_learn_syn(flow, from, segment);
    if (segment->flags & TCP_RST) {
        flow_feed_reset(table, index, from, segment);
        return;
    }
    if (flow->list == LIST_UNWANTED) {
        if (segment->flags & TCP_FIN)
            flow_end(table, index, FLOW_CLOSE_FIN, from);
        return;
    }
    if (!flow->body) {
        bool has_data = segment->payload.len > 0 || segment->missing > 0;
        if (!has_data) {
            note_early(flow, from, segment);
            feed_empty(table, index, flow, from, segment);
            return;
        }
        note_early(flow, from, segment);
        flow->early_packets[from]--; /* counted below */
        if (!flow_give_body(table, index)) {
            table->counters.segments_dropped++;
            return;
        }
        flow->flags |= FLAG_ESTABLISHED;
        if (flow->list != LIST_OPEN)
            flow_move(table, index, LIST_OPEN);
    }
    feed_body(table, flow, index, from, segment);
}
