#ifndef TCP_FLOW_H
#define TCP_FLOW_H

#include <assert.h>
#include <stdalign.h>

#include "base/prefetch.h"
#include "tcp/flow_table.h"
#include "tcp/stream.h"

/* Inside of the flow table.  Every connection has a small `struct flow`; only one whose bytes matter has a
 * body. Flows are named by index, because the pool is in chunks and links are half the size of pointers. */

#define NO_FLOW UINT32_MAX

enum { FLOWS_IN_CHUNK = 4096, SWEEP_MS = 50 };

/* Both ends in a fixed order, so that either direction finds the same flow. */
struct flow_key {
    uint64_t words[4]; /* the two addresses */
    uint16_t ports[2];
    uint8_t family;
};

/* A segment's connection, to be looked up. */
struct flow_lookup {
    struct flow_key key;
    uint64_t hash;
    bool is_flipped; /* the sender is the second end of the key */
};

/* In which list a flow waits for its timeout; also the order in which flows must go when memory is short. */
enum flow_list {
    LIST_CLOSED = 0, /* ended; kept so that stragglers start nothing new */
    LIST_HALF_OPEN,
    LIST_UNWANTED,
    LIST_CLOSING, /* reset, but segments may have been reordered around the RST */
    LIST_ENDING,  /* both sides closed, with bytes or a FIN missing that will not be sent again */
    LIST_OPEN,
    LIST_COUNT
};

enum flow_flag {
    FLAG_FLIPPED = 1, /* the first packet came from the second end of the key */
    FLAG_SYN_0 = 2,   /* direction 0 sent a SYN */
    FLAG_SYN_1 = 4,
    FLAG_PACKETS_0 = 8, /* direction 0 sent anything */
    FLAG_PACKETS_1 = 16,
    FLAG_ESTABLISHED = 32,  /* the handshake was completed, or data was seen */
    FLAG_ENDED = 64,        /* `ended` was called */
    FLAG_SYN_PENDING = 128, /* a SYN with another sequence number waits for its SYN-ACK */
};

/* What every packet touches comes first, and the second side's part of it stands at the begin of its facts.
 */
struct flow_body {
    alignas(CACHE_LINE) struct stream stream[2];
    struct flow_info info;
    uint32_t pending_isn; /* of FLAG_SYN_PENDING */
    int pending_from;
    size_t undecided_bytes;
    struct flow_body *next_free;
};

/* Two lines of the processor's cache: what every packet of the connection touches is in the first. */
struct flow {
    struct flow_key key;
    uint32_t chain;   /* next in its bucket, or in the free list */
    uint8_t list;     /* enum flow_list */
    uint8_t interest; /* enum flow_interest */
    uint8_t flags;    /* enum flow_flag */
    int8_t initiator;
    struct flow_body *body;
    uint64_t last_ns;

    uint32_t previous, next; /* in its list, least recently touched first */
    uint32_t elder, younger; /* among those that can still be a session, by serial */
    uint32_t first_input;
    uint32_t rtt_us;
    uint64_t first_number;
    uint64_t serial;
    uint64_t start_ns;
    uint32_t isn[2]; /* sequence number of the first payload byte, valid with FLAG_SYN_n; else by what the
                        other side acknowledged first, or 0 */
    uint16_t early_packets[2]; /* before there was a body */
    uint8_t early_fins;        /* a bit a direction: FIN before there was a body */
    bool saw_synack;
};

static_assert(sizeof(struct flow) == 2 * CACHE_LINE, "a flow fills whole cache lines");

struct list {
    uint32_t first, last;
};

struct flow_table {
    struct flow_handler handler;
    struct budget *budget;
    struct flow **chunks;
    uint32_t chunk_count;
    uint32_t free_flow;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t live;
    uint64_t key_seed;
    struct list lists[LIST_COUNT];
    struct list ages; /* by serial */
    uint64_t next_serial;
    uint64_t next_sweep_ns;
    uint64_t watched_since_ns; /* no minute without a packet since then */
    struct flow_body *free_bodies;
    uint32_t free_body_count;
    struct flow_counters counters;
};

static inline struct flow *flow_at(const struct flow_table *table, uint32_t index)
{
    return &table->chunks[index / FLOWS_IN_CHUNK][index % FLOWS_IN_CHUNK];
}

