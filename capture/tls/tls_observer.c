/* The record layer (RFC 8446 5.1): five octets of header, then a piece of handshake, an alert, or what is
 * sealed. */
#include "tls/tls_observer.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "tls/tls_state.h"

/* Two octets of alert, one of type, sixteen of tag: nothing else in a handshake of TLS 1.3 is as short. */
enum { SEALED_ALERT_BYTES = 19 };

struct tls_observer *tls_observer_new(const struct tls_options *options, const struct tls_sink *sink)
{
    struct tls_observer *observer = calloc(1, sizeof *observer);

    if (!observer)
        return NULL;
    budget_force(options->budget, sizeof *observer);
    observer->options = *options;
    if (sink)
        observer->sink = *sink;
    observer->has_keys = observer->hellos.names_sessions = sink && options->keylog;
    buf_init(&observer->direction[0].message, LIMIT_TLS_HANDSHAKE);
    buf_init(&observer->direction[1].message, LIMIT_TLS_HANDSHAKE);
    return observer;
}

static void release_direction(struct tls_observer *observer, enum tls_side side)
{
    tls_inside_drop_room(observer, side);
    tls_opener_free(observer->direction[side].reading.opener);
    buf_release(&observer->direction[side].message);
}

void tls_observer_free(struct tls_observer *observer)
{
    if (!observer)
        return;
    struct budget *budget = observer->options.budget;
    release_direction(observer, TLS_CLIENT);
    release_direction(observer, TLS_SERVER);
    tls_wait_drop(observer);
    if (observer->seen.certificate)
        budget_give(budget, sizeof *observer->seen.certificate);
    free(observer->seen.certificate);
    budget_give(budget, sizeof *observer);
    OPENSSL_cleanse(observer, sizeof *observer);
    free(observer);
}

const struct tls_seen *tls_observer_seen(const struct tls_observer *observer)
{
    return &observer->seen;
}

bool tls_observer_is_over(const struct tls_observer *observer)
{
    return observer->seen.progress == TLS_PROGRESS_LOST
           || (observer->seen.progress == TLS_PROGRESS_DONE && !observer->has_keys);
}

void tls_observer_lose(struct tls_observer *observer)
{
    if (observer->seen.progress != TLS_PROGRESS_DONE)
        observer->seen.progress = TLS_PROGRESS_LOST;
    tls_inside_give_up(observer, TLS_READ_PART);
}

/* Both directions have changed to the new keys: what fails from here on fails in secret. */
static bool has_changed_both(const struct tls_observer *observer)
{
    return observer->direction[0].is_sealed && observer->direction[1].is_sealed;
}

/* In TLS 1.2 data is sent when the handshake is over; in TLS 1.3 the client's Finished looks like data, and
 * it is longer than an alert. */
static void note_sealed_data(struct tls_observer *observer, enum tls_side from)
{
    uint32_t len = observer->direction[from].record_len;
    struct tls_seen *seen = &observer->seen;

    if (seen->version < TLS_VERSION_13) {
        seen->progress = TLS_PROGRESS_DONE;
    } else if (len == SEALED_ALERT_BYTES && !seen->has_sealed_alert) {
        seen->has_sealed_alert = true;
        seen->sealed_alert = from;
    } else if (from == TLS_CLIENT && len > SEALED_ALERT_BYTES) {
        seen->progress = TLS_PROGRESS_DONE;
    }
}

void tls_observer_note_sealed(struct tls_observer *observer, enum tls_side from)
{
    const struct tls_direction *direction = &observer->direction[from];

    if (observer->seen.progress == TLS_PROGRESS_DONE)
        return;
    if (direction->header[0] == TLS_DATA)
        note_sealed_data(observer, from);
    else if (direction->header[0] == TLS_HANDSHAKE && direction->is_sealed && has_changed_both(observer)
             && observer->seen.has_server_hello)
        observer->seen.progress = TLS_PROGRESS_DONE;
}

/* The handshake ended before the capture began: its keys may be found all the same. */
static bool is_midway(const struct tls_observer *observer, const struct tls_direction *direction)
{
    return observer->seen.progress == TLS_PROGRESS_NONE && direction->header[0] == TLS_DATA
           && !observer->hellos.has_client_random;
}

