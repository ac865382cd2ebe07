/* Items of a session, from their events. */
#include "base/limits.h"
#include "transcript/event_model.h"

void event_tell(struct event_effect *effect, enum session_change change, size_t index)
{
    *effect = (struct event_effect){ true, change, index };
}

struct sasl_exchange *event_exchange_of(const struct session *session, uint32_t index)
{
    size_t low = 0, high = session->exchange_count;

    while (low < high) { /* they stand in the order of their commands */
        size_t middle = low + (high - low) / 2;
        if (session->exchanges[middle].command_item < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < session->exchange_count && session->exchanges[low].command_item == index
               ? &session->exchanges[low]
               : NULL;
}

/* Items come in their order, but for a content, whose place is taken when it begins and told when it ends. */
struct item *event_item(struct open_session *open, const json_t *event, enum item_kind kind, size_t *index)
{
    struct session *session = open->session;
    uint32_t at = event_get_index(event, "item", UINT32_MAX);

    if (at == UINT32_MAX || (at > session->item_count && at - session->item_count > LIMIT_EVENT_AHEAD))
        return NULL;
    while (session->item_count <= at)
        if (!session_add_item(session, ITEM_NONE))
            return NULL;
    struct item *item = &session->items[at];
    if (item->kind != kind && (item->kind != ITEM_NONE || !session_set_kind(session, item, kind)))
        return NULL;
    item->at = (struct moment){ event_get_time(event, "time"), event_get_packet(event) };
    item->first = event_get_moment(event, "first", item->at);
    item->replies_seen = event_get_u32(event, "replies_seen");
    item->is_after_gap = event_get_flag(event, "after_gap");
    *index = at;
    return item;
}

/* AUTH begins an exchange. */
static bool begin_exchange(struct session *session, size_t index, struct bytes mechanism)
{
    const struct sasl_exchange *newest =
        session->exchange_count ? &session->exchanges[session->exchange_count - 1] : NULL;
    struct sasl_exchange *exchange = event_exchange_of(session, (uint32_t)index);

    if (!exchange && newest && newest->command_item >= index)
        return false;
    if (!exchange)
        exchange = session_add_exchange(session);
    if (!exchange)
        return false;
    exchange->command_item = (uint32_t)index;
    exchange->mechanism = mechanism;
    return true;
}

static void take_line(struct command *command, const json_t *event, struct arena *arena)
{
    struct wire_value line = event_wire_value(json_object_get(event, "line"), LIMIT_LINE, arena);
    uint64_t length = event_get_u64(event, "length", INT64_MAX);
    enum verb verb = event_get_verb(event, "verb");

    command->line = line.bytes;
    command->line_length = length ? length : line.length;
    command->is_redacted = line.is_redacted;
    if (line.is_redacted) {
        command->word = event_wire_value(json_object_get(event, "word"), LIMIT_LINE, arena).bytes;
        command->verb = verb;
        return;
    }
    struct command_line parsed = command_line_parse(command->line);
    command->word = parsed.word;
    command->argument = parsed.argument;
    command->verb = parsed.verb;
}

bool event_read_command(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    struct session *session = open->session;
    size_t index;
    struct item *item = event_item(open, event, ITEM_COMMAND, &index);

    if (!item)
        return false;
    struct command command = { .n = item->as.command.n };
    if (!command.n) {
        command.n = ++session->command_count;
        open->is_disordered = open->is_disordered || index < open->last_command;
        open->last_command = index > open->last_command ? index : open->last_command;
    }
    take_line(&command, event, &session->arena);
    command.line_end = event_get_line_end(event, "end");
    command.has_bare_cr = event_get_flag(event, "bare_cr");
    command.is_secret = event_get_flag(event, "secret");
    command.is_before_greeting = event_get_flag(event, "before_greeting");
    command.is_pipelined = event_get_flag(event, "pipelined");
    command.is_body_line = event_get_flag(event, "body_line");
    item->as.command = command;
    event_tell(effect, CHANGE_ITEM_ADDED, index);
    const json_t *mechanism = json_object_get(event, "mechanism");
    return !mechanism
           || begin_exchange(session, index, event_wire_value(mechanism, LIMIT_LINE, &session->arena).bytes);
}

bool event_read_gap(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    enum side side = event_get_side(event, "side");
    size_t index;
    struct item *item = side == SIDE_NONE ? NULL : event_item(open, event, ITEM_GAP, &index);

    if (!item)
        return false;
    item->as.gap = (struct gap){ .side = side,
                                 .length = event_get_u64(event, "length", INT64_MAX),
                                 .is_snapped = event_get_flag(event, "snapped"),
                                 .in_content = event_get_flag(event, "in_content") };
    event_tell(effect, CHANGE_ITEM_ADDED, index);
    return true;
}

/* An endpoint of a prelude may have no address that could be read. */
static struct endpoint said_endpoint(const json_t *event, const char *key)
{
    const json_t *part = json_object_get(event, key);
    struct endpoint end = { .port = (uint16_t)event_get_u64(part, "port", UINT16_MAX) };

    (void)!event_get_endpoint(event, key, &end);
    return end;
}

bool event_read_prelude(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    enum prelude_kind kind = event_get_prelude_kind(event, "kind");
    size_t index;
    struct item *item = kind == PRELUDE_NONE ? NULL : event_item(open, event, ITEM_PRELUDE, &index);

    if (!item)
        return false;
    struct wire_value text =
        event_wire_value(json_object_get(event, "text"), LIMIT_PRELUDE, &open->session->arena);
    item->as.prelude = (struct prelude){ .kind = kind,
                                         .text = text.bytes,
                                         .source = said_endpoint(event, "source"),
                                         .target = said_endpoint(event, "target") };
    event_tell(effect, CHANGE_ITEM_ADDED, index);
    return true;
}

bool event_read_tls(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    size_t index;
    struct item *item = event_item(open, event, ITEM_TLS, &index);

    if (!item)
        return false;
    item->as.tls = (struct tls_start){ .from = event_get_side(event, "side"),
                                       .plain_length = event_get_u64(event, "plain", INT64_MAX) };
    open->session->is_tls = !open->session->log; /* of which what was said inside is told */
    event_tell(effect, CHANGE_ITEM_ADDED, index);
    return true;
}

bool event_read_junk(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    size_t index;
    struct item *item = event_item(open, event, ITEM_JUNK, &index);

    if (!item)
        return false;
    item->as.junk_length = event_get_u64(event, "length", INT64_MAX);
    event_tell(effect, CHANGE_ITEM_ADDED, index);
    return true;
}
