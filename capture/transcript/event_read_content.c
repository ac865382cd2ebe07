/* Contents and messages, from their events. */
#include "base/limits.h"
#include "transcript/event_model.h"

enum { VARIANT_KIND_MOST = 13 };

static uint32_t commands_of(const json_t *names)
{
    uint32_t verbs = 0;

    for (size_t i = 0; i < json_array_size(names) && i < VERB_COUNT; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        verbs |= UINT32_C(1) << verb_parse(bytes_of(name));
    }
    return verbs & ~(UINT32_C(1) << VERB_UNKNOWN);
}

static void take_variants(struct message *message, const json_t *parts, struct arena *arena)
{
    size_t count = json_array_size(parts);

    if (count == 0)
        return;
    if (count > LIMIT_EOD_VARIANTS)
        count = LIMIT_EOD_VARIANTS;
    message->variants = ARENA_ARRAY(arena, struct eod_variant, count);
    for (size_t i = 0; message->variants && i < count; i++) {
        const json_t *part = json_array_get(parts, i);
        uint8_t kind = (uint8_t)event_get_u64(part, "kind", VARIANT_KIND_MOST);
        if (kind)
            message->variants[message->variant_count++] =
                (struct eod_variant){ .kind = kind,
                                      .offset = event_get_u64(part, "offset", INT64_MAX),
                                      .verb_behind = event_get_verb(part, "verb"),
                                      .verbs_behind = commands_of(json_object_get(part, "commands")) };
    }
}

static uint64_t count_of(const json_t *facts, const char *key)
{
    return event_get_u64(facts, key, INT64_MAX);
}

static struct message message_of(const json_t *facts, struct arena *arena)
{
    static const struct moment never = { 0 };
    struct message message = {
        .is_bdat = event_get_flag(facts, "bdat"),
        .is_complete = event_get_flag(facts, "complete"),
        .first_item = event_get_index(facts, "first_item", UINT32_MAX),
        .last_item = event_get_index(facts, "last_item", UINT32_MAX),
        .size = count_of(facts, "size"),
        .head_hash = count_of(facts, "head_hash"),
        .wire_size = count_of(facts, "wire_size"),
        .missing_bytes = count_of(facts, "missing_bytes"),
        .bare_cr_count = count_of(facts, "bare_cr"),
        .bare_lf_count = count_of(facts, "bare_lf"),
        .first_bare_lf = count_of(facts, "first_bare_lf"),
        .nul_count = count_of(facts, "nuls"),
        .longest_line = count_of(facts, "longest_line"),
        .dot_lines = count_of(facts, "dot_lines"),
        .unstuffed_dots = count_of(facts, "unstuffed_dots"),
        .ends_in_dot = event_get_flag(facts, "ends_in_dot"),
        .has_8bit = event_get_flag(facts, "8bit"),
        .ended_by_variant = event_get_flag(facts, "ended_by_variant"),
        .variants_dropped = event_get_u32(facts, "variants_dropped"),
        .first = event_get_moment(facts, "first", never),
        .last = event_get_moment(facts, "last", never),
        .kept = event_wire_value(json_object_get(facts, "kept"), LIMIT_EVENT_LINE, arena).bytes,
    };

    message.has_digest = event_get_sha256(facts, "sha256", message.sha256);
    take_variants(&message, json_object_get(facts, "variants"), arena);
    return message;
}

/* Room for that message, and what is said of it. */
static bool take_message(struct session *session, uint32_t index, const json_t *facts)
{
    if (index == UINT32_MAX
        || (index > session->message_count && index - session->message_count > LIMIT_EVENT_AHEAD))
        return false;
    while (session->message_count <= index) {
        struct message *message = session_add_message(session);
        if (!message)
            return false;
        message->first_item = message->last_item = UINT32_MAX;
    }
    if (json_is_object(facts))
        session->messages[index] = message_of(facts, &session->arena);
    return true;
}

bool event_read_content(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    uint32_t message = event_get_index(event, "message", UINT32_MAX);
    size_t index;

    if (!take_message(open->session, message, json_object_get(event, "facts")))
        return false;
    if (!json_object_get(event, "item"))
        return true;
    struct item *item = event_item(open, event, ITEM_CONTENT, &index);
    if (!item)
        return false;
    item->as.content = (struct content){ .message = message,
                                         .command_item = event_get_index(event, "command_item", UINT32_MAX),
                                         .size = count_of(event, "size"),
                                         .is_last = event_get_flag(event, "last"),
                                         .is_complete = event_get_flag(event, "complete"),
                                         .swallowed = event_get_verb(event, "swallowed") };
    event_tell(effect, CHANGE_CONTENT_ENDED, index);
    return true;
}