/* A record begins; its header is whole. */
static void begin_record(struct tls_observer *observer, enum tls_side from)
{
    struct tls_direction *direction = &observer->direction[from];
    uint8_t type = direction->header[0];

    direction->record_len = (uint32_t)direction->header[3] << 8 | direction->header[4];
    direction->record_left = direction->record_len;
    if (type < TLS_CHANGE_CIPHER || type > TLS_DATA || direction->header[1] != 3
        || direction->record_len > TLS_RECORD_MOST) {
        tls_observer_lose(observer);
        return;
    }
    if (is_midway(observer, direction))
        observer->is_pickup = true;
    if (type == TLS_CHANGE_CIPHER && observer->seen.version < TLS_VERSION_13)
        direction->is_sealed = true;
    if (!observer->has_keys)
        tls_observer_note_sealed(observer, from);
}

static size_t take_header(struct tls_observer *observer, enum tls_side from, struct bytes data,
                          uint64_t offset)
{
    struct tls_direction *direction = &observer->direction[from];
    struct bytes part = bytes_slice(data, 0, TLS_HEADER_BYTES - direction->header_len);

    if (direction->header_len == 0) {
        direction->is_torn = false;
        direction->record_begin = offset;
        direction->record_acked = tls_inside_acked(observer, from, observer->chunk->acked);
    }
    memcpy(direction->header + direction->header_len, part.ptr, part.len);
    direction->header_len += (unsigned)part.len;
    if (direction->header_len == TLS_HEADER_BYTES)
        begin_record(observer, from);
    return part.len;
}

/* The ChangeCipherSpec itself is in clear, but for that of another handshake inside. */
static bool is_record_sealed(const struct tls_observer *observer, const struct tls_direction *direction)
{
    uint8_t type = direction->header[0];

    if (observer->seen.version >= TLS_VERSION_13 || observer->is_pickup)
        return type == TLS_DATA;
    if (!observer->seen.has_server_hello)
        return type == TLS_DATA; /* early data */
    return direction->is_sealed && (type != TLS_CHANGE_CIPHER || direction->reading.opener);
}

static void take_clear(struct tls_observer *observer, enum tls_side from, struct bytes part)
{
    const struct tls_direction *direction = &observer->direction[from];

    if (direction->header[0] == TLS_HANDSHAKE && !direction->is_sealed)
        tls_take_handshake(observer, from, part);
    else if (direction->header[0] == TLS_ALERT && !direction->is_sealed)
        tls_take_alert(observer, from, part);
}

static void take_sealed(struct tls_observer *observer, enum tls_side from, struct bytes part)
{
    struct tls_direction *direction = &observer->direction[from];
    bool is_last = part.len == direction->record_left;
    struct tls_record record = { .body = part };

    if (direction->is_torn) {
        if (is_last)
            tls_inside_note_block(observer, from, part);
        return;
    }
    if (part.len < direction->record_len) {
        if (!tls_inside_keep(observer, from, part)) {
            tls_observer_lose(observer);
            return;
        }
        record.body = (struct bytes){ direction->reading.room, direction->reading.room_len };
    }
    if (!is_last)
        return;
    memcpy(record.header, direction->header, sizeof record.header);
    tls_inside_take(observer, from, &record);
    tls_inside_drop_room(observer, from);
}

static size_t take_body(struct tls_observer *observer, enum tls_side from, struct bytes data)
{
    struct tls_direction *direction = &observer->direction[from];
    struct bytes part = bytes_slice(data, 0, direction->record_left);

    if (observer->has_keys && is_record_sealed(observer, direction))
        take_sealed(observer, from, part);
    else
        take_clear(observer, from, part);
    direction->record_left -= (uint32_t)part.len;
    return part.len;
}

/* From a record on whose secret is not known yet, all is held. */
static bool must_wait(struct tls_observer *observer, enum tls_side from, struct bytes data, uint64_t offset)
{
    struct stream_chunk rest = *observer->chunk;

    if (!is_record_sealed(observer, &observer->direction[from]) || !tls_wait_is_due(observer, from))
        return false;
    rest.data = data;
    rest.offset = offset;
    return tls_wait_hold(observer, from, &rest);
}

void tls_observer_go_on(struct tls_observer *observer, enum tls_side from, struct bytes data, uint64_t offset)
{
    struct tls_direction *direction = &observer->direction[from];

    while (data.len > 0 && !tls_observer_is_over(observer)) {
        if (must_wait(observer, from, data, offset))
            return;
        size_t taken = direction->header_len < TLS_HEADER_BYTES ? take_header(observer, from, data, offset)
                                                                : take_body(observer, from, data);
        data = bytes_from(data, taken);
        offset += taken;
        if (direction->record_left == 0 && direction->header_len == TLS_HEADER_BYTES) {
            direction->header_len = 0;
            tls_inside_note_border(direction, offset);
        }
    }
}

