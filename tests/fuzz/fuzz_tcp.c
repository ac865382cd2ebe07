/* A sequence of segments through one flow table with little memory: direction and flags (1), connection (1),
 * sequence and acknowledgment (2 each, relative), length (1), time (1).  What comes out must be in order and
 * without overlap. */
#include "tcp/flow_table.h"

#include <stdlib.h>

#include "base/timestamp.h"

enum { LITTLE_MEMORY = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t next[2];
};

static enum flow_interest classify(void *ctx, struct flow_info *flow, int from, const struct segment *segment,
                                   int64_t offset)
{
    (void)offset;
    (void)ctx;
    (void)from;
    if (!flow->user)
        flow->user = calloc(1, sizeof(struct seen));
    if (segment->payload.ptr[0] == 'n' || !flow->user)
        return FLOW_UNWANTED;
    return segment->payload.ptr[0] == 'u' ? FLOW_UNDECIDED : FLOW_WANTED;
}

static void take(struct flow_info *flow, int from, uint64_t offset, uint64_t length)
{
    struct seen *seen = flow->user;

    if (offset != seen->next[from] || length == 0)
        abort();
    seen->next[from] += length;
}

static void data_out(void *ctx, struct flow_info *flow, int from, const struct stream_chunk *chunk)
{
    static volatile uint8_t sink;

    (void)ctx;
    for (size_t i = 0; i < chunk->data.len; i++)
        sink = chunk->data.ptr[i];
    (void)sink;
    take(flow, from, chunk->offset, chunk->data.len);
}

static void hole_out(void *ctx, struct flow_info *flow, int from, const struct stream_hole *hole)
{
    (void)ctx;
    take(flow, from, hole->offset, hole->length);
}

static void ended(void *ctx, struct flow_info *flow, enum flow_interest interest)
{
    (void)ctx;
    (void)interest;
    free(flow->user);
    flow->user = NULL;
}

static void feed(struct flow_table *table, struct reader *r, uint64_t *time_ns)
{
    static const uint8_t payload[256] = "wanted";
    static const struct address ends[2] = { { 4, { 192, 0, 2, 1 } }, { 4, { 192, 0, 2, 25 } } };
    uint8_t first = read_u8(r);
    uint8_t connection = read_u8(r);
    uint32_t seq = read_be16(r);
    uint32_t ack = read_be16(r);
    uint8_t length = read_u8(r);
    uint8_t skip = read_u8(r);
    bool back = first & 0x80;

    *time_ns += (uint64_t)skip * skip * NS_PER_MS;
    struct segment segment = {
        .source = ends[back],
        .destination = ends[!back],
        .source_port = back ? 25 : (uint16_t)(1000 + (connection & 7)),
        .destination_port = back ? (uint16_t)(1000 + (connection & 7)) : 25,
        .seq = 0xffffff00u + seq,
        .ack = 0xffffff00u + ack,
        .flags = first & 0x3f,
        .window = connection & 0x80 ? 0 : 1000,
        .payload = { payload + (connection >> 3 & 1), length },
        .missing = connection & 0x10 ? 3 : 0,
        .time_ns = *time_ns,
    };
    flow_table_feed(table, &segment, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct flow_handler handler = {
        .classify = classify, .data = data_out, .hole = hole_out, .ended = ended
    };
    struct reader r = reader_over((struct bytes){ data, size });
    struct budget budget;
    uint64_t time_ns = NS_PER_SECOND;

    budget_init(&budget, LITTLE_MEMORY);
    struct flow_table *table = flow_table_new(&handler, &budget, NULL);
    if (!table)
        return 0;
    while (reader_left(&r) >= 8)
        feed(table, &r, &time_ns);
    flow_table_finish(table);
    flow_table_free(table);
    if (budget.used_bytes > budget.limit_bytes)
        abort();
    return 0;
}
