#ifndef TLS_TLS_STATE_H
#define TLS_TLS_STATE_H

#include "tls/tls_hello.h"
#include "tls/tls_observer.h"
#include "tls/tls_opener.h"

/* Inside of tls: a connection, record by record. */

enum tls_content_type { TLS_CHANGE_CIPHER = 20, TLS_ALERT = 21, TLS_HANDSHAKE = 22, TLS_DATA = 23 };

/* Keys of TLS 1.3 in the order in which a side uses them (RFC 8446 7.1); older versions have the last alone.
 */
enum tls_epoch { TLS_EPOCH_CLEAR = 0, TLS_EPOCH_EARLY, TLS_EPOCH_HANDSHAKE, TLS_EPOCH_TRAFFIC };

enum { TLS_BLOCK_MOST = 16, TLS_BORDERS = 4 };

/* A record that is over. */
struct tls_border {
    uint64_t begin;
    uint64_t end;
};

/* What is sealed, of one direction. */
struct tls_reading {
    struct tls_opener *opener;
    enum tls_epoch epoch;
    struct tls_secret secret; /* TLS 1.3: what the keys of this epoch come from */
    uint64_t sequence;        /* of the next record */
    uint8_t *room;            /* a record that is not whole in one piece, or what is searched for one */
    size_t room_len;
    size_t room_size;
    size_t room_at;                       /* while searching: what stands before it was looked at */
    uint8_t block_before[TLS_BLOCK_MOST]; /* TLS 1.0, CBC */
    bool has_block_before;
    bool was_opened;       /* a record was */
    bool may_have_updated; /* a record is missing that may have announced new keys */
    bool skips_messages;   /* a part of the handshake is missing: until the next keys */
    unsigned failures;     /* records in a row that could not be */
    uint64_t tried_bytes;  /* decrypted in vain */
    bool is_searching;     /* for the next record, behind missing bytes */
    uint64_t hole_begin;   /* of what cannot be read, and was not told yet */
    uint64_t told_records; /* so many were told as missing since the search began */
    uint64_t search_from;  /* where the search began: what is missing is counted from there */
    uint64_t search_begin; /* offset of room[0] while searching */
};

struct tls_direction {
    uint8_t header[TLS_HEADER_BYTES];
    unsigned header_len;
    uint32_t record_len;
    uint32_t record_left;
    bool is_torn;          /* bytes of the record are missing */
    uint64_t record_begin; /* offset of its header */
    uint64_t record_acked; /* by the segment in which it begins */
    struct buf message;    /* handshake messages, until they are whole */
    uint8_t alert[2];
    unsigned alert_len;
    bool is_sealed;                         /* behind its ChangeCipherSpec */
    struct tls_border borders[TLS_BORDERS]; /* the newest records: with keys alone */
    unsigned border_next;
    struct tls_reading reading;
};

/* What is held until its secret is known. */
struct tls_wait {
    struct tls_held *first; /* NULL: nothing is waited for */
    struct tls_held *last;
    size_t bytes;
    uint64_t until_ns;
    bool is_spent; /* it was in vain, and is not done again */
};

struct tls_observer {
    struct tls_options options;
    struct tls_sink sink;
    struct tls_direction direction[2];
    struct tls_hellos hellos;
    bool has_keys;  /* secrets may be there: what is sealed is looked at */
    bool is_pickup; /* the handshake was not captured */
    struct tls_wait wait;
    const struct stream_chunk *chunk; /* while it is fed */
    struct tls_seen seen;
};

/* tls_observer.c */
bool tls_observer_is_over(const struct tls_observer *observer);
/* Nothing more can be seen. */
void tls_observer_lose(struct tls_observer *observer);
/* The header of a sealed record that is not opened tells how far the handshake is. */
void tls_observer_note_sealed(struct tls_observer *observer, enum tls_side from);
/* What is behind missing bytes, from the begin of a record on. */
void tls_observer_go_on(struct tls_observer *observer, enum tls_side from, struct bytes data,
                        uint64_t offset);
/* What has come, or was held: now. */
void tls_observer_take_chunk(struct tls_observer *observer, enum tls_side from,
                             const struct stream_chunk *chunk);
void tls_observer_take_hole(struct tls_observer *observer, enum tls_side from,
                            const struct stream_hole *hole);

/* tls_wait.c: records that come before their secret does */
/* A sealed record begins whose secret is not known, and may come. */
bool tls_wait_is_due(struct tls_observer *observer, enum tls_side from);
bool tls_wait_goes_on(const struct tls_observer *observer);
/* Holds a copy.  False: there is no room for it, and waiting is over. */
bool tls_wait_hold(struct tls_observer *observer, enum tls_side from,
                   const struct stream_chunk *chunk) NODISCARD;
