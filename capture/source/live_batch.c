/* A few packets, gathered from a ring that may take them back at any time. */
#include "source/live_batch.h"

void live_batch_flush(struct live_batch *batch)
{
    size_t count = batch->count;

    batch->count = 0;
    if (count > 0)
        batch->take(batch->ctx, batch->packets, count);
}

void live_batch_add(struct live_batch *batch, const struct packet *packet)
{
    if (packet->data.len > LIVE_COPIED_MOST) {
        live_batch_flush(batch);
        batch->take(batch->ctx, packet, 1);
        return;
    }
    uint8_t *octets = batch->octets[batch->count];
    struct packet *kept = &batch->packets[batch->count++];
    *kept = *packet;
    kept->data.ptr = octets;
    if (packet->data.len > 0)
        memcpy(octets, packet->data.ptr, packet->data.len);
    if (batch->count == LIVE_TOGETHER)
        live_batch_flush(batch);
}
