/* The open questions of a client, oldest first. */
#include "dialogue/pairing_parts.h"

enum { PENDING_FIRST = 4 }; /* MAIL, RCPT and DATA as one group */

static bool grow(struct dialogue *d)
{
    uint32_t cap = d->pending_cap ? d->pending_cap * 2 : PENDING_FIRST;

    if (cap > LIMIT_PENDING)
        return false;
    struct expectation *ring = ARENA_ARRAY(&d->session->arena, struct expectation, cap);
    if (!ring)
        return false;
    for (uint32_t i = 0; i < d->pending_count; i++)
        ring[i] = *pairing_at(d, i);
    d->pending = ring;
    d->pending_cap = cap;
    d->pending_first = 0;
    return true;
}

void pairing_expect(struct dialogue *d, enum expect_kind kind, uint32_t item, uint64_t end_offset,
                    uint32_t count)
{
    if (d->pending_count == d->pending_cap && !grow(d)) {
        d->session->is_truncated = true;
        return;
    }
    d->pending_count++;
    *pairing_at(d, d->pending_count - 1) =
        (struct expectation){ .kind = kind, .item = item, .end_offset = end_offset, .remaining = count };
}

void pairing_drop_first(struct dialogue *d)
{
    d->pending_first = (d->pending_first + 1) % d->pending_cap;
    d->pending_count--;
    if (d->clear_pending > 0)
        d->clear_pending--;
}

void pairing_forget_clear(struct dialogue *d)
{
    while (d->clear_pending > 0 && d->pending_count > 0)
        pairing_drop_first(d);
    d->clear_pending = 0;
}
