/* Questions that a server never answers.  The client waits for long and asks something else; the reply that
 * then comes at once is to that, and pairing by counting would shift all that follows. */
#include "dialogue/state.h"

/* A server that is only slow answers whenever it is done, not just when the client has lost patience. */
enum { AT_ONCE_SHARE = 16 };

static const uint64_t patience_ns = LIMIT_PATIENCE_SECONDS * 1000000000ull;

/* The client has waited since it asked, or since the newest of the replies that are due. */
static uint64_t waits_since(const struct dialogue *d, uint32_t pending)
{
    const struct item *item = &d->session->items[pairing_at(d, pending)->item];

    if (item->more_count)
        return item->more_replies[item->more_count - 1]->at.time_ns;
    return item->reply ? item->reply->at.time_ns : item->at.time_ns;
}

static bool gave_up(uint64_t since_ns, uint64_t asked_ns, uint64_t answered_ns)
{
    return asked_ns > since_ns && asked_ns - since_ns >= patience_ns && answered_ns >= asked_ns
           && answered_ns - asked_ns <= (asked_ns - since_ns) / AT_ONCE_SHARE;
}

/* When the client asked what stands behind `pending`. */
static uint64_t asked_behind(const struct dialogue *d, uint32_t pending)
{
    return d->session->items[pairing_at(d, pending + 1)->item].first.time_ns;
}

static void drop_given_up(struct dialogue *d, const struct reply *reply)
{
    uint32_t last = d->pending_count - 1;

    if (asked_behind(d, last - 1) < waits_since(d, 0) + patience_ns)
        return; /* a group */
    while (last > 0 && !gave_up(waits_since(d, last - 1), asked_behind(d, last - 1), reply->first.time_ns))
        last--;
    while (last-- > 0)
        pairing_drop_first(d);
}

/* The line that the client sends when it has given up is held, for the reply would have told how to read it.
 */
static bool is_held_behind(const struct dialogue *d)
{
    enum hold_reason reason = d->hold.reason;
    bool awaits_reply =
        reason == HOLD_DATA || reason == HOLD_AUTH || reason == HOLD_STARTTLS || reason == HOLD_BDAT;

    return awaits_reply && d->mode == CLIENT_HELD && d->pending_count == 1 && !d->hold.is_mixed
           && pairing_at(d, 0)->item == d->held_item;
}

void given_up_settle(struct dialogue *d, const struct reply *reply)
{
    if (d->pending_count > 1) {
        drop_given_up(d, reply);
    } else if (is_held_behind(d)
               && gave_up(waits_since(d, 0), d->hold.first->chunk.time_ns, reply->first.time_ns)
               && hold_begins_with_command(d)) {
        pairing_drop_first(d);
        client_resume(d, CLIENT_COMMANDS);
    }
}
