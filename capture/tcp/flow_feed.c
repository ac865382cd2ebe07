/* A segment meets its connection (RFC 9293 3.10, as somebody sees it who stands beside the path). */
#include "base/limits.h"
#include "base/timestamp.h"
#include "tcp/flow.h"

enum {
    RST_BEHIND = 1 << 16,  /* a RST may lag a window behind what was seen */
    FARTHEST = 1 << 30,    /* an offset beyond this is a stray segment, or an attack */
    HOLE_NS = 1000000000,  /* capture time that a hole may take to be filled */
    REUSE_NS = 1000000000, /* silence after which a SYN is believed at once */
};

/* Packets that are older than the last sweep by more than they can be out of order: the clock was set back.
 */
#define STEP_NS (UINT64_C(60) * 1000000000)

/* A connection begins with a SYN, or where the capture begins, with data.  Anything else is a straggler. */
static struct flow *begin(struct flow_table *table, const struct segment *segment,
                          const struct flow_lookup *lookup, uint32_t *index)
{
    bool has_data = segment->payload.len > 0 || segment->missing > 0;

    if (!(segment->flags & TCP_SYN) && (!has_data || (segment->flags & TCP_RST)))
        return NULL;
    struct flow *flow = flow_create(table, lookup, index);
    if (!flow) {
        table->counters.segments_dropped++;
        return NULL;
    }
    flow->flags = lookup->is_flipped ? FLAG_FLIPPED : 0;
    flow->start_ns = flow->last_ns = segment->time_ns;
    flow->first_input = segment->input;
    flow->first_number = segment->number;
    flow_move(table, *index, segment->flags & TCP_SYN ? LIST_HALF_OPEN : LIST_OPEN);
    return flow;
}

/* The first byte behind a SYN has the next sequence number. */
static void learn_syn(struct flow *flow, int from, const struct segment *segment)
{
    flow->flags |= (uint8_t)(FLAG_SYN_0 << from);
    flow->isn[from] = segment->seq + 1;
    if (segment->flags & TCP_ACK) {
        flow->saw_synack = segment->time_ns > 0; /* a capture without times tells no round trip */
        if (flow->initiator < 0)
            flow->initiator = (int8_t)!from;
        if (!(flow->flags & (FLAG_SYN_0 << !from)))
            flow->isn[!from] = segment->ack; /* of a SYN that is missing */
    } else if (flow->initiator < 0) {
        flow->initiator = (int8_t)from;
    }
    if (flow->body && !flow->body->stream[from].is_known) {
        flow->body->stream[from].is_known = true;
        flow->body->stream[from].base_seq = flow->isn[from];
        flow->body->info.side[from].saw_syn = true;
        flow->body->info.initiator = flow->initiator;
    }
}

static void forget_connection(struct flow_table *table, uint32_t index)
{
    flow_end(table, index, FLOW_CLOSE_TIMEOUT, -1);
    flow_destroy(table, index);
}

/* Whether this SYN begins a new connection between the same ends.  Where the old one still lives, a lone SYN
 * is not believed (anybody can send one): only the SYN-ACK that answers it is. */
static bool is_reuse(struct flow *flow, int from, const struct segment *segment)
{
    bool knows = flow->flags & (FLAG_SYN_0 << from);

    if (knows && flow->isn[from] == segment->seq + 1)
        return false; /* sent again */
    if (flow->list == LIST_CLOSED || flow->list == LIST_CLOSING || !flow->body)
        return knows || flow->list == LIST_CLOSED || (flow->flags & FLAG_ESTABLISHED);
    if (!knows && flow->body->stream[from].next == 0 && !flow->body->info.is_midstream)
        return false; /* the SYN-ACK of a connection whose SYN alone was seen so far */
    if (flow->last_ns + REUSE_NS < segment->time_ns && !(segment->flags & TCP_ACK))
        return true;
    struct flow_body *body = flow->body;
    if (segment->flags & TCP_ACK)
        return (flow->flags & FLAG_SYN_PENDING) && body->pending_from != from
               && segment->ack == body->pending_isn;
    flow->flags |= FLAG_SYN_PENDING;
    body->pending_isn = segment->seq + 1;
    body->pending_from = from;
    return false;
}

