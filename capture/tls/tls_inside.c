/* Sealed records: opened one after the other, and handed on by what is in them. */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "tls/tls_state.h"

/* Records in a row that cannot be opened, before it is given up: the handshake's, where the key log holds the
 * later secrets alone, and a damaged one. */
enum { FAILURES_BEFORE = 16, FAILURES_AFTER = 3 };

bool tls_inside_keep(struct tls_observer *observer, enum tls_side from, struct bytes part)
{
    struct tls_direction *direction = &observer->direction[from];
    struct tls_reading *reading = &direction->reading;

    if (!reading->room) {
        reading->room = malloc(direction->record_len);
        if (!reading->room)
            return false;
        budget_force(observer->options.budget, direction->record_len);
        reading->room_size = direction->record_len;
        reading->room_len = 0;
    }
    memcpy(reading->room + reading->room_len, part.ptr, part.len);
    reading->room_len += part.len;
    return true;
}

void tls_inside_drop_room(struct tls_observer *observer, enum tls_side from)
{
    struct tls_reading *reading = &observer->direction[from].reading;

    if (!reading->room)
        return;
    budget_give(observer->options.budget, reading->room_size);
    free(reading->room);
    reading->room = NULL;
    reading->room_len = 0;
}

void tls_inside_give_up(struct tls_observer *observer, enum tls_read read)
{
    bool was_opened = observer->direction[TLS_CLIENT].reading.was_opened
                      || observer->direction[TLS_SERVER].reading.was_opened;

    if (!observer->has_keys)
        return;
    observer->has_keys = false;
    observer->seen.read = was_opened ? TLS_READ_PART : read == TLS_READ_PART ? TLS_READ_NONE : read;
}

void tls_inside_note_border(struct tls_direction *direction, uint64_t end)
{
    direction->borders[direction->border_next] = (struct tls_border){ direction->record_begin, end };
    direction->border_next = (direction->border_next + 1) % TLS_BORDERS;
}

uint64_t tls_inside_acked(const struct tls_observer *observer, enum tls_side from, uint64_t acked)
{
    const struct tls_direction *other = &observer->direction[!from];

    if (acked == UINT64_MAX)
        return acked;
    if (other->header_len > 0 && acked > other->record_begin)
        return other->record_begin;
    for (unsigned i = 0; i < TLS_BORDERS; i++) {
        const struct tls_border *border = &other->borders[i];
        if (acked > border->begin && acked < border->end)
            return border->begin;
    }
    return acked;
}

size_t tls_inside_overhead(const struct tls_observer *observer, enum tls_side from)
{
    const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);

    (void)from;
    if (!suite)
        return TLS_HEADER_BYTES;
    size_t beside = suite->protection->tag_bytes;
    if (observer->seen.version >= TLS_VERSION_13)
        beside += 1;
    else if (suite->protection->mode == TLS_MODE_CBC)
        beside += suite->protection->iv_bytes + 1u;
    else if (suite->protection->mode != TLS_MODE_CHACHA)
        beside += 8;
    return TLS_HEADER_BYTES + beside;
}

static void hand_on(struct tls_observer *observer, enum tls_side from, struct bytes data)
{
    const struct tls_direction *direction = &observer->direction[from];
    uint64_t end = direction->record_begin + TLS_HEADER_BYTES + direction->record_len;
    const struct tls_reading *other = &observer->direction[!from].reading;
    struct stream_chunk plain = *observer->chunk;

    observer->seen.progress = TLS_PROGRESS_DONE;
    if (data.len == 0)
        return; /* only there to confuse who counts */
    if (other->is_searching)
        tls_search_tell(observer, from == TLS_CLIENT ? TLS_SERVER : TLS_CLIENT, other->search_begin,
                        TLS_RECORDS_UNKNOWN);
    plain.data = data;
    plain.offset = end - data.len;
    plain.acked = direction->record_acked;
    observer->sink.data(observer->sink.ctx, from, &plain);
}

/* The keys of another handshake, made inside, are due. */
static void change_again(struct tls_reading *reading)
{
    tls_opener_free(reading->opener);
    reading->opener = NULL;
}

void tls_inside_deliver(struct tls_observer *observer, enum tls_side from, const struct tls_opened *opened)
{
    struct tls_reading *reading = &observer->direction[from].reading;

    reading->sequence++;
    reading->failures = 0;
    reading->was_opened = true;
    reading->may_have_updated = false;
    if (observer->seen.read == TLS_READ_NONE)
        observer->seen.read = TLS_READ_WHOLE;
    switch (opened->type) {
    case TLS_DATA:
        hand_on(observer, from, opened->data);
        break;
    case TLS_HANDSHAKE:
        tls_take_handshake(observer, from, opened->data);
        break;
    case TLS_ALERT:
        tls_take_alert(observer, from, opened->data);
        break;
    case TLS_CHANGE_CIPHER:
        change_again(reading);
        break;
    default:
        break;
    }
}

