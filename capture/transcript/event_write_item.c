/* Items of a session as events. */
#include "transcript/event_write.h"

const char *event_line_end_name(enum line_end end)
{
    static const char *const names[LINE_END_COUNT] = { NULL, "crlf", "lf" };

    return (unsigned)end < LINE_END_COUNT ? names[end] : NULL;
}

struct event event_begin_item(struct buf *out, const char *type, const struct session *session, size_t index)
{
    const struct item *item = &session->items[index];
    struct event event = event_begin(out, type, session->id, item->at.time_ns);

    event_put_packet(&event, item->at.packet);
    event_put_u64(&event, "item", (uint64_t)index + 1);
    event_put_moment(&event, "first", &item->first, &item->at);
    event_put_count(&event, "replies_seen", item->replies_seen);
    event_put_flag(&event, "after_gap", item->is_after_gap);
    return event;
}

/* What stands behind the mechanism of an AUTH is a credential, also if nobody has looked at it; "=" is not
 * (RFC 4954 4). */
bool event_hides_command(const struct command *command, enum secrets_policy secrets)
{
    struct bytes response = command_line_parse(command->argument).argument;
    bool has_response = command->verb == VERB_AUTH && response.len > 0 && !bytes_equal(response, BYTES("="));

    return command->is_redacted || (secrets != SECRETS_KEEP && (command->is_secret || has_response));
}

static void put_line(struct event *event, const struct command *command, bool is_hidden)
{
    event_put_word(event, "verb", command->verb == VERB_UNKNOWN ? NULL : verb_name(command->verb));
    if (is_hidden) {
        event_put_redacted(event, "line", command->line_length);
        if (command->verb != VERB_UNKNOWN || (command->is_body_line && !command->is_secret))
            event_put_bytes_if(event, "word", command->word);
    } else {
        event_put_bytes(event, "line", command->line);
        if (command->line_length != command->line.len)
            event_put_u64(event, "length", command->line_length);
    }
}

static bool write_command(const struct session *session, size_t index, enum secrets_policy secrets,
                          struct buf *out)
{
    const struct command *command = &session->items[index].as.command;
    const struct sasl_exchange *exchange = event_exchange_begun_at(session, index);
    struct event event = event_begin_item(out, "command", session, index);

    event_put_u64(&event, "n", command->n);
    put_line(&event, command, event_hides_command(command, secrets));
    if (command->line_end != LINE_END_CRLF)
        event_put_word(&event, "end", event_line_end_name(command->line_end));
    event_put_flag(&event, "bare_cr", command->has_bare_cr);
    event_put_flag(&event, "secret", command->is_secret);
    event_put_flag(&event, "before_greeting", command->is_before_greeting);
    event_put_flag(&event, "pipelined", command->is_pipelined);
    event_put_flag(&event, "body_line", command->is_body_line);
    if (exchange)
        event_put_bytes(&event, "mechanism", exchange->mechanism);
    return event_end(&event);
}

static void put_sha256(struct event *event, const uint8_t sha256[DIGEST_SHA256_LEN])
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * DIGEST_SHA256_LEN];

    for (size_t i = 0; i < DIGEST_SHA256_LEN; i++) {
        text[2 * i] = digits[sha256[i] >> 4];
        text[2 * i + 1] = digits[sha256[i] & 15];
    }
    event_put_bytes(event, "sha256", (struct bytes){ (const uint8_t *)text, sizeof text });
}

/* The run of commands behind a variant. */
static void put_commands(struct event *event, uint32_t verbs)
{
    event_begin_array(event, "commands");
    for (unsigned verb = VERB_UNKNOWN + 1; verb < VERB_COUNT; verb++)
        if (verbs >> verb & 1)
            event_add_bytes(event, bytes_of(verb_name((enum verb)verb)));
    event_end_array(event);
}

static void put_variants(struct event *event, const struct message *message)
{
    event_begin_array(event, "variants");
    for (uint32_t i = 0; i < message->variant_count; i++) {
        const struct eod_variant *variant = &message->variants[i];
        struct event part = event_open_element(event);
        event_put_u64(&part, "kind", variant->kind);
        event_put_u64(&part, "offset", variant->offset);
        if (variant->verb_behind != VERB_UNKNOWN)
            event_put_word(&part, "verb", verb_name(variant->verb_behind));
        if (variant->verbs_behind)
            put_commands(&part, variant->verbs_behind);
        event_close(event, &part);
    }
    event_end_array(event);
}

/* An item's index as it is written: from 1; nothing for one that was never seen. */
static void put_item_index(struct event *event, const char *key, uint32_t index)
{
    if (index != UINT32_MAX)
        event_put_u64(event, key, (uint64_t)index + 1);
}

