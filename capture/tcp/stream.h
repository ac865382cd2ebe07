#ifndef TCP_STREAM_H
#define TCP_STREAM_H

#include "base/budget.h"
#include "tcp/flow_table.h"

/* One direction of a connection: where it stands, and the pieces that came too early. */

struct piece {
    struct piece *next; /* by offset; pieces do not overlap */
    struct stream_chunk chunk;
    uint64_t arrival; /* order in which pieces of the connection came */
    uint32_t missing; /* octets behind it that the snap length cut off */
    uint8_t bytes[];
};

struct stream {
    uint32_t base_seq; /* sequence number of offset 0 */
    bool is_known;     /* base_seq is */
    bool has_fin;
    bool is_waiting;      /* for a hole to be filled */
    uint64_t next;        /* offset of the next byte to hand out */
    uint64_t acked;       /* the peer has acknowledged up to here */
    uint64_t progress_ns; /* when `acked` last moved, or bytes began to wait for it */
    uint64_t fin_offset;
    uint64_t wait_since_ns;
    uint32_t wait_packets;
    uint32_t piece_count;
    size_t piece_bytes;
    struct piece *pieces;
    struct piece *last;
};

/* Offset of a sequence number, which lies within 2^31 of what comes next.  Negative: before the beginning. */
static inline int64_t stream_offset(const struct stream *stream, uint32_t seq)
{
    uint32_t next_seq = stream->base_seq + (uint32_t)stream->next;

    return (int64_t)stream->next + (int32_t)(seq - next_seq);
}

/* What one chunk costs in memory. */
size_t stream_piece_cost(size_t len);
/* Copies into the queue what is not there yet of the chunk; octets that differ from those that are there are
 * counted.  `budget` must hold stream_piece_cost(len) for each piece: false when it does not, or at a
 * ceiling. */
bool stream_keep(struct stream *stream, struct budget *budget, const struct stream_chunk *chunk,
                 uint32_t missing, uint64_t arrival, struct flow_side_facts *facts) NODISCARD;
/* The first piece, unlinked; the caller gives it to stream_drop. */
struct piece *stream_detach_first(struct stream *stream);
void stream_drop(struct piece *piece, struct budget *budget);
void stream_clear(struct stream *stream, struct budget *budget);

#endif
