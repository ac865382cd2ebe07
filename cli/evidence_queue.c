/* Packets that wait, in the order in which they came. */
#include <stdlib.h>

#include "cli/evidence_parts.h"

struct kept *kept_new(const struct packet *packet, const struct segment *segment)
{
    struct kept *kept = malloc(sizeof *kept + packet->data.len);
    const uint8_t *data = packet->data.ptr;
    bool is_inside = segment->payload.len > 0 && segment->payload.ptr >= data
                     && segment->payload.ptr + segment->payload.len <= data + packet->data.len;

    if (!kept)
        return NULL;
    *kept = (struct kept){ .from = { segment->source, segment->source_port },
                           .to = { segment->destination, segment->destination_port },
                           .captured = packet->number,
                           .time_ns = packet->time_ns,
                           .seq = segment->seq,
                           .wire_length = packet->wire_length,
                           .dlt = packet->dlt,
                           .payload_at = is_inside ? (uint32_t)(segment->payload.ptr - data) : 0,
                           .payload_len = is_inside ? (uint32_t)segment->payload.len : 0,
                           .len = (uint32_t)packet->data.len };
    memcpy(kept->data, data, packet->data.len);
    return kept;
}

bool kept_is_from(const struct kept *kept, const struct endpoint *end)
{
    return kept->from.port == end->port && address_equal(&kept->from.address, &end->address);
}

void queue_append(struct queue *queue, struct kept *kept)
{
    kept->next = NULL;
    kept->previous = queue->last;
    *(queue->last ? &queue->last->next : &queue->first) = kept;
    queue->last = kept;
    queue->bytes += sizeof *kept + kept->len;
}

void queue_take_out(struct queue *queue, struct kept *kept)
{
    *(kept->previous ? &kept->previous->next : &queue->first) = kept->next;
    *(kept->next ? &kept->next->previous : &queue->last) = kept->previous;
    queue->bytes -= sizeof *kept + kept->len;
}

void queue_free(struct queue *queue)
{
    for (struct kept *kept = queue->first, *next; kept; kept = next) {
        next = kept->next;
        free(kept);
    }
    *queue = (struct queue){ NULL, NULL, 0 };
}
