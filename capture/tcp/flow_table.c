/* The table of connections: finding them, making them, giving them back. */
#include "tcp/flow_table.h"

#include "base/limits.h"
#include "tcp/flow.h"

#include <stdlib.h>
#include <sys/random.h>

enum { BUCKETS_FIRST = 1 << 12, BODIES_KEPT = 1024 };

static struct list empty_list(void)
{
    return (struct list){ NO_FLOW, NO_FLOW };
}

struct flow_table *flow_table_new(const struct flow_handler *handler, struct budget *budget, struct err *err)
{
    struct flow_table *table = calloc(1, sizeof *table);
    uint32_t *buckets = malloc(BUCKETS_FIRST * sizeof *buckets);

    if (!table || !buckets) {
        free(table);
        free(buckets);
        (void)err_set(err, ERR_NOMEM, 0, "no memory for the table of connections");
        return NULL;
    }
    table->handler = *handler;
    table->budget = budget;
    table->buckets = buckets;
    table->bucket_mask = BUCKETS_FIRST - 1;
    memset(buckets, 0xff, BUCKETS_FIRST * sizeof *buckets);
    table->free_flow = NO_FLOW;
    table->next_serial = 1;
    for (unsigned i = 0; i < LIST_COUNT; i++)
        table->lists[i] = empty_list();
    table->ages = empty_list();
    /* Who sends the packets must not choose the buckets.  The seed changes no output. */
    if (getrandom(&table->key_seed, sizeof table->key_seed, 0) != (ssize_t)sizeof table->key_seed)
        table->key_seed = (uint64_t)(uintptr_t)table;
    return table;
}

void flow_table_free(struct flow_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; i < table->chunk_count; i++) {
        for (uint32_t k = 0; k < FLOWS_IN_CHUNK; k++)
            if (table->chunks[i][k].body)
                flow_drop_body(table, &table->chunks[i][k]);
        budget_give(table->budget, FLOWS_IN_CHUNK * sizeof(struct flow));
        free(table->chunks[i]);
    }
    while (table->free_bodies) {
        struct flow_body *next = table->free_bodies->next_free;
        free(table->free_bodies);
        table->free_bodies = next;
    }
    free(table->chunks);
    free(table->buckets);
    free(table);
}

const struct flow_counters *flow_table_counters(const struct flow_table *table)
{
    return &table->counters;
}

uint64_t flow_table_reached(const struct flow_table *table)
{
    return (table->ages.first == NO_FLOW ? table->next_serial : flow_at(table, table->ages.first)->serial)
           - 1;
}

