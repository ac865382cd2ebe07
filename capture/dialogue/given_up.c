/* Questions that a server never answers.  The client waits for long and asks something else; the reply that
 * then comes at once is to that, and pairing by counting would shift all that follows. */
#include "dialogue/state.h"

/* A server that is only slow answers whenever it is done, not just when the client has lost patience. */
enum { AT_ONCE_SHARE = 16 };

/* Questions that one client gives up one after the other, without an answer between them. */
enum { LOOKED_AT = 8 };

static const uint64_t patience_ns = LIMIT_PATIENCE_SECONDS * 1000000000ull;

/* The client has waited since it asked, or since the newest of the replies that are due. */
static uint64_t waits_since(const struct dialogue *d, uint32_t pending)
{
    const struct item *item = &d->session->items[pairing_at(d, pending)->item];

    if (!item->reply)
        return item->at.time_ns;
    return item->more_count ? item->more_replies[item->more_count - 1]->at.time_ns : item->reply->at.time_ns;
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

void given_up_drop(struct dialogue *d, const struct reply *reply)
{
    uint32_t given_up = 0;

    if (reply->first.time_ns < d->session->items[pairing_at(d, 0)->item].at.time_ns + patience_ns)
        return; /* a group */
    for (uint32_t i = 0; i + 1 < d->pending_count && i < LOOKED_AT; i++)
        if (gave_up(waits_since(d, i), asked_behind(d, i), reply->first.time_ns))
            given_up = i + 1;
    while (given_up-- > 0)
        pairing_drop_first(d);
}

static bool awaits_reply(const struct dialogue *d)
{
    enum hold_reason reason = d->hold.reason;

    return (reason == HOLD_DATA || reason == HOLD_AUTH || reason == HOLD_STARTTLS || reason == HOLD_BDAT)
           && d->pending_count == 1 && pairing_at(d, 0)->item == d->held_item;
}

void given_up_release(struct dialogue *d, const struct reply *reply)
{
    bool is_next_known = d->hold.first && !d->hold.is_mixed && d->mode == CLIENT_HELD;

    if (!is_next_known || !awaits_reply(d)
        || !gave_up(waits_since(d, 0), d->hold.first->chunk.time_ns, reply->first.time_ns)
        || !hold_begins_with_command(d))
        return;
    pairing_drop_first(d);
    client_resume(d, CLIENT_COMMANDS);
}
