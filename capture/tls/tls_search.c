/* Behind missing bytes: the next record that opens under the keys at hand, with one of the numbers that it
 * can have, shows where records begin again. */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "tls/tls_state.h"

/* In front of a record, TLS 1.0 needs what is behind the last block of the one before, and that block. */
enum { UPDATES_MOST = 8 /* of keys, within what is missing */ };
enum { KEPT_BEFORE = TLS_BLOCK_MOST + TLS_MAC_MOST };
enum { SEARCH_ROOM = KEPT_BEFORE + TLS_HEADER_BYTES + TLS_RECORD_MOST, DATA_MOST = 1 << 14 };

/* How much plaintext lies between two offsets, in so many records. */
static uint64_t plain_length(const struct tls_observer *observer, enum tls_side from, uint64_t length,
                             uint64_t records)
{
    uint64_t overhead = tls_inside_overhead(observer, from);

    return length > records * overhead ? length - records * overhead : 0;
}

static void tell(struct tls_observer *observer, enum tls_side from, uint64_t end, uint64_t length)
{
    const struct stream_chunk *now = observer->chunk;
    struct stream_hole hole = { .offset = end - length,
                                .length = length,
                                .time_ns = now->time_ns,
                                .input = now->input,
                                .number = now->number };

    observer->sink.hole(observer->sink.ctx, from, &hole);
}

void tls_search_tell(struct tls_observer *observer, enum tls_side from, uint64_t end, uint64_t records)
{
    struct tls_reading *reading = &observer->direction[from].reading;

    if (end <= reading->hole_begin)
        return;
    uint64_t length = end - reading->hole_begin;
    if (records == TLS_RECORDS_UNKNOWN)
        records = length / (DATA_MOST + tls_inside_overhead(observer, from)) + 1;
    reading->told_records += records;
    reading->hole_begin = end;
    if (observer->seen.progress == TLS_PROGRESS_DONE)
        tell(observer, from, end, plain_length(observer, from, length, records));
}

void tls_search_tear(struct tls_observer *observer, enum tls_side from)
{
    struct tls_direction *direction = &observer->direction[from];
    uint64_t length = TLS_HEADER_BYTES + direction->record_len;

    tls_inside_drop_room(observer, from);
    buf_clear(&direction->message);
    direction->reading.skips_messages = direction->reading.epoch != TLS_EPOCH_TRAFFIC;
    direction->reading.sequence++;
    direction->reading.may_have_updated = true;
    if (observer->seen.progress == TLS_PROGRESS_DONE)
        tell(observer, from, direction->record_begin + length, plain_length(observer, from, length, 1));
}

void tls_search_begin(struct tls_observer *observer, enum tls_side from, uint64_t hole_begin, uint64_t offset)
{
    struct tls_direction *direction = &observer->direction[from];
    struct tls_reading *reading = &direction->reading;

    tls_inside_drop_room(observer, from);
    if (!reading->is_searching) {
        reading->hole_begin = hole_begin;
        reading->search_from = hole_begin;
        reading->told_records = 0;
    }
    reading->is_searching = true;
    reading->search_begin = offset;
    reading->has_block_before = false;
    buf_clear(&direction->message);
    direction->header_len = 0;
    direction->record_left = 0;
    direction->alert_len = 0;
}

/* One set of keys, with all the numbers that a record there can have. */
static bool try_opener(struct tls_observer *observer, enum tls_side from, struct tls_opener *opener,
                       const struct tls_record *record, uint64_t *number, struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    uint8_t *room = tls_keylog_room(observer->options.keylog);
    uint64_t lost = observer->direction[from].record_begin - reading->search_from;
    uint64_t most = lost / (tls_inside_overhead(observer, from) + 1) + 1;

    if (most > LIMIT_TLS_TRIES)
        most = LIMIT_TLS_TRIES;
    for (uint64_t end = *number + most; *number <= end; ++*number) {
        if (tls_opener_open(opener, *number, record, room, out))
            return true;
        reading->tried_bytes += record->body.len;
        if (reading->tried_bytes > LIMIT_TLS_TRIED_BYTES)
            return false;
    }
    return false;
}

