/* Facts of a direction that tell of the path and of the end: noted where something is out of the ordinary. */
#include "tcp/flow.h"

void flow_note_hop_limit(struct flow_side_facts *side, uint8_t hop_limit)
{
    bool is_first = side->hop_limit_low == 0;

    side->hop_limit = hop_limit;
    if (hop_limit < side->hop_limit_low || is_first)
        side->hop_limit_low = hop_limit;
    if (hop_limit > side->hop_limit_high)
        side->hop_limit_high = hop_limit;
}

/* A span lasts while every packet of the side announces a window of zero. */
void flow_note_zero_window(struct flow_side_facts *side, uint64_t time_ns)
{
    if (side->zero_windows == 0 || side->zero_packet + 1 != side->packets)
        side->zero_since_ns = time_ns;
    side->zero_windows++;
    side->zero_packet = side->packets;
    side->zero_last_ns = time_ns;
}

void flow_note_repeat(struct flow_side_facts *side, uint32_t length, uint64_t offset)
{
    if (side->repeats == 0 || side->repeat_offset != offset)
        side->repeats = 0;
    side->repeat_offset = offset;
    side->repeat_length = length;
    side->repeats++;
}

void flow_note_reset(struct flow_body *body, int from, const struct segment *segment)
{
    struct flow_side_facts *side = &body->info.side[from];
    const struct stream *stream = &body->stream[from];

    if (side->reset_ns)
        return;
    side->reset_ns = segment->time_ns;
    side->reset_hop_limit = hop_limit_of(segment);
    if (stream->is_known)
        side->reset_offset = stream_offset(stream, segment->seq);
}

/* Who has reset a connection sends nothing new on it.  What was on its way before lies behind the RST in
 * sequence, however it was reordered. */
void flow_note_after_reset(struct flow_body *body, int from, const struct segment *segment)
{
    const struct stream *stream = &body->stream[from];
    struct flow_side_facts *side = &body->info.side[from];
    int64_t offset = stream_offset(stream, segment->seq);

    if (segment->payload.len > 0 && segment->time_ns > side->reset_ns && offset >= side->reset_offset
        && offset >= (int64_t)stream->next)
        side->segments_after_reset++;
}

static bool is_behind_fin(const struct flow_side_facts *side, const struct stream *stream)
{
    return stream->has_fin && side->reset_offset == (int64_t)stream->fin_offset + 1;
}

static uint64_t reset_distance(const struct flow_side_facts *side, const struct stream *stream)
{
    int64_t due = (int64_t)stream->next;

    if (is_behind_fin(side, stream))
        return 0; /* the FIN takes a sequence number */
    return (uint64_t)(side->reset_offset < due ? due - side->reset_offset : side->reset_offset - due);
}

void flow_finish_facts(struct flow_body *body)
{
    for (int d = 0; d < 2; d++) {
        struct flow_side_facts *side = &body->info.side[d];
        const struct stream *stream = &body->stream[d];
        bool is_answered = body->info.side[!d].packets > 0;
        if (is_answered && stream->next > stream->acked) {
            side->unacked_bytes = stream->next - stream->acked;
            side->unacked_since_ns = stream->progress_ns;
        }
        if (side->reset_ns && stream->is_known)
            side->reset_off_by = reset_distance(side, stream);
        if (side->reset_ns && side->reset_ns < side->fin_ns && is_behind_fin(side, stream))
            side->fin_ns = side->reset_ns; /* which has overtaken it */
        side->is_large_acked = side->large_end && side->large_end <= stream->acked;
        side->is_window_zero = side->zero_windows > 0 && side->zero_packet == side->packets;
        side->unacked_repeats = side->repeats && side->repeat_offset == stream->acked ? side->repeats : 0;
    }
}