uint64_t flow_hash(const struct flow_table *table, const struct flow_key *key)
{
    uint64_t hash = table->key_seed ^ ((uint64_t)key->ports[0] << 16 | key->ports[1]);

    for (unsigned i = 0; i < 4; i++) {
        hash = (hash ^ key->words[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return hash;
}

static uint32_t *bucket_of(const struct flow_table *table, const struct flow_key *key)
{
    return flow_bucket(table, flow_hash(table, key));
}

static bool key_equal(const struct flow_key *a, const struct flow_key *b)
{
    return a->words[0] == b->words[0] && a->words[2] == b->words[2] && a->ports[0] == b->ports[0]
           && a->ports[1] == b->ports[1] && a->words[1] == b->words[1] && a->words[3] == b->words[3]
           && a->family == b->family;
}

struct flow *flow_find(struct flow_table *table, const struct flow_lookup *lookup, uint32_t *index)
{
    for (uint32_t i = *flow_bucket(table, lookup->hash); i != NO_FLOW;) {
        struct flow *flow = flow_at(table, i);
        if (key_equal(&flow->key, &lookup->key)) {
            *index = i;
            return flow;
        }
        i = flow->chain;
    }
    return NULL;
}

/* Twice the buckets; without memory for them chains just grow longer. */
static void rehash(struct flow_table *table)
{
    uint32_t old = table->bucket_mask + 1, many = old * 2;

    if (many == 0 || !budget_take(table->budget, old * sizeof *table->buckets))
        return;
    uint32_t *buckets = realloc(table->buckets, many * sizeof *buckets);
    if (!buckets) {
        budget_give(table->budget, old * sizeof *table->buckets);
        return;
    }
    table->buckets = buckets;
    table->bucket_mask = many - 1;
    memset(buckets + old, 0xff, old * sizeof *buckets);
    for (uint32_t b = 0; b < old; b++) { /* each bucket splits in two */
        uint32_t i = buckets[b];
        buckets[b] = NO_FLOW;
        while (i != NO_FLOW) {
            struct flow *flow = flow_at(table, i);
            uint32_t next = flow->chain, *bucket = bucket_of(table, &flow->key);
            flow->chain = *bucket;
            *bucket = i;
            i = next;
        }
    }
}

/* Connections may take three quarters of the memory: what a flood of SYNs holds must leave room for sessions.
 */
static bool has_room_for_chunk(const struct flow_table *table)
{
    size_t chunk = FLOWS_IN_CHUNK * sizeof(struct flow);

    return !table->budget || (table->chunk_count + 1) * chunk <= table->budget->limit_bytes / 4 * 3;
}

static bool add_chunk(struct flow_table *table)
{
    if (!has_room_for_chunk(table))
        return false;
    if (!budget_take(table->budget, FLOWS_IN_CHUNK * sizeof(struct flow)))
        return false;
    struct flow **chunks = realloc(table->chunks, (table->chunk_count + 1) * sizeof *chunks);
    struct flow *chunk = chunks ? aligned_alloc(CACHE_LINE, FLOWS_IN_CHUNK * sizeof *chunk) : NULL;
    if (chunks)
        table->chunks = chunks;
    if (!chunk) {
        budget_give(table->budget, FLOWS_IN_CHUNK * sizeof(struct flow));
        return false;
    }
    memset(chunk, 0, FLOWS_IN_CHUNK * sizeof *chunk);
    uint32_t first = table->chunk_count * FLOWS_IN_CHUNK;
    table->chunks[table->chunk_count++] = chunk;
    for (uint32_t i = FLOWS_IN_CHUNK; i-- > 0;) {
        chunk[i].chain = table->free_flow;
        table->free_flow = first + i;
    }
    return true;
}

struct flow *flow_create(struct flow_table *table, const struct flow_lookup *lookup, uint32_t *index)
{
    if (table->free_flow == NO_FLOW && !add_chunk(table) && !flow_evict_one(table, NO_FLOW))
        return NULL;
    if (table->free_flow == NO_FLOW)
        return NULL;
    if (table->live > table->bucket_mask)
        rehash(table);
    uint32_t i = table->free_flow, *bucket = flow_bucket(table, lookup->hash);
    struct flow *flow = flow_at(table, i);
    table->free_flow = flow->chain;
    if (table->free_flow != NO_FLOW) /* the next connection's place */
        prefetch(flow_at(table, table->free_flow), sizeof *flow);
    *flow = (struct flow){ .key = lookup->key,
                           .chain = *bucket,
                           .serial = table->next_serial++,
                           .list = LIST_COUNT,
                           .initiator = -1 };
    *bucket = i;
    table->live++;
    table->counters.connections++;
    flow_age_add(table, i);
    *index = i;
    return flow;
}

void flow_destroy(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);
    uint32_t *link = bucket_of(table, &flow->key);

    while (*link != index)
        link = &flow_at(table, *link)->chain;
    *link = flow->chain;
    flow_unlist(table, index);
    flow_age_remove(table, index);
    if (flow->body)
        flow_drop_body(table, flow);
    flow->chain = table->free_flow;
    table->free_flow = index;
    table->live--;
}

/* A flow's body begins with what the small flow already knew. */
static void fill_body(struct flow *flow, struct flow_body *body)
{
    struct flow_info *info = &body->info;

    info->serial = flow->serial;
    info->initiator = flow->initiator;
    info->is_midstream = !(flow->flags & (FLAG_SYN_0 | FLAG_SYN_1));
    info->start_ns = flow->start_ns;
    info->first_input = flow->first_input;
    info->first_number = flow->first_number;
    info->rtt_ns = (uint64_t)flow->rtt_us * 1000;
    info->closed_by = -1;
    for (int d = 0; d < 2; d++) {
        info->end[d] = flow_end_of(flow, d);
        info->side[d].packets = flow->early_packets[d];
        info->side[d].saw_syn = flow->flags & (FLAG_SYN_0 << d);
        body->stream[d].is_known = info->side[d].saw_syn;
        body->stream[d].base_seq = flow->isn[d];
        if (flow->early_fins >> d & 1) { /* closed without a byte */
            body->stream[d].has_fin = body->stream[d].is_known;
            info->side[d].saw_fin = true;
            info->closed_by = d;
        }
    }
}

bool flow_give_body(struct flow_table *table, uint32_t index)
{
    struct flow *flow = flow_at(table, index);
    struct flow_body *body = table->free_bodies;

    if (flow->body)
        return true;
    if (!flow_take_memory(table, sizeof *body, index))
        return false;
    if (body) {
        table->free_bodies = body->next_free;
        table->free_body_count--;
    } else {
        body = aligned_alloc(alignof(struct flow_body), sizeof *body);
    }
    if (!body) {
        budget_give(table->budget, sizeof *body);
        return false;
    }
    memset(body, 0, sizeof *body);
    fill_body(flow, body);
    flow->body = body;
    return true;
}

void flow_drop_body(struct flow_table *table, struct flow *flow)
{
    struct flow_body *body = flow->body;

    stream_clear(&body->stream[0], table->budget);
    stream_clear(&body->stream[1], table->budget);
    budget_give(table->budget, sizeof *body);
    flow->body = NULL;
    if (table->free_body_count >= BODIES_KEPT) {
        free(body);
        return;
    }
    body->next_free = table->free_bodies;
    table->free_bodies = body;
    table->free_body_count++;
}

void flow_table_finish(struct flow_table *table)
{
    while (table->ages.first != NO_FLOW) {
        const struct flow *flow = flow_at(table, table->ages.first);
        bool was_reset = flow->list == LIST_CLOSING && flow->body;
        flow_end(table, table->ages.first, was_reset ? FLOW_CLOSE_RESET : FLOW_CLOSE_END_OF_CAPTURE,
                 was_reset ? flow->body->info.closed_by : -1);
    }
    /* Unwanted flows are left: they are told too, in the order of their lists. */
    for (uint32_t i = table->lists[LIST_UNWANTED].first; i != NO_FLOW; i = table->lists[LIST_UNWANTED].first)
        flow_end(table, i, FLOW_CLOSE_END_OF_CAPTURE, -1);
}