static void put_message(struct event *event, const struct message *message)
{
    static const struct moment never = { 0 };
    struct event part = event_open(event, "facts");

    event_put_flag(&part, "bdat", message->is_bdat);
    event_put_bool(&part, "complete", message->is_complete);
    event_put_u64(&part, "size", message->size);
    if (message->has_digest)
        put_sha256(&part, message->sha256);
    event_put_count(&part, "head_hash", message->head_hash);
    put_item_index(&part, "first_item", message->first_item);
    put_item_index(&part, "last_item", message->last_item);
    event_put_count(&part, "wire_size", message->wire_size);
    event_put_count(&part, "missing_bytes", message->missing_bytes);
    event_put_count(&part, "bare_cr", message->bare_cr_count);
    event_put_count(&part, "bare_lf", message->bare_lf_count);
    event_put_count(&part, "first_bare_lf", message->first_bare_lf);
    event_put_count(&part, "nuls", message->nul_count);
    event_put_count(&part, "longest_line", message->longest_line);
    event_put_count(&part, "dot_lines", message->dot_lines);
    event_put_count(&part, "unstuffed_dots", message->unstuffed_dots);
    event_put_flag(&part, "ends_in_dot", message->ends_in_dot);
    event_put_flag(&part, "8bit", message->has_8bit);
    event_put_flag(&part, "ended_by_variant", message->ended_by_variant);
    if (message->variant_count)
        put_variants(&part, message);
    event_put_count(&part, "variants_dropped", message->variants_dropped);
    event_put_moment(&part, "first", &message->first, &never);
    event_put_moment(&part, "last", &message->last, &never);
    event_put_bytes_if(&part, "kept", message->kept);
    event_close(event, &part);
}

bool event_write_content(const struct session *session, size_t index, struct buf *out)
{
    const struct content *content = &session->items[index].as.content;
    struct event event = event_begin_item(out, "content", session, index);

    event_put_u64(&event, "message", (uint64_t)content->message + 1);
    put_item_index(&event, "command_item", content->command_item);
    event_put_u64(&event, "size", content->size);
    event_put_flag(&event, "last", content->is_last);
    event_put_flag(&event, "complete", content->is_complete);
    if (content->swallowed != VERB_UNKNOWN)
        event_put_word(&event, "swallowed", verb_name(content->swallowed));
    if (content->message < session->message_count)
        put_message(&event, &session->messages[content->message]);
    return event_end(&event);
}

bool event_write_message(const struct session *session, size_t index, struct buf *out)
{
    const struct message *message = &session->messages[index];
    struct event event = event_begin(out, "content", session->id, message->last.time_ns);

    event_put_packet(&event, message->last.packet);
    event_put_u64(&event, "message", (uint64_t)index + 1);
    put_message(&event, message);
    return event_end(&event);
}

static bool write_gap(const struct session *session, size_t index, struct buf *out)
{
    const struct gap *gap = &session->items[index].as.gap;
    struct event event = event_begin_item(out, "gap", session, index);

    event_put_word(&event, "side", side_name(gap->side));
    event_put_u64(&event, "length", gap->length);
    event_put_flag(&event, "snapped", gap->is_snapped);
    event_put_flag(&event, "in_content", gap->in_content);
    return event_end(&event);
}

static bool write_prelude(const struct session *session, size_t index, struct buf *out)
{
    const struct prelude *prelude = &session->items[index].as.prelude;
    struct event event = event_begin_item(out, "prelude", session, index);

    event_put_word(&event, "kind", prelude_kind_name(prelude->kind));
    event_put_bytes_if(&event, "text", prelude->text);
    event_put_endpoint(&event, "source", &prelude->source);
    event_put_endpoint(&event, "target", &prelude->target);
    return event_end(&event);
}

static bool write_junk(const struct session *session, size_t index, struct buf *out)
{
    struct event event = event_begin_item(out, "junk", session, index);

    event_put_u64(&event, "length", session->items[index].as.junk_length);
    return event_end(&event);
}

static bool write_tls(const struct session *session, size_t index, struct buf *out)
{
    const struct tls_start *tls = &session->items[index].as.tls;
    struct event event = event_begin_item(out, "tls", session, index);

    event_put_word(&event, "side", side_name(tls->from));
    event_put_count(&event, "plain", tls->plain_length);
    return event_end(&event);
}

bool event_write_item(const struct session *session, size_t index, enum secrets_policy secrets,
                      struct buf *out)
{
    switch (session->items[index].kind) {
    case ITEM_PRELUDE:
        return write_prelude(session, index, out);
    case ITEM_GREETING:
    case ITEM_REPLY:
        return event_write_reply_item(session, index, out);
    case ITEM_COMMAND:
        return write_command(session, index, secrets, out);
    case ITEM_SASL:
        return event_write_response(session, index, out);
    case ITEM_CONTENT:
        return event_write_content(session, index, out);
    case ITEM_GAP:
        return write_gap(session, index, out);
    case ITEM_TLS:
        return write_tls(session, index, out);
    case ITEM_JUNK:
        return write_junk(session, index, out);
    case ITEM_NONE:
    case ITEM_KIND_COUNT:
        break;
    }
    return true;
}
