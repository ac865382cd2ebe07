/* How a connection closes: FINs of both sides, or a reset (RFC 9293 3.6, 3.10.7). */
#include "base/limits.h"
#include "tcp/flow.h"

enum { RST_BEHIND = 1 << 16 }; /* a RST may lag a window behind what was seen */

void flow_feed_fin(struct flow_body *body, int from, const struct segment *segment)
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

static void feed_both(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);

    if (is_finished(flow->body))
        flow_end(table, index, FLOW_CLOSE_FIN, flow->body->info.closed_by);
    else if (flow->list == LIST_OPEN && is_over(flow->body))
        flow_move(table, index, LIST_ENDING);
}

void flow_feed_closed(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);

    if (flow->body->stream[0].has_fin && flow->body->stream[1].has_fin)
        feed_both(table, index);
    else if (flow->list == LIST_OPEN && is_closed_unseen(flow->body))
        flow_move(table, index, LIST_ENDING);
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

void flow_feed_reset(struct flow_table *table, uint32_t index, int from, const struct segment *segment)
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
