/* Questions that a server never answers.  The client waits for long and asks something else; the reply that
 * then comes at once is to that, and pairing by counting would shift all that follows. */
#include "base/timestamp.h"
#include "dialogue/state.h"

/* A server that is only slow answers whenever it is done, not just when the client has lost patience.  One
 * that is woken by the client's next line (Dovecot, which let a pipelined response lie) is known by its
 * codes. */
enum { AT_ONCE_SHARE = 16 };

static const uint64_t patience_ns = LIMIT_PATIENCE_SECONDS * NS_PER_SECOND;

/* The client has waited since it asked, or since the newest of the replies that are due. */
static uint64_t waits_since(const struct dialogue *d, uint32_t pending)
{
    const struct item *item = &d->session->items[pairing_at(d, pending)->item];

    if (!item->reply)
        return item->at.time_ns;
    return item->more_count ? item->more_replies[item->more_count - 1]->at.time_ns : item->reply->at.time_ns;
}

static bool has_waited(uint64_t since_ns, uint64_t asked_ns)
{
    return asked_ns > since_ns && asked_ns - since_ns >= patience_ns;
}

/* The first that the server says since the client asked, having `seen` so many replies, and soon. */
static bool is_at_once(uint64_t since_ns, uint64_t asked_ns, uint32_t seen, const struct reply *reply)
{
    uint64_t answered_ns = reply->first.time_ns;

    return seen + 1 >= reply->ordinal && answered_ns >= asked_ns
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
        return;
    for (uint32_t i = 0; i + 1 < d->pending_count && has_waited(waits_since(d, i), asked_behind(d, i)); i++)
        if (is_at_once(waits_since(d, i), asked_behind(d, i),
                       d->session->items[pairing_at(d, i + 1)->item].replies_seen, reply)
            && pairing_takes(d, i + 1, reply) && !pairing_is_named(d, i, reply))
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
    const struct held *held = d->hold.first;

    if (!held || d->hold.is_mixed || d->mode != CLIENT_HELD || !awaits_reply(d))
        return;
    uint64_t since_ns = waits_since(d, 0), asked_ns = held->chunk.time_ns;
    uint32_t seen = dialogue_replies_seen(d, held->chunk.acked);
    if (!has_waited(since_ns, asked_ns) || !is_at_once(since_ns, asked_ns, seen, reply)
        || pairing_is_named(d, 0, reply) || !hold_begins_with_command(d))
        return;
    pairing_drop_first(d);
    client_resume(d, CLIENT_COMMANDS);
}
