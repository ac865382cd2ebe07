/* Lines without their secrets. */
#include "incident/masked.h"

#include "base/buf.h"
#include "base/limits.h"

bool masked_is_secret(const struct command *command)
{
    return command->is_secret || command->is_redacted;
}

struct bytes masked_copy(struct bytes text, struct arena *arena)
{
    size_t keep = LIMIT_EXEMPLAR_TEXT;

    if (text.len <= keep)
        return arena_copy(arena, text);
    while (keep > 0 && (text.ptr[keep] & 0xc0) == 0x80) /* not inside a character */
        keep--;
    struct buf cut;
    buf_init(&cut, LIMIT_EXEMPLAR_TEXT + 8);
    (void)buf_append(&cut, bytes_slice(text, 0, keep));
    (void)buf_append_text(&cut, "...");
    struct bytes copy = arena_copy(arena, buf_bytes(&cut));
    buf_release(&cut);
    return copy;
}

struct bytes masked_command(const struct session *session, const struct item *item, struct arena *arena)
{
    const struct command *command = &item->as.command;
    bool is_left_out = session->log && command->is_redacted && command->verb != VERB_UNKNOWN;

    if (command->is_body_line)
        return BYTES("...");
    if (!masked_is_secret(command))
        return masked_copy(command->line, arena);
    if (command->verb != VERB_AUTH && !is_left_out)
        return BYTES("...");
    const struct sasl_exchange *exchange = session_exchange_of(session, (size_t)(item - session->items));
    struct buf text;
    buf_init(&text, LIMIT_LINE);
    (void)buf_append_text(&text, verb_name(command->verb));
    (void)buf_append_u8(&text, ' ');
    if (exchange && sasl_mechanism_find(exchange->mechanism)) {
        (void)buf_append(&text, exchange->mechanism);
        (void)buf_append_u8(&text, ' ');
    }
    (void)buf_append_text(&text, "...");
    struct bytes copy = masked_copy(buf_bytes(&text), arena);
    buf_release(&text);
    return copy;
}

struct bytes masked_reply(const struct reply *reply, struct arena *arena)
{
    struct buf text;

    if (!reply)
        return (struct bytes){ NULL, 0 };
    buf_init(&text, LIMIT_LINE * 2);
    (void)buf_append_u64(&text, reply->code);
    for (uint32_t i = 0; i < reply->line_count && !reply->is_redacted && (i == 0 || reply->code >= 400);
         i++) {
        (void)buf_append_text(&text, i ? " / " : " ");
        (void)buf_append(&text, bytes_trim(reply->lines[i]));
    }
    struct bytes copy = masked_copy(buf_bytes(&text), arena);
    buf_release(&text);
    return copy;
}
