/* What a recording says of a session as a whole, and what is put right at its end. */
#include "base/limits.h"
#include "transcript/event_model.h"

static struct log_facts *read_log(const json_t *part, struct arena *arena)
{
    struct log_facts *log = json_is_object(part) ? ARENA_NEW(arena, struct log_facts) : NULL;

    if (!log)
        return NULL;
    *log = (struct log_facts){
        .program = event_wire_value(json_object_get(part, "program"), LIMIT_EVENT_NAME, arena).bytes,
        .server_name = event_wire_value(json_object_get(part, "server_name"), LIMIT_EVENT_NAME, arena).bytes,
        .clock = event_get_log_clock(part, "clock"),
        .is_precise = event_get_flag(part, "precise"),
        .has_zone = event_get_flag(part, "zone"),
        .is_server_side = event_get_flag(part, "server_side"),
        .is_partial = event_get_flag(part, "partial"),
        .is_in_clear = event_get_flag(part, "in_clear"),
    };
    return log;
}

/* As many as there may be; what is odd in them is read as nothing. */
static void read_log_refusals(struct session *session, const json_t *list)
{
    size_t count = json_array_size(list);

    for (size_t i = 0; i < count && i < LIMIT_LOG_REFUSALS; i++) {
        const json_t *part = json_array_get(list, i);
        struct log_refusal refusal = {
            .command = event_get_u32(part, "command"),
            .is_temporary = event_get_flag(part, "temporary"),
            .is_of_message = event_get_flag(part, "of_message"),
            .text = event_wire_value(json_object_get(part, "text"), LIMIT_LINE, &session->arena).bytes,
        };
        if (!session_add_log_refusal(session, refusal))
            return;
    }
}

static void read_session_log(struct session *session, const json_t *event)
{
    const json_t *part = json_object_get(event, "log");

    session->log = read_log(part, &session->arena);
    if (session->log)
        read_log_refusals(session, json_object_get(part, "refusals"));
}

/* Of a session from a log the address may not be known. */
static bool read_end(const struct session *session, const json_t *event, const char *key,
                     struct endpoint *out)
{
    if (event_get_endpoint(event, key, out))
        return true;
    out->port = (uint16_t)event_get_u64(json_object_get(event, key), "port", UINT16_MAX);
    return session->log != NULL;
}

bool event_read_open(struct open_session *open, const json_t *event)
{
    struct session *session = open->session;

    read_session_log(session, event);
    if (!read_end(session, event, "client", &session->client)
        || !read_end(session, event, "server", &session->server))
        return false;
    session->start_ns = event_get_time(event, "time");
    session->end_ns = session->start_ns;
    session->first_packet = event_get_packet(event);
    session->protocol = event_get_protocol(event, "protocol");
    session->is_midstream = event_get_flag(event, "midstream");
    return true;
}

static struct side_facts side_of(const json_t *event, const char *key)
{
    const json_t *part = json_object_get(event, key);

    return (struct side_facts){
        .packets = event_get_u64(part, "packets", INT64_MAX),
        .payload_bytes = event_get_u64(part, "payload_bytes", INT64_MAX),
        .missing_bytes = event_get_u64(part, "missing_bytes", INT64_MAX),
        .retransmitted_bytes = event_get_u64(part, "retransmitted_bytes", INT64_MAX),
        .conflicting_bytes = event_get_u64(part, "conflicting_bytes", INT64_MAX),
        .zero_windows = event_get_u32(part, "zero_windows"),
        .tls_bytes = event_get_u64(part, "tls_bytes", INT64_MAX),
        .bare_lf_lines = event_get_u64(part, "bare_lf_lines", INT64_MAX),
        .last_ns = event_get_time(part, "last"),
        .fin_ns = event_get_time(part, "fin"),
        .unacked_bytes = event_get_u64(part, "unacked_bytes", INT64_MAX),
        .unacked_since_ns = event_get_time(part, "unacked_since"),
        .unacked_repeats = event_get_u32(part, "unacked_repeats"),
        .repeat_length = event_get_u32(part, "repeat_length"),
        .is_large_acked = event_get_flag(part, "large_acked"),
        .is_window_zero = event_get_flag(part, "window_zero"),
        .zero_since_ns = event_get_time(part, "zero_since"),
        .zero_last_ns = event_get_time(part, "zero_last"),
        .hop_limit_low = (uint8_t)event_get_u64(part, "hop_limit_low", UINT8_MAX),
        .hop_limit_high = (uint8_t)event_get_u64(part, "hop_limit_high", UINT8_MAX),
        .reset_hop_limit = (uint8_t)event_get_u64(part, "reset_hop_limit", UINT8_MAX),
        .reset_ns = event_get_time(part, "reset"),
        .reset_off_by = event_get_u64(part, "reset_off_by", INT64_MAX),
        .segments_after_reset = event_get_u32(part, "segments_after_reset"),
    };
}

