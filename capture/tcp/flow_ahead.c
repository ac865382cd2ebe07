/* Segments on their way to their connections: where those lie is asked for some packets ahead.  With hundreds
 * of sessions at once, whatever a packet touches has left the near caches since the connection's last one. */
#include "tcp/flow.h"

static void look_up(const struct flow_table *table, const struct segment *segment, struct flow_lookup *out)
{
    uint64_t a[2], b[2];

    memcpy(a, segment->source.bytes, sizeof a);
    memcpy(b, segment->destination.bytes, sizeof b);
    bool flipped = a[0] != b[0]   ? a[0] > b[0]
                   : a[1] != b[1] ? a[1] > b[1]
                                  : segment->source_port > segment->destination_port;
    const uint64_t *first = flipped ? b : a, *second = flipped ? a : b;
    out->key = (struct flow_key){
        .words = { first[0], first[1], second[0], second[1] },
        .ports = { flipped ? segment->destination_port : segment->source_port,
                   flipped ? segment->source_port : segment->destination_port },
        .family = segment->source.family,
    };
    out->is_flipped = flipped;
    out->hash = flow_hash(table, &out->key);
}

/* What every packet of it touches. */
static void ask_for_body(const struct flow_body *body)
{
    enum { SIDE_PART = offsetof(struct flow_side_facts, missing_bytes) };

    prefetch(body, offsetof(struct flow_body, info.side[0]) + SIDE_PART);
    prefetch(&body->info.side[1], SIDE_PART);
}

/* And what it leads to. */
static void ask_behind_body(const struct flow_table *table, const struct segment *segment,
                            const struct flow *flow)
{
    const struct flow_body *body = flow->body;

    for (int d = 0; d < 2; d++)
        if (body->stream[d].pieces)
            prefetch(body->stream[d].pieces, sizeof(struct piece));
    if (segment->payload.len && flow->interest == FLOW_WANTED && table->handler.expect)
        table->handler.expect(body->info.user);
}

/* Each step needs what the one before it has asked for.  Only guesses: nothing here changes anything. */
static void ask_for_flows(const struct flow_table *table, const struct segment *segments,
                          const struct flow_lookup *lookups, size_t count)
{
    const struct flow *flows[FLOW_TABLE_AHEAD] = { NULL };

    for (size_t i = 0; i < count; i++) {
        uint32_t index = *flow_bucket(table, lookups[i].hash);
        if (index == NO_FLOW)
            continue;
        flows[i] = flow_at(table, index);
        prefetch(flows[i], sizeof flows[i]->key);
    }
    for (size_t i = 0; i < count; i++)
        if (flows[i] && flows[i]->body)
            ask_for_body(flows[i]->body);
    for (size_t i = 0; i < count; i++)
        if (flows[i] && flows[i]->body)
            ask_behind_body(table, &segments[i], flows[i]);
}

void flow_table_feed(struct flow_table *table, const struct segment *segments, size_t count)
{
    struct flow_lookup lookups[FLOW_TABLE_AHEAD];

    for (size_t done = 0, now; done < count; done += now) {
        now = count - done < FLOW_TABLE_AHEAD ? count - done : FLOW_TABLE_AHEAD;
        for (size_t i = 0; i < now; i++) {
            look_up(table, &segments[done + i], &lookups[i]);
            prefetch(flow_bucket(table, lookups[i].hash), sizeof *table->buckets);
        }
        if (now > 1)
            ask_for_flows(table, segments + done, lookups, now);
        for (size_t i = 0; i < now; i++)
            flow_feed(table, &segments[done + i], &lookups[i]);
    }
}