bool tls_wait_hold_hole(struct tls_observer *observer, enum tls_side from,
                        const struct stream_hole *hole) NODISCARD;
/* Goes on with what is held if its secret has come, or it is too late for it. */
void tls_wait_look(struct tls_observer *observer, uint64_t now_ns);
void tls_wait_drop(struct tls_observer *observer);

/* tls_message.c: what records hold, sealed or not */
void tls_take_handshake(struct tls_observer *observer, enum tls_side from, struct bytes part);
void tls_take_alert(struct tls_observer *observer, enum tls_side from, struct bytes part);

/* tls_schedule.c: from secrets to keys.  False: there is no such secret, or it cannot be used. */
/* The first keys behind `after` that open the record (TLS 1.3), as its record 0. */
bool tls_schedule_advance(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                          struct tls_opened *out) NODISCARD;
bool tls_schedule_early(struct tls_observer *observer, const struct tls_record *record,
                        struct tls_opened *out) NODISCARD;
/* The keys that follow those of `secret` after a KeyUpdate (RFC 8446 7.2), and the secret that they come
 * from; NULL without. */
struct tls_opener *tls_schedule_next(const struct tls_observer *observer, struct tls_secret *secret);
void tls_schedule_update(struct tls_observer *observer, enum tls_side from);
/* The keys behind a ChangeCipherSpec. */
bool tls_schedule_change(struct tls_observer *observer, enum tls_side from) NODISCARD;
/* The next record is sealed with keys whose secret the key log does not have. */
bool tls_schedule_lacks_secret(struct tls_observer *observer, enum tls_side from);
/* Whether the key log has anything for this connection. */
bool tls_schedule_has_keys(struct tls_observer *observer);
/* No handshake was captured: the secret in the key log whose keys open this record, at some number. */
bool tls_schedule_pick_up(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                          struct tls_opened *out) NODISCARD;
struct tls_opener *tls_schedule_opener(const struct tls_suite *suite, const struct tls_secret *secret,
                                       struct budget *budget);

/* tls_inside.c: sealed records */
void tls_inside_take(struct tls_observer *observer, enum tls_side from, const struct tls_record *record);
void tls_inside_deliver(struct tls_observer *observer, enum tls_side from, const struct tls_opened *opened);
/* The next keys are due (a Finished, the end of early data). */
void tls_inside_end_epoch(struct tls_observer *observer, enum tls_side from);
/* The piece of a record that is not whole in one chunk; false without memory. */
bool tls_inside_keep(struct tls_observer *observer, enum tls_side from, struct bytes part) NODISCARD;
void tls_inside_drop_room(struct tls_observer *observer, enum tls_side from);
/* Nothing of this direction can be read any more. */
void tls_inside_give_up(struct tls_observer *observer, enum tls_read read);
/* What the sender had seen of the other direction: of a record that is not whole there, nothing. */
uint64_t tls_inside_acked(const struct tls_observer *observer, enum tls_side from, uint64_t acked);
void tls_inside_note_border(struct tls_direction *direction, uint64_t end);
/* TLS 1.0, CBC: the block that the next record is chained to; NULL: none, or another version. */
const uint8_t *tls_inside_block_before(const struct tls_observer *observer, enum tls_side from);
void tls_inside_note_block(struct tls_observer *observer, enum tls_side from, struct bytes body);
/* Octets of a record beside its data. */
size_t tls_inside_overhead(const struct tls_observer *observer, enum tls_side from);

/* tls_search.c: behind missing bytes */
void tls_search_begin(struct tls_observer *observer, enum tls_side from, uint64_t hole_begin,
                      uint64_t offset);
void tls_search_feed(struct tls_observer *observer, enum tls_side from, struct bytes data, uint64_t offset);
/* The record at hand has lost bytes: it is told as missing, and counted. */
void tls_search_tear(struct tls_observer *observer, enum tls_side from);
/* What is missing up to `end` is told, if it was not: at the latest before the other direction goes on.
 * `records` of it are missing; TLS_RECORDS_UNKNOWN: as many as there must be at least. */
#define TLS_RECORDS_UNKNOWN UINT64_MAX
void tls_search_tell(struct tls_observer *observer, enum tls_side from, uint64_t end, uint64_t records);

/* tls_keylog.c: room for one record in clear, shared by all that read with these keys. */
uint8_t *tls_keylog_room(struct tls_keylog *keylog);
/* Whether one more try of keys may be made: there is a ceiling for all of a run. */
bool tls_keylog_may_try(struct tls_keylog *keylog);

#endif
