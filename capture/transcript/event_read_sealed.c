/* What was withheld and sealed, put back where it was, so that it is decoded as if it had never left. */
#include "base/limits.h"
#include "transcript/event_model.h"

static bool open_box(struct open_session *open, const json_t *event, const struct unsealer *unsealer,
                     struct bytes *out)
{
    struct buf secret;

    buf_init(&secret, LIMIT_LINE + 1);
    bool ok = unsealer_open(unsealer, event_get_text(event, "box"), &secret);
    if (ok)
        *out = arena_copy(&open->session->arena, buf_bytes(&secret));
    ok = ok && out->len == secret.len;
    buf_release(&secret);
    return ok;
}

static bool restore_command(struct open_session *open, size_t index, struct bytes line)
{
    struct session *session = open->session;
    struct item *item = index < session->item_count ? &session->items[index] : NULL;

    if (!item || item->kind != ITEM_COMMAND || !item->as.command.is_redacted)
        return false;
    struct command *command = &item->as.command;
    struct command_line parsed = command_line_parse(line);
    command->line = line;
    command->verb = parsed.verb;
    command->word = parsed.word;
    command->argument = parsed.argument;
    command->is_redacted = false;
    return true;
}

/* Steps are decoded in their order, each with the ones before it: all of them anew. */
static void forget_decoding(struct sasl_exchange *exchange)
{
    for (size_t i = 0; i < exchange->step_count; i++) {
        struct sasl_step *step = &exchange->steps[i];
        if (!step->is_redacted)
            *step = (struct sasl_step){
                .from = step->from, .at = step->at, .text = step->text, .length = step->length
            };
    }
}

/* A response stands among the items, too. */
static void restore_response(struct session *session, size_t from, const struct sasl_step *step)
{
    for (size_t i = from; i < session->item_count; i++) {
        struct item *item = &session->items[i];
        if (item->kind != ITEM_SASL || item->as.sasl->at.time_ns != step->at.time_ns
            || item->as.sasl->at.packet.number != step->at.packet.number)
            continue;
        *item->as.sasl = *step;
        return;
    }
}

static bool restore_step(struct open_session *open, const json_t *event, struct bytes text)
{
    struct session *session = open->session;
    struct sasl_exchange *exchange = event_exchange_of(session, event_get_index(event, "auth", UINT32_MAX));
    uint32_t index = event_get_index(event, "step", UINT32_MAX);

    if (!exchange || index >= exchange->step_count || !exchange->steps[index].is_redacted)
        return false;
    struct sasl_step *step = &exchange->steps[index];
    step->text = text;
    step->is_redacted = false;
    forget_decoding(exchange);
    restore_response(session, exchange->command_item, step);
    return true;
}

bool event_read_sealed(struct open_session *open, const json_t *event, const struct unsealer *unsealer)
{
    struct bytes secret = { NULL, 0 };
    uint32_t index = event_get_index(event, "item", UINT32_MAX);

    if (!open_box(open, event, unsealer, &secret))
        return false;
    return index != UINT32_MAX ? restore_command(open, index, secret) : restore_step(open, event, secret);
}
