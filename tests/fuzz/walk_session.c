/* A session that was read from a recording, looked at from all sides. */
#include "walk_session.h"

#include <stdlib.h>

#include "base/limits.h"

void must(bool ok)
{
    if (!ok)
        abort();
}

/* Touches every byte of it. */
static uint64_t sum(struct bytes bytes)
{
    uint64_t total = 0;

    for (size_t i = 0; i < bytes.len; i++)
        total += bytes.ptr[i];
    return total;
}

static uint64_t walk_reply(const struct reply *reply)
{
    uint64_t total = 0;

    must(reply->code >= 100 && reply->code <= 699);
    for (uint32_t i = 0; i < reply->line_count; i++)
        total += sum(reply->lines[i]);
    return total;
}

static uint64_t walk_item(const struct session *session, const struct item *item)
{
    uint64_t total = 0;

    must((item->kind != ITEM_GREETING && item->kind != ITEM_REPLY) || item->reply);
    if (item->reply)
        total += walk_reply(item->reply);
    for (uint32_t i = 0; i < item->more_count; i++)
        total += walk_reply(item->more_replies[i]);
    if (item->kind == ITEM_COMMAND) {
        must(item->as.command.n >= 1 && item->as.command.n <= session->command_count);
        must(session_command(session, item->as.command.n) == item);
        total += sum(item->as.command.line) + sum(item->as.command.argument) + sum(item->as.command.word);
    }
    if (item->kind == ITEM_CONTENT) {
        must(item->as.content.message < session->message_count);
        must(item->as.content.command_item == UINT32_MAX
             || item->as.content.command_item < session->item_count);
    }
    if (item->kind == ITEM_PRELUDE)
        total += sum(item->as.prelude.text);
    if (item->kind == ITEM_SASL)
        total += sum(item->as.sasl->text);
    return total;
}

static uint64_t walk_exchange(const struct session *session, const struct sasl_exchange *exchange)
{
    uint64_t total = sum(exchange->mechanism);

    must(exchange->command_item < session->item_count
         && session->items[exchange->command_item].kind == ITEM_COMMAND);
    for (size_t i = 0; i < exchange->step_count; i++) {
        const struct sasl_step *step = &exchange->steps[i];
        total += sum(step->text) + sum(step->decoded) + (step->malformed ? strlen(step->malformed) : 0);
        for (uint32_t k = 0; k < step->field_count; k++)
            total += sum(step->fields[k].value) + strlen(step->fields[k].name);
    }
    return total;
}

static void write_again(const struct session *session)
{
    struct buf out;

    buf_init(&out, LIMIT_OUTPUT_LINE);
    must(event_write_change(session, CHANGE_OPENED, 0, SECRETS_MASK, &out));
    for (size_t i = 0; i < session->item_count; i++)
        must(event_write_change(session, CHANGE_ITEM_ADDED, i, SECRETS_MASK, &out));
    must(event_write_close(session, SECRETS_MASK, &out));
    buf_release(&out);
}

uint64_t walk_session(const struct session *session)
{
    uint64_t total = 0;

    for (size_t i = 0; i < session->item_count; i++)
        total += walk_item(session, &session->items[i]);
    for (size_t i = 0; i < session->message_count; i++)
        total +=
            session->messages[i].size + session->messages[i].variant_count + sum(session->messages[i].kept);
    for (size_t i = 0; i < session->exchange_count; i++)
        total += walk_exchange(session, &session->exchanges[i]);
    if (session->item_count < 1000)
        write_again(session);
    return total;
}
