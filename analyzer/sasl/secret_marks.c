/* Credentials where none belong: sent as commands after a failed AUTH, or echoed by the server. */
#include "base/limits.h"
#include "sasl/sasl_rows.h"

enum { SHORTEST = 8 };

static bool is_base64_byte(uint8_t c)
{
    return ascii_is_digit(c) || (ascii_upper(c) >= 'A' && ascii_upper(c) <= 'Z') || c == '+' || c == '/'
           || c == '=' || c == '-' || c == '_';
}

/* One word of base64, long enough to hold a credential. */
static bool looks_like_token(struct bytes line)
{
    if (line.len < SHORTEST)
        return false;
    for (size_t i = 0; i < line.len; i++)
        if (!is_base64_byte(line.ptr[i]))
            return false;
    return true;
}

static bool failed_before(const struct session *session, size_t item)
{
    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        bool is_success = exchange->last_reply && exchange->last_reply->code / 100 == 2;
        if (exchange->command_item < item && !is_success)
            return true;
    }
    return false;
}

static void mark_command(const struct session *session, size_t index, struct command *command)
{
    if (command->verb == VERB_UNKNOWN && !command->is_redacted && looks_like_token(command->line)
        && failed_before(session, index))
        command->is_secret = true;
}

/* Whether the reply repeats the secret of a step, as sent or decoded. */
static bool echoes(const struct reply *reply, struct bytes secret)
{
    for (uint32_t i = 0; secret.len >= 4 && i < reply->line_count; i++)
        if (bytes_find_nocase(reply->lines[i], secret) != SIZE_MAX)
            return true;
    return false;
}

static bool echoes_any(const struct session *session, const struct reply *reply)
{
    for (size_t i = 0; i < session->exchange_count; i++) {
        for (size_t k = 0; k < session->exchanges[i].step_count; k++) {
            const struct sasl_step *step = &session->exchanges[i].steps[k];
            if (step->is_secret && (echoes(reply, step->text) || echoes(reply, step->decoded)))
                return true;
            for (uint32_t f = 0; step->is_secret && f < step->field_count; f++)
                if (step->fields[f].is_secret && echoes(reply, step->fields[f].value))
                    return true;
        }
    }
    return false;
}

static void mark_reply(const struct session *session, struct reply *reply)
{
    if (!reply || reply->is_redacted || reply->code / 100 < 4 || !echoes_any(session, reply))
        return;
    reply->is_redacted = true;
    reply->line_count = 0;
}

bool sasl_decode_item(struct session *session, size_t index, struct secret_ordinals *ordinals)
{
    struct item *item = &session->items[index];
    bool ok = true;

    if (session->exchange_count == 0)
        return true;
    struct sasl_exchange *exchange = &session->exchanges[session->exchange_count - 1];
    if (item->kind == ITEM_SASL || (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_AUTH))
        ok = sasl_decode_exchange(session, exchange, ordinals);
    if (item->kind == ITEM_COMMAND)
        mark_command(session, index, &item->as.command);
    mark_reply(session, item->reply);
    return ok;
}

bool sasl_decode_session(struct session *session, struct secret_ordinals *ordinals)
{
    bool ok = true;

    for (size_t i = 0; i < session->exchange_count; i++)
        ok = sasl_decode_exchange(session, &session->exchanges[i], ordinals) && ok;
    for (size_t i = 0; session->exchange_count && i < session->item_count; i++) {
        struct item *item = &session->items[i];
        if (item->kind == ITEM_COMMAND)
            mark_command(session, i, &item->as.command);
        mark_reply(session, item->reply);
    }
    return ok;
}
