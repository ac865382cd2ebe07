/* How connections end, and what their handler is told. */
#include "base/timestamp.h"
#include "tcp/flow.h"

struct endpoint flow_end_of(const struct flow *flow, int direction)
{
    unsigned end = (unsigned)(direction ^ ((flow->flags & FLAG_FLIPPED) != 0));
    struct endpoint out = { .address = { .family = flow->key.family }, .port = flow->key.ports[end] };

    memcpy(out.address.bytes, &flow->key.words[end * 2], sizeof out.address.bytes);
    return out;
}

/* For a flow without a body, which is what most are that never carried SMTP. */
static void describe(const struct flow *flow, struct flow_info *info)
{
    *info = (struct flow_info){
        .serial = flow->serial,
        .end = { flow_end_of(flow, 0), flow_end_of(flow, 1) },
        .initiator = flow->initiator,
        .is_midstream = !(flow->flags & (FLAG_SYN_0 | FLAG_SYN_1)),
        .start_ns = flow->start_ns,
        .first_input = flow->first_input,
        .first_number = flow->first_number,
        .rtt_ns = (uint64_t)flow->rtt_us * 1000,
    };
    for (int d = 0; d < 2; d++) {
        info->side[d].packets = flow->early_packets[d];
        info->side[d].saw_syn = flow->flags & (FLAG_SYN_0 << d);
        info->side[d].saw_fin = flow->early_fins >> d & 1;
    }
    info->closed_by = flow->early_fins == 1 ? 0 : flow->early_fins == 2 ? 1 : -1;
}

static void tell_end(struct flow_table *table, struct flow *flow, enum flow_close close, int closed_by)
{
    struct flow_info small, *info = flow->body ? &flow->body->info : &small;

    if (!flow->body)
        describe(flow, &small);
    bool is_silent = close == FLOW_CLOSE_TIMEOUT || close == FLOW_CLOSE_END_OF_CAPTURE;
    if (is_silent && (info->side[0].saw_fin || info->side[1].saw_fin)) {
        close = FLOW_CLOSE_FIN; /* the other FIN was not captured, or never sent */
        closed_by = info->closed_by;
        is_silent = false;
    }
    info->is_established = flow->flags & FLAG_ESTABLISHED;
    info->early_packets[0] = flow->early_packets[0];
    info->early_packets[1] = flow->early_packets[1];
    if (flow->body)
        flow_finish_facts(flow->body);
    uint64_t swept_ns = table->next_sweep_ns - SWEEP_MS * NS_PER_MS;
    if (is_silent && swept_ns > flow->last_ns && flow->last_ns >= table->watched_since_ns)
        info->silent_ns = swept_ns - flow->last_ns;
    info->last_ns = flow->last_ns;
    info->close = close;
    info->closed_by = closed_by;
    flow->flags |= FLAG_ENDED;
    if (table->handler.ended)
        table->handler.ended(table->handler.ctx, info, (enum flow_interest)flow->interest);
}

void flow_end(struct flow_table *table, uint32_t index, enum flow_close close, int closed_by)
{
    struct flow *flow = flow_at(table, index);

    if (!(flow->flags & FLAG_ENDED)) {
        if (flow->body && flow->interest == FLOW_WANTED)
            flow_pump(table, index, flow->last_ns, true);
        flow_age_remove(table, index);
        tell_end(table, flow, close, closed_by);
    }
    if (flow->body)
        flow_drop_body(table, flow);
    flow->interest = FLOW_UNWANTED;
    flow_move(table, index, LIST_CLOSED);
}

void flow_lose_interest(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);

    flow->interest = FLOW_UNWANTED;
    flow_age_remove(table, index);
    if (flow->body)
        flow_drop_body(table, flow);
    flow_move(table, index, LIST_UNWANTED);
}