/* Takes over keys that have opened a record. */
static void turn_to(struct tls_reading *reading, struct tls_opener *opener, const struct tls_secret *secret)
{
    if (opener == reading->opener)
        return;
    tls_opener_free(reading->opener);
    reading->opener = opener;
    reading->secret = *secret;
    reading->epoch = TLS_EPOCH_TRAFFIC;
}

/* The first keys for data, if the handshake is among what is missing; else those at hand, once more. */
static struct tls_opener *first_keys(struct tls_observer *observer, enum tls_side from,
                                     struct tls_secret *secret)
{
    const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);
    enum tls_label label = from == TLS_CLIENT ? TLS_LABEL_CLIENT_TRAFFIC : TLS_LABEL_SERVER_TRAFFIC;
    const struct bytes random = { observer->hellos.client_random, TLS_HELLO_RANDOM };

    if (observer->direction[from].reading.epoch == TLS_EPOCH_TRAFFIC) {
        *secret = observer->direction[from].reading.secret;
        return tls_schedule_next(observer, secret);
    }
    if (!suite || !tls_keylog_find(observer->options.keylog, label, random, secret))
        return NULL;
    return tls_schedule_opener(suite, secret, observer->options.budget);
}

/* The keys that follow, if the messages that announce them are among what is missing. */
static bool try_next_keys(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                          struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    struct tls_secret secret = { .len = 0 };
    uint64_t number = 0;
    bool ok = false;

    if (observer->seen.version < TLS_VERSION_13)
        return false;
    struct tls_opener *opener = first_keys(observer, from, &secret);
    for (unsigned tried = 0; opener && tried < UPDATES_MOST; tried++) {
        number = 0;
        ok = try_opener(observer, from, opener, record, &number, out);
        if (ok)
            break;
        tls_opener_free(opener);
        opener = tls_schedule_next(observer, &secret);
    }
    if (ok) {
        turn_to(reading, opener, &secret);
        reading->sequence = number;
    } else {
        tls_opener_free(opener);
    }
    OPENSSL_cleanse(&secret, sizeof secret);
    return ok;
}

static bool try_record(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                       struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    uint64_t number = reading->sequence;

    if (reading->tried_bytes > LIMIT_TLS_TRIED_BYTES)
        return false;
    if (observer->is_pickup && !reading->opener)
        return tls_schedule_pick_up(observer, from, record, out);
    if (!reading->opener && observer->seen.version < TLS_VERSION_13)
        (void)!tls_schedule_change(observer, from);
    if (reading->opener && try_opener(observer, from, reading->opener, record, &number, out)) {
        reading->sequence = number;
        return true;
    }
    return try_next_keys(observer, from, record, out);
}

/* Type, version 3.x, and a length that a sealed record can have. */
static bool is_header(const struct tls_observer *observer, enum tls_side from, const uint8_t *at)
{
    size_t len = (size_t)at[3] << 8 | at[4];
    bool is_type = at[0] == TLS_DATA
                   || (observer->seen.version < TLS_VERSION_13 && !observer->is_pickup
                       && at[0] >= TLS_CHANGE_CIPHER && at[0] < TLS_DATA);

    return is_type && at[1] == 3 && at[2] <= 4 && len <= TLS_RECORD_MOST
           && len + TLS_HEADER_BYTES > tls_inside_overhead(observer, from);
}

/* A record that opens has been found in `room`, at `at`. */
static void found(struct tls_observer *observer, enum tls_side from, const struct tls_opened *opened,
                  uint64_t first_number)
{
    struct tls_direction *direction = &observer->direction[from];
    struct tls_reading *reading = &direction->reading;
    uint64_t records = reading->sequence > first_number ? reading->sequence - first_number : 1;
    bool is_13 = observer->seen.version >= TLS_VERSION_13;

    if (reading->epoch == TLS_EPOCH_TRAFFIC && reading->sequence > !is_13)
        observer->seen.progress = TLS_PROGRESS_DONE; /* what was sealed before, but for Finished, was data */
    records -= records < reading->told_records ? records : reading->told_records;
    tls_search_tell(observer, from, direction->record_begin, records);
    reading->is_searching = false;
    direction->is_sealed = !is_13;
    tls_inside_note_border(direction, direction->record_begin + TLS_HEADER_BYTES + direction->record_len);
    tls_inside_deliver(observer, from, opened);
}

