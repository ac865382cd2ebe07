/* SASL responses and the steps of exchanges, from their events. */
#include "base/limits.h"
#include "transcript/event_model.h"

/* That there was a response; what it said comes with its exchange, when that is over. */
static bool read_response(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    size_t index;
    struct item *item = event_item(open, event, ITEM_SASL, &index);

    if (!item)
        return false;
    if (item->as.sasl->at.time_ns == 0 && item->as.sasl->length == 0)
        *item->as.sasl = (struct sasl_step){ .from = SIDE_CLIENT,
                                             .at = item->at,
                                             .length = event_get_u64(event, "length", INT64_MAX),
                                             .is_decoded = true,
                                             .is_secret = true,
                                             .is_redacted = true };
    event_tell(effect, CHANGE_ITEM_ADDED, index);
    return true;
}

static bool take_field(struct sasl_field *field, const json_t *part, struct arena *arena)
{
    const char *name = event_name_copy(json_object_get(part, "name"), arena);
    struct wire_value value = event_wire_value(json_object_get(part, "value"), LIMIT_SASL_TOKEN, arena);
    uint64_t length = event_get_u64(part, "length", INT64_MAX);

    if (!name || !value.is_there)
        return false;
    *field = (struct sasl_field){ .name = name,
                                  .value = value.bytes,
                                  .length = length ? length : value.length,
                                  .is_secret = event_get_flag(part, "secret"),
                                  .is_redacted = value.is_redacted };
    return true;
}

static void take_fields(struct sasl_step *step, const json_t *parts, struct arena *arena)
{
    size_t count = json_array_size(parts);

    if (count == 0)
        return;
    if (count > LIMIT_SASL_FIELDS)
        count = LIMIT_SASL_FIELDS;
    step->fields = ARENA_ARRAY(arena, struct sasl_field, count);
    for (size_t i = 0; step->fields && i < count; i++)
        if (take_field(&step->fields[step->field_count], json_array_get(parts, i), arena))
            step->field_count++;
}

/* Names that are not known come from a later version: they tell nothing here. */
static uint32_t take_slips(const json_t *names)
{
    uint32_t slips = 0;
    size_t at;
    const json_t *name;

    json_array_foreach(names, at, name)
    {
        const char *text = json_string_value(name);
        for (unsigned slip = 1; text && slip < SASL_SLIP_COUNT; slip++)
            if (strcmp(text, sasl_slip_name((enum sasl_slip)slip)) == 0)
                slips |= 1u << slip;
    }
    return slips;
}

/* The facts of a step that was decoded before it was written. */
static void take_facts(struct sasl_step *step, const json_t *event, const struct wire_value *decoded,
                       struct arena *arena)
{
    uint64_t length = event_get_u64(event, "decoded_length", INT64_MAX);

    step->is_decoded = true;
    step->decoded = decoded->bytes;
    step->decoded_length = length ? length : decoded->length;
    step->problem = event_get_problem(event, "problem");
    step->problem_at = event_get_u64(event, "problem_at", INT64_MAX);
    step->nul_count = event_get_u32(event, "nuls");
    step->is_utf8 = event_get_flag(event, "utf8");
    step->has_trailing_newline = event_get_flag(event, "newline");
    step->slips = take_slips(json_object_get(event, "slips"));
    step->malformed = event_name_copy(json_object_get(event, "malformed"), arena);
    step->secret_ordinal = event_get_u32(event, "secret_ordinal");
    take_fields(step, json_object_get(event, "fields"), arena);
}

static struct sasl_step step_of(const json_t *event, enum side from, struct arena *arena)
{
    struct wire_value text = event_wire_value(json_object_get(event, "text"), LIMIT_SASL_TOKEN, arena);
    struct wire_value decoded = event_wire_value(json_object_get(event, "decoded"), LIMIT_SASL_TOKEN, arena);
    uint64_t length = event_get_u64(event, "length", INT64_MAX);
    struct sasl_step step = {
        .from = from,
        .at = { event_get_time(event, "time"), event_get_packet(event) },
        .text = text.bytes,
        .length = length ? length : text.length,
        .is_secret = event_get_flag(event, "secret"),
        .is_redacted = text.is_redacted,
        .is_hidden = event_get_flag(event, "hidden"),
        .is_decoded = text.is_redacted
                      && !event_get_flag(event, "hidden"), /* what is withheld cannot be decoded any more */
    };

    if (decoded.is_there)
        take_facts(&step, event, &decoded, arena);
    return step;
}

static bool read_step(struct open_session *open, const json_t *event)
{
    struct session *session = open->session;
    struct sasl_exchange *exchange = event_exchange_of(session, event_get_index(event, "auth", UINT32_MAX));
    uint32_t index = event_get_index(event, "step", UINT32_MAX);
    uint32_t response = event_get_index(event, "response", UINT32_MAX);
    enum side from = event_get_side(event, "from");

    if (!exchange || index > exchange->step_count || from == SIDE_NONE)
        return false;
    struct sasl_step step = step_of(event, from, &session->arena);
    if (index == exchange->step_count && !session_add_step(session, exchange))
        return false;
    exchange->steps[index] = step;
    if (response < session->item_count && session->items[response].kind == ITEM_SASL)
        *session->items[response].as.sasl = step;
    return true;
}

bool event_read_sasl(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    if (json_object_get(event, "step"))
        return read_step(open, event);
    return read_response(open, event, effect);
}