void tls_inside_end_epoch(struct tls_observer *observer, enum tls_side from)
{
    struct tls_reading *reading = &observer->direction[from].reading;

    if (reading->epoch == TLS_EPOCH_TRAFFIC) /* a client that proves who it is later (RFC 8446 4.6.2) */
        return;
    change_again(reading);
}

/* The KeyUpdate was in the record that is missing. */
static bool open_after_update(struct tls_observer *observer, enum tls_side from,
                              const struct tls_record *record, struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    struct tls_secret secret = reading->secret;
    struct tls_opener *opener =
        reading->epoch == TLS_EPOCH_TRAFFIC ? tls_schedule_next(observer, &secret) : NULL;
    bool ok = opener && tls_opener_open(opener, 0, record, tls_keylog_room(observer->options.keylog), out);

    tls_opener_free(opener);
    if (ok)
        tls_schedule_update(observer, from);
    OPENSSL_cleanse(&secret, sizeof secret);
    return ok;
}

/* Under the keys at hand, or those that are due. */
static bool open_record(struct tls_observer *observer, enum tls_side from, const struct tls_record *record,
                        struct tls_opened *out)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    uint8_t *room = tls_keylog_room(observer->options.keylog);

    if (observer->is_pickup && !reading->opener)
        return tls_schedule_pick_up(observer, from, record, out);
    if (!observer->seen.has_server_hello && !observer->is_pickup && !reading->opener)
        return tls_schedule_early(observer, record, out);
    bool is_old = observer->seen.has_server_hello && observer->seen.version < TLS_VERSION_13;
    if (is_old && !reading->opener && !tls_schedule_change(observer, from))
        return false;
    if (observer->seen.version == TLS_VERSION_10 && reading->sequence > 0 && !record->block_before)
        return false; /* with encrypt-then-MAC nothing else would show that its first block is wrong */
    if (reading->opener && tls_opener_open(reading->opener, reading->sequence, record, room, out))
        return true;
    if (is_old)
        return false;
    return tls_schedule_advance(observer, from, record, out)
           || (reading->may_have_updated && open_after_update(observer, from, record, out));
}

static void fail(struct tls_observer *observer, enum tls_side from)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    bool has_keys =
        observer->is_pickup ? observer->hellos.has_client_random : tls_schedule_has_keys(observer);

    if (!observer->seen.has_server_hello && !observer->is_pickup)
        return; /* early data to which there are no keys, and which the server may not take */
    tls_observer_note_sealed(observer, from); /* the handshake may be over all the same */
    reading->failures++;
    if (reading->was_opened && reading->opener && reading->failures < FAILURES_AFTER) {
        tls_search_tear(observer, from);
        return;
    }
    if (has_keys && !reading->was_opened && reading->failures < FAILURES_BEFORE)
        return;
    tls_inside_give_up(observer, has_keys ? TLS_READ_WRONG : TLS_READ_NONE);
}

void tls_inside_note_block(struct tls_observer *observer, enum tls_side from, struct bytes body)
{
    struct tls_reading *reading = &observer->direction[from].reading;
    const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);

    if (observer->seen.version != TLS_VERSION_10 || !suite)
        return;
    if (observer->hellos.is_encrypted_first) /* the MAC is behind the last block */
        body.len -= body.len > suite->protection->tag_bytes ? suite->protection->tag_bytes : body.len;
    if (body.len < TLS_BLOCK_MOST)
        return;
    memcpy(reading->block_before, body.ptr + body.len - TLS_BLOCK_MOST, TLS_BLOCK_MOST);
    reading->has_block_before = true;
}

/* The last block of a record, from where libcrypto's cipher begins to read. */
const uint8_t *tls_inside_block_before(const struct tls_observer *observer, enum tls_side from)
{
    const struct tls_reading *reading = &observer->direction[from].reading;
    const struct tls_suite *suite = tls_suite_find(observer->seen.cipher);

    if (!reading->has_block_before || !suite || observer->seen.version != TLS_VERSION_10)
        return NULL;
    return reading->block_before + TLS_BLOCK_MOST - suite->protection->iv_bytes;
}

void tls_inside_take(struct tls_observer *observer, enum tls_side from, const struct tls_record *record)
{
    struct tls_record whole = *record;
    struct tls_opened opened;

    whole.block_before = tls_inside_block_before(observer, from);
    bool ok = open_record(observer, from, &whole, &opened);
    tls_inside_note_block(observer, from, record->body);
    if (ok)
        tls_inside_deliver(observer, from, &opened);
    else
        fail(observer, from);
}