static struct flow *find_or_begin(struct flow_table *table, const struct segment *segment,
                                  const struct flow_lookup *lookup, uint32_t *index, int *from)
{
    struct flow *flow = flow_find(table, lookup, index);

    if (flow) {
        *from = lookup->is_flipped != ((flow->flags & FLAG_FLIPPED) != 0);
        if (!(segment->flags & TCP_SYN) || !is_reuse(flow, *from, segment))
            return flow;
        forget_connection(table, *index);
    }
    *from = 0;
    return begin(table, segment, lookup, index);
}

/* Where a direction begins that was picked up in the middle: at its own first byte, or at what the peer has
 * acknowledged, whichever comes first. */
static void learn_midstream(struct flow_body *body, int from, const struct segment *segment)
{
    struct stream *own = &body->stream[from], *peer = &body->stream[!from];

    if (!own->is_known) {
        own->is_known = true;
        own->base_seq = segment->seq;
    }
    if (!peer->is_known && (segment->flags & TCP_ACK)) {
        peer->is_known = true;
        peer->base_seq = segment->ack;
    }
}

static bool was_seen(const struct flow_body *body, int direction)
{
    return body->info.side[direction].packets > 0;
}

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
    return was_seen(body, !from) ? (uint64_t)acked : UINT64_MAX;
}

/* May this chunk be handed out before the other direction has more?  `peer->acked` never exceeds what was
 * acknowledged, so a wait always ends with the hole that it becomes. */
static bool is_causal(const struct flow_body *body, int from, const struct stream_chunk *chunk)
{
    return chunk->acked == UINT64_MAX || chunk->acked <= body->stream[!from].next || !was_seen(body, !from);
}

static void hand_out(struct flow_table *table, struct flow_body *body, int from,
                     const struct stream_chunk *chunk)
{
    struct stream *stream = &body->stream[from];

    if (stream->next == stream->acked)
        stream->progress_ns = chunk->time_ns;
    stream->next = chunk->offset + chunk->data.len;
    stream->is_waiting = false;
    body->info.side[from].payload_bytes += chunk->data.len;
    table->handler.data(table->handler.ctx, &body->info, from, chunk);
}

static void tell_hole(struct flow_table *table, struct flow_body *body, int from, struct stream_hole hole)
{
    struct stream *stream = &body->stream[from];

    stream->next = hole.offset + hole.length;
    stream->is_waiting = false;
    body->info.side[from].missing_bytes += hole.length;
    table->counters.holes++;
    table->counters.missing_bytes += hole.length;
    table->handler.hole(table->handler.ctx, &body->info, from, &hole);
}

static void tell_snapped(struct flow_table *table, struct flow_body *body, int from, uint32_t missing,
                         const struct stream_chunk *chunk)
{
    if (missing)
        tell_hole(table, body, from,
                  (struct stream_hole){ .offset = body->stream[from].next,
                                        .length = missing,
                                        .is_snapped = true,
                                        .time_ns = chunk->time_ns,
                                        .input = chunk->input,
                                        .number = chunk->number });
}

/* Hands out the first piece of a queue if its turn has come; what is there already is skipped. */
static bool pump_piece(struct flow_table *table, struct flow_body *body, int from, bool regardless)
{
    struct stream *stream = &body->stream[from];
    struct piece *piece = stream->pieces;

    if (!piece || piece->chunk.offset > stream->next
        || (!regardless && !is_causal(body, from, &piece->chunk)))
        return false;
    (void)stream_detach_first(stream);
    uint64_t end = piece->chunk.offset + piece->chunk.data.len;
    if (end >= stream->next) {
        struct stream_chunk chunk = piece->chunk;
        chunk.data = bytes_from(chunk.data, (size_t)(stream->next - chunk.offset));
        chunk.offset = stream->next;
        if (chunk.data.len)
            hand_out(table, body, from, &chunk);
        if (end == stream->next)
            tell_snapped(table, body, from, piece->missing, &chunk);
    }
    stream_drop(piece, table->budget);
    return true;
}

