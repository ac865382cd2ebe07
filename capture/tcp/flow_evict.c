/* What goes when time has passed, or memory is short. */
#include "base/limits.h"
#include "base/timestamp.h"
#include "tcp/flow.h"

enum { PAUSE_SECONDS = 60 }; /* without any packet: the capture may have paused */

/* Milliseconds of capture time without a packet. */
static const uint64_t timeout_ms[LIST_COUNT] = {
    [LIST_CLOSED] = 8000,     /* stragglers come within a few round trips */
    [LIST_HALF_OPEN] = 75000, /* the fifth retransmission of a SYN comes after 63 s (RFC 6298 5.7) */
    [LIST_UNWANTED] = 300000, [LIST_CLOSING] = 1000,
    [LIST_ENDING] = 100,   /* nobody sends it again: it may only have been overtaken on its way here */
    [LIST_OPEN] = 3600000, /* servers wait ten minutes at the longest: RFC 5321 4.5.3.2 */
};

static void end_idle(struct flow_table *table, uint32_t index, enum flow_list list)
{
    struct flow *flow = flow_at(table, index);

    if (list == LIST_CLOSED) {
        flow_destroy(table, index);
        return;
    }
    if (list == LIST_ENDING) {
        flow_end(table, index, FLOW_CLOSE_FIN, flow->body->info.closed_by);
        return; /* stays as a tombstone: stragglers are likely here */
    }
    if (list == LIST_CLOSING)
        flow_end(table, index, FLOW_CLOSE_RESET, flow->body ? flow->body->info.closed_by : -1);
    else
        flow_end(table, index, FLOW_CLOSE_TIMEOUT, -1);
    flow_destroy(table, index);
}

/* Lists are in order of the last move, not of the last packet: moving a flow at every packet would cost more
 * than looking again here. */
static void sweep_list(struct flow_table *table, enum flow_list list, uint64_t now_ns)
{
    uint64_t timeout_ns = timeout_ms[list] * NS_PER_MS;
    uint32_t last = table->lists[list].last;

    for (uint32_t i = table->lists[list].first; i != NO_FLOW; i = table->lists[list].first) {
        struct flow *flow = flow_at(table, i);
        if (flow->next != NO_FLOW)
            prefetch(flow_at(table, flow->next), sizeof *flow);
        if (flow->last_ns + timeout_ns <= now_ns)
            end_idle(table, i, list);
        else if (list == LIST_CLOSED || list == LIST_HALF_OPEN || list == LIST_CLOSING || list == LIST_ENDING)
            return; /* these do not live on packets: the first is the oldest */
        else if (flow->previous == NO_FLOW && flow->last_ns + timeout_ns / 2 > now_ns && i != last)
            flow_move(table, i, list);
        else
            return;
        if (i == last)
            return;
    }
}

void flow_sweep(struct flow_table *table, uint64_t now_ns)
{
    if (now_ns > table->next_sweep_ns + PAUSE_SECONDS * NS_PER_SECOND)
        table->watched_since_ns = now_ns;
    table->next_sweep_ns = now_ns + SWEEP_MS * NS_PER_MS;
    for (unsigned list = 0; list < LIST_COUNT; list++)
        sweep_list(table, (enum flow_list)list, now_ns);
}

void flow_table_advance(struct flow_table *table, uint64_t now_ns)
{
    if (now_ns >= table->next_sweep_ns)
        flow_sweep(table, now_ns);
}

static void count_eviction(struct flow_table *table, const struct flow *flow, enum flow_list list)
{
    if (list == LIST_HALF_OPEN)
        table->counters.evicted_half_open++;
    else if (list == LIST_OPEN && flow->interest == FLOW_WANTED)
        table->counters.evicted_wanted++;
    else if (list != LIST_CLOSED)
        table->counters.evicted_unwanted++;
}

static bool evict_from(struct flow_table *table, enum flow_list list, uint32_t keep)
{
    uint32_t index = table->lists[list].first;

    if (index == keep && index != NO_FLOW)
        index = flow_at(table, index)->next;
    if (index == NO_FLOW)
        return false;
    struct flow *flow = flow_at(table, index);
    count_eviction(table, flow, list);
    if (list != LIST_CLOSED)
        flow_end(table, index, FLOW_CLOSE_TIMEOUT, -1);
    flow_destroy(table, index);
    return true;
}

bool flow_evict_one(struct flow_table *table, uint32_t keep)
{
    for (unsigned list = 0; list < LIST_COUNT; list++)
        if (evict_from(table, (enum flow_list)list, keep))
            return true;
    return false;
}

/* Of the budget a part is left to what is no connection: the transcripts of those that go on, and the judging
 * of those that are given up. */
static bool leaves_spare(const struct budget *budget, size_t bytes)
{
    size_t spare = budget ? budget->limit_bytes / LIMIT_MEMORY_SPARE_SHARE : 0;

    return !budget || budget->used_bytes + bytes <= budget->limit_bytes - spare;
}

bool flow_take_memory(struct flow_table *table, size_t bytes, uint32_t keep)
{
    /* Evicting a flow without a body gives back no memory but its place in the pool: only those with one
     * help. */
    for (unsigned tries = 0; tries < 8 && !leaves_spare(table->budget, bytes); tries++)
        if (!evict_from(table, LIST_CLOSING, keep) && !evict_from(table, LIST_ENDING, keep)
            && !evict_from(table, LIST_OPEN, keep))
            break;
    return budget_take(table->budget, bytes);
}