/* True if a record that begins at `at` was found; it is handed on. */
static bool look_at(struct tls_observer *observer, enum tls_side from, size_t at, size_t len)
{
    struct tls_direction *direction = &observer->direction[from];
    struct tls_reading *reading = &direction->reading;
    struct tls_record record = { .body = { reading->room + at + TLS_HEADER_BYTES, len } };
    struct tls_opened opened;
    uint64_t first = reading->sequence;

    memcpy(record.header, reading->room + at, TLS_HEADER_BYTES);
    direction->record_begin = reading->search_begin + at;
    direction->record_len = (uint32_t)len;
    direction->record_acked = tls_inside_acked(observer, from, observer->chunk->acked);
    if (observer->seen.version == TLS_VERSION_10) {
        const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);
        if (!suite)
            return false;
        size_t mac = observer->hellos.is_encrypted_first ? suite->protection->tag_bytes : 0;
        if (at < suite->protection->iv_bytes + mac)
            return false;
        record.block_before = reading->room + at - mac - suite->protection->iv_bytes;
    }
    if (!try_record(observer, from, &record, &opened))
        return false;
    tls_inside_note_block(observer, from, record.body);
    found(observer, from, &opened, first);
    return true;
}

/* Forgets what cannot be the begin of a record, but for what may stand before it. */
static void forget(struct tls_reading *reading, size_t at)
{
    size_t gone = at > KEPT_BEFORE ? at - KEPT_BEFORE : 0;

    if (gone == 0)
        return;
    memmove(reading->room, reading->room + gone, reading->room_len - gone);
    reading->room_len -= gone;
    reading->room_at = at - gone;
    reading->search_begin += gone;
}

/* Offset behind the record that was found; SIZE_MAX: none yet.  What looks like a record and is not there as
 * a whole may be one, or chance within another: it waits, and those behind it are looked at all the same. */
static size_t search_room(struct tls_observer *observer, enum tls_side from)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    size_t at = reading->room_at, waiting = SIZE_MAX;

    for (; at + TLS_HEADER_BYTES <= reading->room_len; at++) {
        const uint8_t *header = reading->room + at;
        if (!is_header(observer, from, header))
            continue;
        size_t len = (size_t)header[3] << 8 | header[4];
        if (at + TLS_HEADER_BYTES + len > reading->room_len)
            waiting = at < waiting ? at : waiting;
        else if (look_at(observer, from, at, len))
            return at + TLS_HEADER_BYTES + len;
    }
    reading->room_at = at < waiting ? at : waiting;
    forget(reading, reading->room_at);
    return SIZE_MAX;
}

static bool make_room(struct tls_observer *observer, struct tls_reading *reading)
{
    if (reading->room)
        return true;
    reading->room = malloc(SEARCH_ROOM);
    if (!reading->room)
        return false;
    budget_force(observer->options.budget, SEARCH_ROOM);
    reading->room_size = SEARCH_ROOM;
    reading->room_len = 0;
    reading->room_at = 0;
    return true;
}

/* Searching is over: what was kept behind the record that was found is read like the rest. */
static void leave_room(struct tls_observer *observer, enum tls_side from, size_t behind)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    uint8_t *room = reading->room;
    struct bytes rest = bytes_from((struct bytes){ room, reading->room_len }, behind);

    reading->room = NULL;
    reading->room_len = 0;
    tls_observer_go_on(observer, from, rest, reading->search_begin + behind);
    budget_give(observer->options.budget, SEARCH_ROOM);
    free(room);
}

void tls_search_feed(struct tls_observer *observer, enum tls_side from, struct bytes data, uint64_t offset)
{
    struct tls_reading *reading = &observer->direction[from].reading;

    while (data.len > 0 && reading->is_searching) {
        if (!make_room(observer, reading)) {
            tls_observer_lose(observer);
            return;
        }
        struct bytes part = bytes_slice(data, 0, SEARCH_ROOM - reading->room_len);
        memcpy(reading->room + reading->room_len, part.ptr, part.len);
        reading->room_len += part.len;
        data = bytes_from(data, part.len);
        offset += part.len;
        size_t behind = search_room(observer, from);
        if (behind != SIZE_MAX)
            leave_room(observer, from, behind);
    }
    tls_observer_go_on(observer, from, data, offset);
}