static bool pump_ready(struct flow_table *table, struct flow_body *body)
{
    bool moved = false;

    while (pump_piece(table, body, 0, false) || pump_piece(table, body, 1, false))
        moved = true;
    return moved;
}

/* End of the hole at stream->next, or stream->next if there is none.  What the peer has not acknowledged may
 * still come, unless the peer was never seen. */
static uint64_t hole_end(const struct flow_body *body, int from, bool everything)
{
    const struct stream *stream = &body->stream[from];
    uint64_t known = stream->pieces ? stream->pieces->chunk.offset : UINT64_MAX;
    uint64_t sure = everything || !was_seen(body, !from) ? known : stream->acked;

    if (everything && stream->acked > stream->next && known == UINT64_MAX)
        sure = stream->acked;
    if (everything && stream->has_fin && stream->fin_offset > stream->next && known == UINT64_MAX)
        sure = stream->fin_offset; /* what it says that it has sent */
    if (!was_seen(body, from))
        return stream->next;                       /* one direction only: that is told otherwise */
    bool is_answered = body->stream[!from].pieces; /* by what waits for it */
    if (!stream->has_fin && !stream->pieces && stream->acked == stream->next + 1 && !is_answered)
        return stream->next; /* the acknowledgment of a FIN that has not come */
    if (known < sure)
        sure = known;
    return sure == UINT64_MAX || sure < stream->next ? stream->next : sure;
}

/* Starts or checks the clock of a hole.  True when it is due. */
static bool is_due(struct stream *stream, uint64_t now_ns)
{
    if (!stream->is_waiting) {
        stream->is_waiting = true;
        stream->wait_since_ns = now_ns;
        stream->wait_packets = 0;
        return false;
    }
    return ++stream->wait_packets > LIMIT_HOLE_PACKETS || now_ns > stream->wait_since_ns + HOLE_NS;
}

static void declare_hole(struct flow_table *table, struct flow_body *body, int from, uint64_t end,
                         uint64_t now_ns)
{
    const struct stream *stream = &body->stream[from];
    struct stream_hole hole = { .offset = stream->next, .length = end - stream->next, .time_ns = now_ns };

    if (stream->pieces) {
        hole.time_ns = stream->pieces->chunk.time_ns;
        hole.input = stream->pieces->chunk.input;
        hole.number = stream->pieces->chunk.number;
    }
    tell_hole(table, body, from, hole);
}

/* Both directions wait for each other, or for nothing that could be missing: the piece that came first goes.
 */
static bool force_piece(struct flow_table *table, struct flow_body *body)
{
    const struct piece *a = body->stream[0].pieces, *b = body->stream[1].pieces;
    bool a_ready = a && a->chunk.offset <= body->stream[0].next,
         b_ready = b && b->chunk.offset <= body->stream[1].next;

    if (!a_ready && !b_ready)
        return false;
    int from = a_ready && (!b_ready || a->arrival < b->arrival) ? 0 : 1;
    return pump_piece(table, body, from, true);
}

/* Which direction has a hole that must be told now; the one that has waited longest first.  -1: none. */
static int due_hole(struct flow_body *body, uint64_t now_ns, bool everything)
{
    int due = -1;

    for (int d = 0; d < 2; d++) {
        struct stream *stream = &body->stream[d];
        if (hole_end(body, d, everything) == stream->next) {
            if (!stream->pieces)
                stream->is_waiting = false;
            continue;
        }
        bool is_now = is_due(stream, now_ns) || everything;
        if (is_now && (due < 0 || stream->wait_since_ns < body->stream[due].wait_since_ns))
            due = d;
    }
    return due;
}

/* A piece whose turn it is but for causality, with no hole that it waits for. */
static bool is_stuck(struct flow_body *body, uint64_t now_ns, bool everything)
{
    bool stuck = false;

    for (int d = 0; d < 2; d++) {
        struct stream *stream = &body->stream[d];
        if (stream->pieces && stream->pieces->chunk.offset <= stream->next)
            stuck = is_due(stream, now_ns) || stuck;
    }
    return stuck || everything;
}

