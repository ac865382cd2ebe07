/* Bytes are handed out in the order in which they were said, of both directions; what does not come is a
 * hole.
 */
#include "base/limits.h"
#include "tcp/flow.h"

enum { HOLE_NS = 1000000000 }; /* capture time that a hole may take to be filled */

/* May this chunk be handed out before the other direction has more?  `peer->acked` never exceeds what was
 * acknowledged, so a wait always ends with the hole that it becomes. */
static bool is_causal(const struct flow_body *body, int from, const struct stream_chunk *chunk)
{
    return chunk->acked == UINT64_MAX || chunk->acked <= body->stream[!from].next
           || !flow_was_seen(body, !from);
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

bool flow_hand_on(struct flow_table *table, struct flow_body *body, int from,
                  const struct stream_chunk *chunk, uint32_t missing)
{
    const struct stream *stream = &body->stream[from];

    if (chunk->offset != stream->next || stream->pieces || !is_causal(body, from, chunk))
        return false;
    if (chunk->data.len)
        hand_out(table, body, from, chunk);
    tell_snapped(table, body, from, missing, chunk);
    return true;
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

bool flow_pump_ready(struct flow_table *table, struct flow_body *body)
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
    uint64_t sure = everything || !flow_was_seen(body, !from) ? known : stream->acked;

    if (everything && stream->acked > stream->next && known == UINT64_MAX)
        sure = stream->acked;
    if (everything && stream->has_fin && stream->fin_offset > stream->next && known == UINT64_MAX)
        sure = stream->fin_offset; /* what it says that it has sent */
    if (!flow_was_seen(body, from))
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
        (void)flow_pump_ready(table, body);
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
