/* A sealed record may be met before its secret is in the key log: programs write it down when they are about
 * to use it, the client's a moment after the server's first sealed record, and a log that comes from another
 * machine is later still.  From that record on, what comes is held, and read once the secret is there. */
#include <stdlib.h>

#include <openssl/crypto.h>

#include "base/timestamp.h"
#include "tls/tls_state.h"

struct tls_held {
    struct tls_held *next;
    enum tls_side from;
    bool is_hole;
    struct stream_hole hole;
    struct stream_chunk chunk; /* its data follow this struct */
    uint8_t octets[];
};

bool tls_wait_is_due(struct tls_observer *observer, enum tls_side from)
{
    const struct tls_direction *direction = &observer->direction[from];
    bool is_at_begin =
        direction->header_len == TLS_HEADER_BYTES && direction->record_left == direction->record_len;

    return is_at_begin && observer->has_keys && !observer->wait.is_spent && !direction->reading.opener
           && tls_keylog_may_grow(observer->options.keylog) && tls_schedule_lacks_secret(observer, from);
}

bool tls_wait_goes_on(const struct tls_observer *observer)
{
    return observer->wait.first;
}

static void append(struct tls_wait *wait, struct tls_held *held)
{
    held->next = NULL;
    if (wait->last)
        wait->last->next = held;
    else
        wait->first = held;
    wait->last = held;
}

/* Without room for it there is nothing more to wait for. */
static struct tls_held *hold(struct tls_observer *observer, enum tls_side from, struct bytes data)
{
    struct tls_wait *wait = &observer->wait;
    size_t bytes = sizeof(struct tls_held) + data.len;

    if (bytes > LIMIT_TLS_WAIT_BYTES - wait->bytes || !budget_take(observer->options.budget, bytes))
        return NULL;
    struct tls_held *held = malloc(bytes);
    if (!held) {
        budget_give(observer->options.budget, bytes);
        return NULL;
    }
    *held = (struct tls_held){ .from = from };
    if (data.len > 0)
        memcpy(held->octets, data.ptr, data.len);
    wait->bytes += bytes;
    append(wait, held);
    return held;
}

bool tls_wait_hold(struct tls_observer *observer, enum tls_side from, const struct stream_chunk *chunk)
{
    bool is_first = !observer->wait.first;
    struct tls_held *held = hold(observer, from, chunk->data);

    observer->wait.is_spent = !held;
    if (!held)
        return false;
    held->chunk = *chunk;
    held->chunk.data.ptr = held->octets;
    if (is_first)
        observer->wait.until_ns = chunk->time_ns + LIMIT_TLS_WAIT_S * NS_PER_SECOND;
    return true;
}

bool tls_wait_hold_hole(struct tls_observer *observer, enum tls_side from, const struct stream_hole *hole)
{
    struct tls_held *held = hold(observer, from, (struct bytes){ NULL, 0 });

    observer->wait.is_spent = !held;
    if (!held)
        return false;
    held->is_hole = true;
    held->hole = *hole;
    return true;
}

static void drop(struct tls_observer *observer, struct tls_held *held)
{
    size_t bytes = sizeof *held + held->chunk.data.len;

    OPENSSL_cleanse(held, bytes);
    budget_give(observer->options.budget, bytes);
    observer->wait.bytes -= bytes;
    free(held);
}

void tls_wait_drop(struct tls_observer *observer)
{
    while (observer->wait.first) {
        struct tls_held *held = observer->wait.first;
        observer->wait.first = held->next;
        drop(observer, held);
    }
    observer->wait.last = NULL;
}

/* What was held, in its order.  Where the next secret is missing too, the rest stays behind what waits for
 * it. */
static void release(struct tls_observer *observer)
{
    struct tls_wait *wait = &observer->wait;
    struct tls_held *held = wait->first;

    wait->first = wait->last = NULL;
    while (held) {
        struct tls_held *next = held->next;
        if (wait->first) {
            append(wait, held);
        } else {
            if (held->is_hole)
                tls_observer_take_hole(observer, held->from, &held->hole);
            else
                tls_observer_take_chunk(observer, held->from, &held->chunk);
            drop(observer, held);
        }
        held = next;
    }
}

void tls_wait_look(struct tls_observer *observer, uint64_t now_ns)
{
    if (now_ns > observer->wait.until_ns)
        observer->wait.is_spent = true;
    if (observer->wait.is_spent || !tls_schedule_lacks_secret(observer, observer->wait.first->from))
        release(observer);
}
