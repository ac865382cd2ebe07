/* What the other events of a session withhold, sealed: the lines of commands, and the messages of exchanges.
 * From those all else that was withheld follows, by decoding them again. */
#include "base/limits.h"
#include "transcript/event_write.h"
#include "transcript/seal.h"

static void put_box(struct event *event, const struct sealer *sealer, struct bytes secret)
{
    struct buf box;

    buf_init(&box, LIMIT_EVENT_LINE);
    event->ok = sealer_seal(sealer, secret, &box) && event->ok;
    event_put_bytes(event, "box", buf_bytes(&box));
    buf_release(&box);
}

static bool seal_command(const struct session *session, size_t index, const struct sealer *sealer,
                         struct buf *out)
{
    const struct item *item = &session->items[index];
    struct event event = event_begin(out, "sealed", session->id, item->at.time_ns);

    event_put_u64(&event, "item", (uint64_t)index + 1);
    put_box(&event, sealer, item->as.command.line);
    return event_end(&event);
}

static bool seal_steps(const struct session *session, const struct sasl_exchange *exchange,
                       const struct sealer *sealer, struct buf *out)
{
    bool ok = true;

    for (size_t i = 0; ok && i < exchange->step_count; i++) {
        const struct sasl_step *step = &exchange->steps[i];
        if (step->is_redacted || !event_hides_step(step, SECRETS_MASK))
            continue;
        struct event event = event_begin(out, "sealed", session->id, step->at.time_ns);
        event_put_u64(&event, "auth", (uint64_t)exchange->command_item + 1);
        event_put_u64(&event, "step", (uint64_t)i + 1);
        put_box(&event, sealer, step->text);
        ok = event_end(&event);
    }
    return ok;
}

bool event_write_sealed(const struct session *session, const struct sealer *sealer, struct buf *out)
{
    bool ok = true;

    for (size_t i = 0; ok && i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        bool is_hidden = item->kind == ITEM_COMMAND && !item->as.command.is_redacted
                         && event_hides_command(&item->as.command, SECRETS_MASK);
        if (is_hidden)
            ok = seal_command(session, i, sealer, out);
    }
    for (size_t i = 0; ok && i < session->exchange_count; i++)
        ok = seal_steps(session, &session->exchanges[i], sealer, out);
    return ok;
}
