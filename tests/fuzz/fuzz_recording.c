/* Any lines as a recording: what comes out must hold what an analyzer relies on, and is written again. */
#include "base/limits.h"
#include "transcript/event_read.h"

#include <stdlib.h>

enum { BUDGET_BYTES = 8 * 1024 * 1024 };

static void must(bool ok)
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

static void take_change(void *ctx, struct session *session, enum session_change change, size_t index)
{
    (void)ctx;
    must(change == CHANGE_OPENED || index < session->item_count);
}

static void take_session(void *ctx, struct session *session)
{
    volatile uint64_t *total = ctx;

    for (size_t i = 0; i < session->item_count; i++)
        *total += walk_item(session, &session->items[i]);
    for (size_t i = 0; i < session->message_count; i++)
        *total +=
            session->messages[i].size + session->messages[i].variant_count + sum(session->messages[i].kept);
    for (size_t i = 0; i < session->exchange_count; i++)
        *total += walk_exchange(session, &session->exchanges[i]);
    if (session->item_count < 1000)
        write_again(session);
    session_free(session);
}

static void feed_line(struct event_reader *reader, struct bytes line)
{
    struct err err;
    uint8_t *copy = malloc(line.len ? line.len : 1);

    must(copy != NULL);
    if (line.len)
        memcpy(copy, line.ptr, line.len);
    (void)!event_reader_feed(reader, (struct bytes){ copy, line.len }, &err);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t total = 0;
    struct budget budget;
    struct session_sink sink = { .ctx = &total, .changed = take_change, .ended = take_session };
    struct bytes rest = { data, size };

    budget_init(&budget, BUDGET_BYTES);
    struct attempts *attempts = attempts_new(&budget);
    struct event_reader *reader = attempts ? event_reader_new(&sink, attempts, &budget, NULL) : NULL;
    must(reader != NULL);
    while (rest.len > 0) {
        size_t lf = bytes_find(rest, '\n');
        feed_line(reader, bytes_slice(rest, 0, lf));
        rest = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(rest, lf + 1);
    }
    event_reader_finish(reader);
    event_reader_free(reader);
    attempts_free(attempts);
    must(budget.used_bytes == 0);
    return 0;
}