/* flow_table.c */
uint64_t flow_hash(const struct flow_table *table, const struct flow_key *key);
static inline uint32_t *flow_bucket(const struct flow_table *table, uint64_t hash)
{
    return &table->buckets[(uint32_t)hash & table->bucket_mask];
}
struct flow *flow_find(struct flow_table *table, const struct flow_lookup *lookup, uint32_t *index);
/* NULL when there is no memory even after evictions. */
struct flow *flow_create(struct flow_table *table, const struct flow_lookup *lookup, uint32_t *index);
void flow_destroy(struct flow_table *table, uint32_t index);
bool flow_give_body(struct flow_table *table, uint32_t index);
void flow_drop_body(struct flow_table *table, struct flow *flow);

/* flow_lists.c */
void flow_move(struct flow_table *table, uint32_t index, enum flow_list list);
void flow_unlist(struct flow_table *table, uint32_t index);
void flow_age_add(struct flow_table *table, uint32_t index);
/* It can be no session any more. */
void flow_age_remove(struct flow_table *table, uint32_t index);

/* flow_end.c */
struct endpoint flow_end_of(const struct flow *flow, int direction);
/* Hands out what is queued, with holes told, and calls `ended`; the flow stays as a tombstone. */
void flow_end(struct flow_table *table, uint32_t index, enum flow_close close, int closed_by);
/* The connection is not SMTP: its bytes are forgotten. */
void flow_lose_interest(struct flow_table *table, uint32_t index);

/* flow_facts.c: what is noted off the straight way */
void flow_note_hop_limit(struct flow_side_facts *side, uint8_t hop_limit);
void flow_note_zero_window(struct flow_side_facts *side, uint64_t time_ns);
void flow_note_repeat(struct flow_side_facts *side, uint32_t length, uint64_t offset);
void flow_note_reset(struct flow_body *body, int from, const struct segment *segment);
/* A packet of a direction that has sent a RST. */
void flow_note_after_reset(struct flow_body *body, int from, const struct segment *segment);
/* What is known at the end alone. */
void flow_finish_facts(struct flow_body *body);

/* TTL or hop limit: RFC 791 3.1, RFC 8200 3. */
static inline uint8_t hop_limit_of(const struct segment *segment)
{
    size_t at = segment->source.family == 4 ? 8 : 7;

    return segment->ip_packet.len > at ? segment->ip_packet.ptr[at] : 0;
}

/* flow_evict.c */
void flow_sweep(struct flow_table *table, uint64_t now_ns);
/* Makes room by ending the least valuable flow other than `keep`; false if there is none. */
bool flow_evict_one(struct flow_table *table, uint32_t keep);
/* budget_take, with evictions of what is cheap. */
bool flow_take_memory(struct flow_table *table, size_t bytes, uint32_t keep);

/* flow_begin.c */
/* The segment's connection, which it may begin, and the direction that it comes from; NULL: it belongs to
 * none. */
struct flow *flow_find_or_begin(struct flow_table *table, const struct segment *segment,
                                const struct flow_lookup *lookup, uint32_t *index, int *from);
/* The first byte behind a SYN has the next sequence number. */
void flow_learn_syn(struct flow *flow, int from, const struct segment *segment);
/* Where a direction begins that was picked up in the middle. */
void flow_learn_midstream(struct flow_body *body, int from, const struct segment *segment);

/* flow_pump.c */
static inline bool flow_was_seen(const struct flow_body *body, int direction)
{
    return body->info.side[direction].packets > 0;
}
/* Hands out what comes in order, with what a cut packet lacks told; false: it has to wait. */
bool flow_hand_on(struct flow_table *table, struct flow_body *body, int from,
                  const struct stream_chunk *chunk, uint32_t missing);
/* Hands out what waits and needs not wait any longer; true if there was any. */
bool flow_pump_ready(struct flow_table *table, struct flow_body *body);
/* Hands out whatever can be, in causal order; declares holes that are due.  `everything`: all of them. */
void flow_pump(struct flow_table *table, uint32_t index, uint64_t now_ns, bool everything);

/* flow_close.c */
void flow_feed_fin(struct flow_body *body, int from, const struct segment *segment);
/* One side has sent a FIN, or both: is it over? */
void flow_feed_closed(struct flow_table *table, uint32_t index);
void flow_feed_reset(struct flow_table *table, uint32_t index, int from, const struct segment *segment);

/* flow_feed.c */
void flow_feed(struct flow_table *table, const struct segment *segment, const struct flow_lookup *lookup);

#endif
