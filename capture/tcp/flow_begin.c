/* Where a connection begins, and what its first segments tell (RFC 9293 3.4, 3.5). */
#include "tcp/flow.h"

enum { REUSE_NS = 1000000000 }; /* silence after which a SYN is believed at once */

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
void flow_learn_syn(struct flow *flow, int from, const struct segment *segment)
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
    struct flow_body *body = flow->body;
    if (!body || (body->stream[from].is_known && body->stream[from].base_seq != flow->isn[from]))
        return; /* it is too late to begin there */
    body->stream[from].is_known = true;
    body->stream[from].base_seq = flow->isn[from];
    body->info.side[from].saw_syn = true;
    body->info.initiator = flow->initiator;
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

struct flow *flow_find_or_begin(struct flow_table *table, const struct segment *segment,
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
void flow_learn_midstream(struct flow_body *body, int from, const struct segment *segment)
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
