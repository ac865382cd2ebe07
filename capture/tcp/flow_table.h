#ifndef TCP_FLOW_TABLE_H
#define TCP_FLOW_TABLE_H

#include "base/budget.h"
#include "ip/ip.h"

/* Connections, and their two byte streams in order with holes told (RFC 9293).
 *
 * A direction is 0 (from the sender of the connection's first packet) or 1.  Stream offsets are 64-bit and
 * count from the first byte behind the SYN, or from the first byte seen.
 *
 * Data comes out in causal order: a segment waits until what it acknowledges of the other direction has been
 * handed out or given up, so that a reply never comes before the command that it answers, whatever the order
 * in the file. */

enum flow_interest {
    FLOW_UNDECIDED = 0, /* keep its bytes, ask again */
    FLOW_WANTED,        /* hand its bytes out */
    FLOW_UNWANTED       /* forget its bytes, ask no more */
};

/* Of one direction.  A segment is large with FLOW_LARGE_SEGMENT octets: RFC 8200 5 asks every path for 1280.
 */
enum { FLOW_LARGE_SEGMENT = 1200 };

struct flow_side_facts {
    /* What every packet touches stands together. */
    uint64_t packets;
    uint64_t last_ns;       /* of its last packet other than a RST */
    uint64_t large_end;     /* offset behind its first large segment; 0 none */
    uint64_t payload_bytes; /* handed out, or (undecided, unwanted) seen */
    uint64_t reset_ns;      /* of its first RST; 0: it sent none */
    uint8_t hop_limit;      /* of its last packet other than a RST; 0 none yet */
    uint8_t hop_limit_low;
    uint8_t hop_limit_high;
    uint8_t reset_hop_limit;
    bool saw_syn;
    bool saw_fin;
    uint64_t missing_bytes;       /* of all holes that were told */
    uint64_t retransmitted_bytes; /* seen again, keep-alive probes not counted */
    uint64_t conflicting_bytes;   /* seen again with other content */
    uint64_t fin_ns;
    uint64_t repeat_offset; /* of the segment that was sent again last */
    uint32_t repeat_length;
    uint32_t repeats; /* of that one, without another between */
    uint32_t zero_windows;
    uint64_t zero_packet;   /* the last packet with a window of zero, counted as `packets` is */
    uint64_t zero_since_ns; /* the newest span of them */
    uint64_t zero_last_ns;
    int64_t reset_offset;          /* of the RST in the stream */
    uint32_t segments_after_reset; /* with new bytes: whoever sent the RST, it was not this side */
    /* Set when `ended` is called. */
    uint32_t unacked_repeats; /* of the first segment that is not acknowledged */
    uint64_t unacked_bytes;
    uint64_t unacked_since_ns; /* since when none of them was acknowledged */
    uint64_t reset_off_by;     /* octets between its RST and the end of its stream */
    bool is_large_acked;       /* a large segment was acknowledged */
    bool is_window_zero;       /* in its last packet */
};

enum flow_close {
    FLOW_CLOSE_NONE = 0,
    FLOW_CLOSE_FIN,
    FLOW_CLOSE_RESET,
    FLOW_CLOSE_TIMEOUT,
    FLOW_CLOSE_END_OF_CAPTURE
};

/* What is known of a connection.  Borrowed: valid during a callback, and of a wanted connection until `ended`
 * returns. */
struct flow_info {
    /* What every packet touches stands together. */
    void *user; /* of the handler; NULL at first */
    uint64_t last_ns;
    int initiator;     /* 0 or 1, by SYN or SYN-ACK; -1 not known */
    bool is_midstream; /* the handshake was not captured */
    struct flow_side_facts side[2];

    uint64_t serial; /* order of its first packet among all connections, from 1 */
    struct endpoint end[2];
    uint64_t start_ns;
    uint32_t first_input; /* its first packet */
    uint64_t first_number;
    uint64_t rtt_ns; /* between SYN and the ACK that completes the handshake, or smallest seen; 0 unknown */
    enum flow_close close;     /* set when `ended` is called */
    int closed_by;             /* direction of the first FIN, or of the RST; -1 not known */
    uint64_t silent_ns;        /* time known to have passed behind the last packet, if it did not end */
    uint32_t early_packets[2]; /* of each direction, before any payload */
    bool is_established;       /* the handshake was completed, or data was seen */
    bool was_evicted;          /* ended early: the memory budget was needed elsewhere */
};

/* Bytes of one direction, in order. */
struct stream_chunk {
    struct bytes data;
    uint64_t offset; /* of its first byte */
    uint64_t acked;  /* offset in the other direction that its segment acknowledges (the first
                      * copy counts); UINT64_MAX if it says nothing: no ACK, or nothing of the
                      * other direction was ever seen */
    uint64_t time_ns;
    uint32_t input;
    uint64_t number;
};

/* Bytes that are missing, at this point of one direction. */
struct stream_hole {
    uint64_t offset;
    uint64_t length;
    bool is_snapped;  /* the snap length cut them off */
    uint64_t time_ns; /* of the packet that made it certain */
    uint32_t input;
    uint64_t number;
};

struct flow_handler {
    void *ctx;
    /* Asked for each segment with payload until it decides, before those bytes are handed out, and in the
     * order in which they come; `offset` is that of the payload in its stream, negative before what was seen
     * first. */
    enum flow_interest (*classify)(void *ctx, struct flow_info *flow, int from, const struct segment *segment,
                                   int64_t offset);
    void (*data)(void *ctx, struct flow_info *flow, int from, const struct stream_chunk *chunk);
    void (*hole)(void *ctx, struct flow_info *flow, int from, const struct stream_hole *hole);
    /* Bytes of a wanted connection are likely to come soon: `user` may be fetched.  May be NULL. */
    void (*expect)(const void *user);
    /* Once for every connection, wanted or not; the last call for it. */
    void (*ended)(void *ctx, struct flow_info *flow, enum flow_interest interest);
};

struct flow_counters {
    uint64_t connections;
    uint64_t evicted_half_open; /* for want of memory */
    uint64_t evicted_unwanted;
    uint64_t evicted_wanted;
    uint64_t segments_dropped; /* that no connection could take */
    uint64_t holes;
    uint64_t missing_bytes; /* of wanted connections */
};

struct flow_table;

enum { FLOW_TABLE_AHEAD = 16 }; /* so many segments are looked up together */

/* `handler` is copied; `budget` is borrowed. */
struct flow_table *flow_table_new(const struct flow_handler *handler, struct budget *budget, struct err *err);
/* Ends nothing: call flow_table_finish first. */
void flow_table_free(struct flow_table *table);
/* Segments in the order of their packets.  The outcome is the same one by one; together they are faster. */
void flow_table_feed(struct flow_table *table, const struct segment *segments, size_t count);
/* Time passes without packets, on their clock: what waits for it is done. */
void flow_table_advance(struct flow_table *table, uint64_t now_ns);
/* The end of the capture: every connection is flushed and ended, in order of serial. */
void flow_table_finish(struct flow_table *table);
/* No connection with a serial up to this one can still become or be a session. */
uint64_t flow_table_reached(const struct flow_table *table);
const struct flow_counters *flow_table_counters(const struct flow_table *table);

#endif