/* The hole for which a piece of the other direction may be waiting, whose own time is not over; -1: none. */
static int waited_hole(const struct flow_body *body)
{
    for (int d = 0; d < 2; d++)
        if (hole_end(body, d, false) != body->stream[d].next)
            return d;
    return -1;
}

void flow_pump(struct flow_table *table, uint32_t index, uint64_t now_ns, bool everything)
{
    struct flow_body *body = flow_at(table, index)->body;

    for (;;) {
        (void)pump_ready(table, body);
        int due = due_hole(body, now_ns, everything);
        bool stuck = due < 0 && is_stuck(body, now_ns, everything);
        if (stuck)
            due = waited_hole(body);
        if (due >= 0)
            declare_hole(table, body, due, hole_end(body, due, everything), now_ns);
        else if (!stuck || !force_piece(table, body))
            return;
    }
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

    enum flow_interest interest = table->handler.classify(table->handler.ctx, &body->info, from, segment);
    body->undecided_bytes += segment->payload.len;
    if (interest == FLOW_UNDECIDED && body->undecided_bytes > LIMIT_UNDECIDED_BYTES)
        interest = FLOW_UNWANTED;
    if (interest == FLOW_UNWANTED) {
        flow_lose_interest(table, index);
        return false;
    }
    flow->interest = (uint8_t)interest;
    if (interest == FLOW_WANTED)
        (void)pump_ready(table, body); /* what was kept until now came before */
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
    if (flow->interest == FLOW_WANTED && chunk.offset == stream->next && !stream->pieces
        && is_causal(body, from, &chunk)) {
        if (data.len)
            hand_out(table, body, from, &chunk);
        tell_snapped(table, body, from, segment->missing, &chunk);
    } else {
        keep(table, index, from, &chunk, segment->missing);
    }
}

static void note_fin(struct flow_body *body, int from, const struct segment *segment)
{
    struct stream *stream = &body->stream[from];
    int64_t offset = stream_offset(stream, segment->seq + ((segment->flags & TCP_SYN) != 0));

    offset += (int64_t)segment->payload.len + segment->missing;
    if (stream->has_fin || offset < (int64_t)stream->next)
        return;
    stream->has_fin = true;
    stream->fin_offset = (uint64_t)offset;
    if (stream->acked == stream->fin_offset + 1)
        stream->acked--; /* its acknowledgment came first */
    body->info.side[from].saw_fin = true;
    body->info.side[from].fin_ns = segment->time_ns;
    if (body->info.closed_by < 0)
        body->info.closed_by = from;
}

/* A RST counts where it can be in the window (RFC 9293 3.10.7); a blind one elsewhere does not. */
static bool fits_reset(const struct flow_body *body, int from, const struct segment *segment)
{
    const struct stream *stream = &body->stream[from];

    if (!stream->is_known)
        return true;
    int64_t offset = stream_offset(stream, segment->seq) - (int64_t)stream->next;
    return offset >= -(int64_t)RST_BEHIND && offset <= (int64_t)LIMIT_STREAM_BYTES;
}

/* And all that was sent before them has been handed out. */
static bool is_finished(const struct flow_body *body)
{
    const struct stream *a = &body->stream[0], *b = &body->stream[1];

    return a->next >= a->fin_offset && b->next >= b->fin_offset && !a->pieces && !b->pieces;
}

/* Both sides have closed, and each has acknowledged all that the other sent: bytes that lack here were lost
 * on the way to the capture, and nobody will send them again. */
static bool is_over(const struct flow_body *body)
{
    const struct stream *a = &body->stream[0], *b = &body->stream[1];

    return a->acked >= a->fin_offset && b->acked >= b->fin_offset;
}

/* One FIN came and was acknowledged, and of the other side one octet more than it sent: its FIN, which the
 * capture lacks and nobody will send again. */
