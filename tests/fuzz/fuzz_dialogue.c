/* Both sides of a connection, cut into chunks, with holes, through the dialogue and the judge.  Each chunk:
 * kind (1: side, hole, acknowledgment), length (1), then its bytes. */
#include "dialogue/dialogue.h"
#include "rules/rules.h"

#include <stdlib.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct context {
    struct analyzer *analyzer;
    struct budget budget;
};

static void ended(void *ctx, struct session *session)
{
    struct context *context = ctx;

    analysis_free(analysis_new(context->analyzer, session));
}

static void changed(void *ctx, struct session *session, enum session_change change, size_t index)
{
    (void)ctx;
    if (change != CHANGE_OPENED && index >= session->item_count)
        abort();
}

static void feed(struct dialogue *dialogue, struct reader *r, uint64_t offset[2], uint64_t *number)
{
    uint8_t kind = read_u8(r);
    size_t length = read_u8(r);
    enum side side = kind & 1 ? SIDE_SERVER : SIDE_CLIENT;
    uint64_t other = offset[side == SIDE_CLIENT];

    ++*number;
    if (kind & 2) {
        struct stream_hole hole = {
            .offset = offset[side], .length = length + 1, .time_ns = *number, .number = *number
        };
        offset[side] += hole.length;
        dialogue_hole(dialogue, side, &hole);
        return;
    }
    if (length > reader_left(r))
        length = reader_left(r);
    struct stream_chunk chunk = {
        .data = read_bytes(r, length), .offset = offset[side], .time_ns = *number, .number = *number
    };
    chunk.acked = kind & 4 ? UINT64_MAX : kind & 8 ? other / 2 : other;
    offset[side] += length;
    if (length)
        dialogue_data(dialogue, side, &chunk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct context context = { .analyzer = NULL };
    struct reader r = reader_over((struct bytes){ data, size });
    uint64_t offset[2] = { 0, 0 }, number = 0;
    uint8_t shape = read_u8(&r);

    budget_init(&context.budget, 64 * MIB);
    context.analyzer = analyzer_new(&context.budget, NULL);
    struct flow_info flow = {
        .serial = 1,
        .end = { { { 4, { 192, 0, 2, 1 } }, 4000 }, { { 4, { 192, 0, 2, 25 } }, shape & 1 ? 24 : 25 } },
        .is_midstream = shape & 2,
        .side = { { .packets = 1, .saw_syn = true },
                  { .packets = shape & 4 ? 0 : 1, .saw_syn = !(shape & 8) } },
        .close = shape & 16 ? FLOW_CLOSE_FIN : FLOW_CLOSE_END_OF_CAPTURE,
        .closed_by = -1,
    };
    struct dialogue_options options = { .budget = &context.budget,
                                        .wants_digests = shape & 32,
                                        .sink = { .ctx = &context, .ended = ended, .changed = changed } };
    struct dialogue *dialogue = context.analyzer ? dialogue_new(&options, &flow, 0) : NULL;
    while (dialogue && r.ok && reader_left(&r) >= 2)
        feed(dialogue, &r, offset, &number);
    if (dialogue)
        (void)dialogue_end(dialogue, &flow);
    analyzer_free(context.analyzer);
    return 0;
}
