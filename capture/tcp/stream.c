/* The queue of a direction: pieces that came too early, sorted, without overlap.  The first copy of an octet
 * wins. */
#include "tcp/stream.h"

#include "base/limits.h"

#include <stdlib.h>

size_t stream_piece_cost(size_t len)
{
    return sizeof(struct piece) + len;
}

void stream_drop(struct piece *piece, struct budget *budget)
{
    budget_give(budget, stream_piece_cost(piece->chunk.data.len));
    free(piece);
}

struct piece *stream_detach_first(struct stream *stream)
{
    struct piece *piece = stream->pieces;

    stream->pieces = piece->next;
    if (!stream->pieces)
        stream->last = NULL;
    stream->piece_count--;
    stream->piece_bytes -= piece->chunk.data.len;
    return piece;
}

void stream_clear(struct stream *stream, struct budget *budget)
{
    while (stream->pieces)
        stream_drop(stream_detach_first(stream), budget);
}

static struct piece *make_piece(struct stream *stream, struct budget *budget,
                                const struct stream_chunk *chunk)
{
    size_t cost = stream_piece_cost(chunk->data.len);

    if (stream->piece_count >= LIMIT_STREAM_SEGMENTS
        || chunk->data.len > LIMIT_STREAM_BYTES - stream->piece_bytes || !budget_take(budget, cost))
        return NULL;
    struct piece *piece = malloc(cost);
    if (!piece) {
        budget_give(budget, cost);
        return NULL;
    }
    *piece = (struct piece){ .chunk = *chunk };
    memcpy(piece->bytes, chunk->data.ptr, chunk->data.len);
    piece->chunk.data.ptr = piece->bytes;
    return piece;
}

static void link_behind(struct stream *stream, struct piece *before, struct piece *piece)
{
    struct piece **link = before ? &before->next : &stream->pieces;

    piece->next = *link;
    *link = piece;
    if (!piece->next)
        stream->last = piece;
    stream->piece_count++;
    stream->piece_bytes += piece->chunk.data.len;
}

static uint64_t end_of(const struct piece *piece)
{
    return piece->chunk.offset + piece->chunk.data.len;
}

static uint64_t count_differences(const struct piece *piece, const struct stream_chunk *chunk, uint64_t from,
                                  size_t len)
{
    const uint8_t *old = piece->chunk.data.ptr + (from - piece->chunk.offset);
    const uint8_t *new = chunk->data.ptr + (from - chunk->offset);
    uint64_t count = 0;

    if (memcmp(old, new, len) == 0)
        return 0;
    for (size_t i = 0; i < len; i++)
        count += old[i] != new[i];
    return count;
}

bool stream_keep(struct stream *stream, struct budget *budget, const struct stream_chunk *chunk,
                 uint32_t missing, uint64_t arrival, struct flow_side_facts *facts)
{
    struct piece *before = NULL, *piece = NULL;
    uint64_t at = chunk->offset, end = chunk->offset + chunk->data.len;

    if (stream->last && end_of(stream->last) <= at) /* the usual case: behind all others */
        before = stream->last;
    while (at < end) {
        struct piece *follower = before ? before->next : stream->pieces;
        while (follower && end_of(follower) <= at) {
            before = follower;
            follower = follower->next;
        }
        if (follower && follower->chunk.offset <= at) { /* there already */
            size_t len = (size_t)((end < end_of(follower) ? end : end_of(follower)) - at);
            facts->retransmitted_bytes += len;
            facts->conflicting_bytes += count_differences(follower, chunk, at, len);
            at += len;
            continue;
        }
        uint64_t until = follower && follower->chunk.offset < end ? follower->chunk.offset : end;
        struct stream_chunk part = *chunk;
        part.data = bytes_slice(chunk->data, (size_t)(at - chunk->offset), (size_t)(until - at));
        part.offset = at;
        piece = make_piece(stream, budget, &part);
        if (!piece)
            return false;
        piece->arrival = arrival;
        piece->missing = until == end ? missing : 0;
        link_behind(stream, before, piece);
        at = until;
    }
    return true;
}