static bool is_closed_unseen(const struct flow_body *body)
{
    const struct stream *closed = &body->stream[body->stream[0].has_fin ? 0 : 1],
                        *other = &body->stream[body->stream[0].has_fin ? 1 : 0];

    return closed->next >= closed->fin_offset && !closed->pieces && closed->acked >= closed->fin_offset
           && !other->pieces && other->acked == other->next + 1;
}

/* Both FINs came. */
static void feed_closed(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);

    if (is_finished(flow->body))
        flow_end(table, index, FLOW_CLOSE_FIN, flow->body->info.closed_by);
    else if (flow->list == LIST_OPEN && is_over(flow->body))
        flow_move(table, index, LIST_ENDING);
}

/* Packets and windows before the connection matters: two counters and a round trip time. */
static void note_early(struct flow *flow, int from, const struct segment *segment)
{
    if (flow->early_packets[from] < UINT16_MAX)
        flow->early_packets[from]++;
    if (flow->saw_synack && !flow->rtt_us && !(segment->flags & TCP_SYN) && flow->initiator == from
        && segment->time_ns >= flow->start_ns) {
        uint64_t rtt_us = (segment->time_ns - flow->start_ns) / 1000;
        flow->rtt_us = rtt_us > UINT32_MAX ? UINT32_MAX : rtt_us == 0 ? 1 : (uint32_t)rtt_us;
    }
}

/* A RST that stands where it is due may be believed in what it acknowledges: what lacks of that is missing.
 */
static void note_last_ack(struct flow_body *body, int from, const struct segment *segment)
{
    const struct stream *own = &body->stream[from];
    struct stream *peer = &body->stream[!from];
    bool is_due = own->is_known && stream_offset(own, segment->seq) == (int64_t)own->next;

    if (!(segment->flags & TCP_ACK) || !is_due || !peer->is_known)
        return;
    int64_t acked = stream_offset(peer, segment->ack) - peer->has_fin;
    if (acked > (int64_t)peer->next && acked <= (int64_t)(peer->next + LIMIT_STREAM_BYTES))
        peer->acked = (uint64_t)acked;
}

static void feed_reset(struct flow_table *table, uint32_t index, int from, const struct segment *segment)
{
    struct flow *flow = flow_at(table, index);
    struct flow_body *body = flow->body;

    if (!body) {
        flow_end(table, index, FLOW_CLOSE_RESET, from);
        return;
    }
    if (!fits_reset(body, from, segment)) {
        table->counters.segments_dropped++;
        return;
    }
    flow_note_reset(body, from, segment);
    note_last_ack(body, from, segment);
    if (body->info.closed_by < 0)
        body->info.closed_by = from;
    if (flow->list != LIST_CLOSING)
        flow_move(table, index, LIST_CLOSING); /* what was reordered around it may still come */
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
    learn_midstream(body, from, segment);
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
        note_fin(body, from, segment);
    bool is_behind = body->stream[0].pieces || body->stream[1].pieces
                     || body->stream[0].acked > body->stream[0].next
                     || body->stream[1].acked > body->stream[1].next;
    if (is_behind && flow->interest == FLOW_WANTED)
        flow_pump(table, index, segment->time_ns, false);
    if (body->stream[0].has_fin && body->stream[1].has_fin)
        feed_closed(table, index);
    else if ((body->stream[0].has_fin || body->stream[1].has_fin) && flow->list == LIST_OPEN
             && is_closed_unseen(body))
        flow_move(table, index, LIST_ENDING);
}

void flow_feed(struct flow_table *table, const struct segment *segment, const struct flow_lookup *lookup)
{
    uint32_t index;
    int from;

    if (table->next_sweep_ns - segment->time_ns - 1 >= STEP_NS) /* due, or the clock was set back */
        flow_sweep(table, segment->time_ns);
    struct flow *flow = find_or_begin(table, segment, lookup, &index, &from);
    if (!flow)
        return;
    if (flow->list == LIST_CLOSED)
        return; /* a straggler */
    if (segment->time_ns > flow->last_ns)
        flow->last_ns = segment->time_ns;
    if (segment->flags & TCP_SYN)
        learn_syn(flow, from, segment);
    if (segment->flags & TCP_RST) {
        feed_reset(table, index, from, segment);
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
