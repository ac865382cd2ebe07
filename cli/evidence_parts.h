#ifndef CLI_EVIDENCE_PARTS_H
#define CLI_EVIDENCE_PARTS_H

#include "base/buf.h"
#include "cli/evidence.h"

/* Inside of evidence. */

/* A packet that waits. */
struct kept {
    struct kept *previous, *next; /* in its queue */
    struct kept *in_flow;         /* pending: the next older one of its bucket; held: of its session */
    struct tracked *owner;        /* NULL: nobody knows yet whether it is of a session */
    struct endpoint from, to;
    uint64_t captured; /* its number on the device */
    uint64_t time_ns;
    uint32_t seq;
    uint32_t wire_length;
    int dlt;
    uint32_t payload_at, payload_len;
    uint32_t len;
    uint8_t data[];
};

enum { MASKS = 64 };

/* Octets of one direction that are overwritten, wherever they are sent again. */
struct mask {
    bool is_server;
    uint32_t seq, len;
};

/* A session. */
struct tracked {
    struct tracked *next; /* in its bucket */
    struct tracked *next_ended;
    struct endpoint client, server;
    uint64_t open_line; /* the packet from which on a line of the client is not complete; 0 none */
    uint64_t exchange;  /* the packet from which on an exchange is not over; 0 none */
    uint64_t ended_ns;  /* 0: it goes on */
    struct mask masks[MASKS];
    unsigned mask_count;
    struct kept *newest; /* of its packets in memory, of which there are `waiting` */
    unsigned waiting;
    bool masks_all; /* there were too many */
    bool is_kept;   /* it had a finding */
};

/* evidence_mask.c: overwrites what the session's masks cover. */
void evidence_mask(struct kept *kept, const struct tracked *owner);
/* All of its payload. */
void evidence_mask_whole(struct kept *kept);

/* evidence_pcapng.c: section and interfaces; a packet, with its number on the device as a comment. */
void pcapng_head(const int *link_types, size_t count, struct buf *out);
void pcapng_packet(const struct kept *kept, const int *link_types, size_t count, struct buf *out);

#endif