static enum unended_end unended_end_of(const json_t *part)
{
    for (unsigned end = UNENDED_COUNT; end-- > 1;)
        if (event_text_is(part, "end", unended_end_name((enum unended_end)end)))
            return (enum unended_end)end;
    return UNENDED_NOTHING;
}

static struct unended_line unended_of(const json_t *event)
{
    const json_t *part = json_object_get(event, "unended");

    if (!json_is_object(part))
        return (struct unended_line){ 0 };
    return (struct unended_line){
        .length = event_get_u64(part, "length", INT64_MAX),
        .verb = event_get_verb(part, "verb"),
        .end = unended_end_of(part),
        .first = { event_get_time(part, "time"), event_get_packet(part) },
    };
}

/* Lines that the recording lacks are told like items for which there was no room. */
static void compare_counts(struct open_session *open, const json_t *event)
{
    struct session *session = open->session;
    uint64_t items = event_get_u64(event, "items", INT64_MAX);

    if (items > session->item_count) {
        session->is_truncated = true;
        session->items_dropped += items - session->item_count;
    }
    if (event_get_u64(event, "replies", UINT32_MAX) > session->reply_count
        || event_get_u64(event, "messages", INT64_MAX) > session->message_count)
        session->is_truncated = true;
}

void event_read_close(struct open_session *open, const json_t *event)
{
    struct session *session = open->session;

    session->end_ns = event_get_time(event, "time");
    session->protocol = event_get_protocol(event, "protocol");
    session->closed = event_get_close_kind(event, "closed");
    session->closed_by = event_get_side(event, "closed_by");
    session->is_midstream = event_get_flag(event, "midstream");
    session->one_sided = event_get_side(event, "one_sided");
    session->rtt_ns = event_get_u64(event, "rtt_ns", INT64_MAX);
    session->silent_ns = event_get_u64(event, "silent_ns", INT64_MAX);
    session->is_tls = event_get_flag(event, "tls");
    session->foreign = event_get_foreign(event, "foreign");
    session->foreign_from = event_get_side(event, "foreign_side");
    session->tls = event_read_handshake(json_object_get(event, "handshake"), &session->arena);
    read_session_log(session, event);
    session->is_open = event_get_flag(event, "open");
    session->is_truncated = session->is_truncated || event_get_flag(event, "truncated");
    session->items_dropped += event_get_u64(event, "items_dropped", INT64_MAX);
    session->unended = unended_of(event);
    session->side[SIDE_CLIENT] = side_of(event, "client");
    session->side[SIDE_SERVER] = side_of(event, "server");
    compare_counts(open, event);
}

static bool is_command(const struct session *session, uint32_t index)
{
    return index < session->item_count && session->items[index].kind == ITEM_COMMAND;
}

static void seal_items(struct open_session *open)
{
    struct session *session = open->session;
    uint32_t n = 0;

    for (size_t i = 0; i < session->item_count; i++) {
        struct item *item = &session->items[i];
        if (item->kind == ITEM_NONE) /* its event never came */
            session->is_truncated = true;
        if (item->kind == ITEM_COMMAND && open->is_disordered)
            item->as.command.n = ++n;
        if (item->kind == ITEM_CONTENT && !is_command(session, item->as.content.command_item))
            item->as.content.command_item = UINT32_MAX;
    }
}

void event_seal(struct open_session *open)
{
    struct session *session = open->session;

    seal_items(open);
    for (size_t i = 0; i < session->message_count; i++) {
        struct message *message = &session->messages[i];
        if (!is_command(session, message->first_item))
            message->first_item = UINT32_MAX;
        if (message->last_item >= session->item_count)
            message->last_item = UINT32_MAX;
    }
    session->is_truncated = session->is_truncated || session->arena.is_full || open->lost_something;
}