void tls_observer_take_chunk(struct tls_observer *observer, enum tls_side from,
                             const struct stream_chunk *chunk)
{
    observer->chunk = chunk;
    if (observer->direction[from].reading.is_searching && observer->has_keys)
        tls_search_feed(observer, from, chunk->data, chunk->offset);
    else
        tls_observer_go_on(observer, from, chunk->data, chunk->offset);
    observer->chunk = NULL;
    if (observer->seen.progress == TLS_PROGRESS_DONE && observer->seen.done_ns == 0)
        observer->seen.done_ns = chunk->time_ns;
}

bool tls_observer_feed(struct tls_observer *observer, enum tls_side from, const struct stream_chunk *chunk)
{
    bool is_held = tls_wait_goes_on(observer) && tls_wait_hold(observer, from, chunk);

    if (tls_wait_goes_on(observer))
        tls_wait_look(observer, chunk->time_ns);
    if (!is_held)
        tls_observer_take_chunk(observer, from, chunk);
    return !tls_observer_is_over(observer);
}

/* The rest of a record whose begin is known: what comes behind it is not in doubt. */
static void tear_record(struct tls_observer *observer, enum tls_side from, uint64_t length)
{
    struct tls_direction *direction = &observer->direction[from];

    if (!is_record_sealed(observer, direction)) {
        tls_observer_lose(observer);
        return;
    }
    if (!direction->is_torn)
        tls_search_tear(observer, from);
    direction->is_torn = true;
    direction->reading.has_block_before = false;
    direction->record_left -= (uint32_t)length;
    if (direction->record_left == 0)
        direction->header_len = 0;
}

/* With the record that the hole is in, unless that was told already. */
static uint64_t begin_of_loss(const struct tls_direction *direction, const struct stream_hole *hole)
{
    if (direction->reading.is_searching || direction->header_len == 0)
        return hole->offset;
    return direction->is_torn ? direction->record_begin + TLS_HEADER_BYTES + direction->record_len
                              : direction->record_begin;
}

static void read_hole(struct tls_observer *observer, enum tls_side from, const struct stream_hole *hole)
{
    struct tls_direction *direction = &observer->direction[from];
    bool is_inside = direction->header_len == TLS_HEADER_BYTES && hole->length <= direction->record_left;

    if (!observer->has_keys || !tls_schedule_has_keys(observer))
        tls_observer_lose(observer);
    else if (is_inside && !direction->reading.is_searching)
        tear_record(observer, from, hole->length);
    else
        tls_search_begin(observer, from, begin_of_loss(direction, hole), hole->offset + hole->length);
}

void tls_observer_take_hole(struct tls_observer *observer, enum tls_side from, const struct stream_hole *hole)
{
    struct stream_chunk moment = { .offset = hole->offset,
                                   .acked = UINT64_MAX,
                                   .time_ns = hole->time_ns,
                                   .input = hole->input,
                                   .number = hole->number };

    observer->chunk = &moment;
    if (!tls_observer_is_over(observer))
        read_hole(observer, from, hole);
    observer->chunk = NULL;
}

bool tls_observer_hole(struct tls_observer *observer, enum tls_side from, const struct stream_hole *hole)
{
    bool is_held = tls_wait_goes_on(observer) && tls_wait_hold_hole(observer, from, hole);

    if (tls_wait_goes_on(observer))
        tls_wait_look(observer, hole->time_ns);
    if (!is_held)
        tls_observer_take_hole(observer, from, hole);
    return !tls_observer_is_over(observer);
}

void tls_observer_finish(struct tls_observer *observer, const struct stream_chunk *end)
{
    if (tls_wait_goes_on(observer))
        tls_wait_look(observer, UINT64_MAX);
    bool is_failed = observer->direction[0].reading.failures || observer->direction[1].reading.failures;

    observer->chunk = end;
    if (is_failed && observer->seen.read == TLS_READ_NONE)
        tls_inside_give_up(observer, TLS_READ_WRONG);
    for (int side = 0; side < 2; side++) {
        const struct tls_reading *reading = &observer->direction[side].reading;
        if (reading->is_searching) {
            tls_search_tell(observer, (enum tls_side)side, reading->search_begin + reading->room_len,
                            TLS_RECORDS_UNKNOWN);
            tls_inside_give_up(observer, TLS_READ_PART);
        }
    }
    observer->chunk = NULL;
}
