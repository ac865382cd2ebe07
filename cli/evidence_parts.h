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
    struct mask *masks; /* NULL: none */
    unsigned mask_count, mask_room;
    struct kept *newest; /* of its packets in memory, of which there are `waiting` */
    unsigned waiting;
    bool masks_all[2]; /* of the client, of the server: there were too many */
    bool is_kept;      /* it had a finding */
};

/* evidence_queue.c: packets that wait, in the order in which they came. */
struct queue {
    struct kept *first, *last;
    size_t bytes;
};

/* A copy; NULL without memory. */
struct kept *kept_new(const struct packet *packet, const struct segment *segment);
bool kept_is_from(const struct kept *kept, const struct endpoint *end);
void queue_append(struct queue *queue, struct kept *kept);
/* Its memory stays the caller's. */
void queue_take_out(struct queue *queue, struct kept *kept);
void queue_free(struct queue *queue);

/* evidence_connections.c: whose a packet is, by its two ends. */
enum { BUCKETS = 1 << 14 };

struct connections {
    struct kept *pending[BUCKETS]; /* of no session yet, the newest first */
    struct tracked *sessions[BUCKETS];
};

struct tracked *connections_find(const struct connections *connections, const struct endpoint *a,
                                 const struct endpoint *b);
/* A session between these ends; NULL without memory. */
struct tracked *connections_begin(struct connections *connections, const struct endpoint *client,
                                  const struct endpoint *server);
/* It is no longer found; tracked_free frees it. */
void connections_leave(struct connections *connections, struct tracked *owner);
void tracked_free(struct tracked *owner);
void connections_wait(struct connections *connections, struct kept *kept);
void connections_give_up(struct connections *connections, struct kept *kept);
/* What waited for this session, chained by in_flow, the oldest first; no longer found. */
struct kept *connections_take_waiting(struct connections *connections, const struct tracked *owner);

/* evidence_numbers.c: what number a packet of the device has in the file. */
struct numbers;
struct numbers *numbers_new(void);
void numbers_free(struct numbers *numbers);
/* The packet is the next one of the file. */
void numbers_add(struct numbers *numbers, uint64_t captured);
/* A new file, without packets. */
void numbers_clear(struct numbers *numbers);
/* In lines of JSON.  What is in no file any more has no number. */
void numbers_replace(const struct numbers *numbers, struct buf *lines);

/* evidence_secrets.c: which octets of a session are secrets. */
void secrets_note_item(struct tracked *owner, const struct item *item);
void secrets_note_reply(struct tracked *owner, const struct item *item);
/* The session has ended: what never ended in it. */
void secrets_note_unended(struct tracked *owner, const struct session *session);

/* evidence_mask.c: overwrites what the session's masks cover. */
void evidence_mask(struct kept *kept, const struct tracked *owner);
/* All of its payload. */
void evidence_mask_whole(struct kept *kept);

/* evidence_pcapng.c: section and interfaces; a packet, with its number on the device as a comment. */
void pcapng_head(const int *link_types, size_t count, struct buf *out);
void pcapng_packet(const struct kept *kept, const int *link_types, size_t count, struct buf *out);

#endif
