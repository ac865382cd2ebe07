/* SASL exchanges as events.  The steps are written when the exchange is over, because only its outcome tells
 * whether what was sent as a user name is a password in the wrong place.  This file decides what a masked
 * recording withholds of them. */
#include "transcript/event_write.h"

/* Exchanges stand in the order of their AUTH commands. */
static const struct sasl_exchange *exchange_at(const struct session *session, size_t index)
{
    size_t low = 0, high = session->exchange_count;

    if (high > 0 && session->exchanges[high - 1].command_item <= index)
        return &session->exchanges[high - 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (session->exchanges[middle].command_item <= index)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &session->exchanges[low - 1] : NULL;
}

const struct sasl_exchange *event_exchange_begun_at(const struct session *session, size_t index)
{
    const struct sasl_exchange *exchange = exchange_at(session, index);

    return exchange && exchange->command_item == index ? exchange : NULL;
}

/* Its own, or, where another AUTH was sent before the reply came, the newest. */
const struct sasl_exchange *event_exchange_of_reply(const struct session *session, size_t index,
                                                    const struct reply *reply)
{
    const struct sasl_exchange *own = exchange_at(session, index);
    const struct sasl_exchange *newest =
        session->exchange_count ? &session->exchanges[session->exchange_count - 1] : NULL;

    if (own && own->last_reply == reply)
        return own;
    return newest && newest->last_reply == reply ? newest : NULL;
}

bool event_write_response(const struct session *session, size_t index, struct buf *out)
{
    struct event event = event_begin_item(out, "sasl", session, index);

    event_put_text(&event, "from", side_name(SIDE_CLIENT));
    event_put_u64(&event, "length", session->items[index].as.sasl->length);
    return event_end(&event);
}

/* What nobody has looked at may be anything, unless it is empty or one of the two signs of RFC 4954 4. */
static bool is_unjudged(const struct sasl_step *step)
{
    return !step->is_decoded && step->from == SIDE_CLIENT && step->text.len > 0
           && !bytes_equal(step->text, BYTES("*")) && !bytes_equal(step->text, BYTES("="));
}

bool event_hides_step(const struct sasl_step *step, enum secrets_policy secrets)
{
    return step->is_redacted || (secrets != SECRETS_KEEP && (step->is_secret || is_unjudged(step)));
}

static void add_field(struct event *event, const struct sasl_field *field, enum secrets_policy secrets)
{
    struct event part = event_open_element(event);

    event_put_text(&part, "name", field->name);
    if (field->is_redacted || (secrets != SECRETS_KEEP && field->is_secret))
        event_put_redacted(&part, "value", field->length);
    else
        event_put_bytes(&part, "value", field->value);
    if (field->length != field->value.len)
        event_put_u64(&part, "length", field->length);
    event_put_flag(&part, "secret", field->is_secret);
    event_close(event, &part);
}

static void put_fields(struct event *event, const struct sasl_step *step, enum secrets_policy secrets)
{
    if (step->field_count == 0)
        return;
    event_begin_array(event, "fields");
    for (uint32_t i = 0; i < step->field_count; i++)
        add_field(event, &step->fields[i], secrets);
    event_end_array(event);
}

static void put_slips(struct event *event, uint32_t slips)
{
    if (!slips)
        return;
    event_begin_array(event, "slips");
    for (unsigned slip = 1; slip < SASL_SLIP_COUNT; slip++)
        if (slips & 1u << slip)
            event_add_bytes(event, bytes_of(sasl_slip_name((enum sasl_slip)slip)));
    event_end_array(event);
}

/* The facts of a decoded step: its shape, whatever may be shown of it. */
static void put_facts(struct event *event, const struct sasl_step *step, enum secrets_policy secrets)
{
    bool is_hidden = event_hides_step(step, secrets);

    if (is_hidden)
        event_put_redacted(event, "decoded", step->decoded_length);
    else
        event_put_bytes(event, "decoded", step->decoded);
    if (!is_hidden && step->decoded_length != step->decoded.len)
        event_put_u64(event, "decoded_length", step->decoded_length);
    if (step->problem != BASE64_FINE) {
        event_put_text(event, "problem", base64_problem_name(step->problem));
        event_put_u64(event, "problem_at", step->problem_at);
    }
    event_put_count(event, "nuls", step->nul_count);
    event_put_flag(event, "utf8", step->is_utf8);
    event_put_flag(event, "newline", step->has_trailing_newline);
    put_slips(event, step->slips);
    put_fields(event, step, secrets);
    if (step->malformed)
        event_put_text(event, "malformed", step->malformed);
    event_put_count(event, "secret_ordinal", step->secret_ordinal);
}

static bool write_step(const struct session *session, const struct sasl_exchange *exchange, size_t index,
                       size_t response, enum secrets_policy secrets, struct buf *out)
{
    const struct sasl_step *step = &exchange->steps[index];
    struct event event = event_begin(out, "sasl", session->id, step->at.time_ns);

    event_put_packet(&event, step->at.packet);
    event_put_u64(&event, "auth", (uint64_t)exchange->command_item + 1);
    event_put_u64(&event, "step", (uint64_t)index + 1);
    event_put_text(&event, "from", side_name(step->from));
    event_put_count(&event, "response", response);
    if (event_hides_step(step, secrets))
        event_put_redacted(&event, "text", step->length);
    else
        event_put_bytes(&event, "text", step->text);
    if (!event_hides_step(step, secrets) && step->length != step->text.len)
        event_put_u64(&event, "length", step->length);
    event_put_flag(&event, "secret", step->is_secret);
    event_put_flag(&event, "hidden", step->is_hidden);
    if (step->is_decoded)
        put_facts(&event, step, secrets);
    return event_end(&event);
}

/* The item of the next response of the exchange, counted from 1; 0 if there is none. */
static size_t next_response(const struct session *session, size_t *at)
{
    while (++*at < session->item_count) {
        const struct item *item = &session->items[*at];
        if (item->kind == ITEM_SASL)
            return *at + 1;
        if (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_AUTH)
            break;
    }
    *at = session->item_count;
    return 0;
}

static bool is_same_moment(const struct moment *a, const struct moment *b)
{
    return a->time_ns == b->time_ns && a->packet.number == b->packet.number;
}

bool event_write_exchange(const struct session *session, const struct sasl_exchange *exchange,
                          enum secrets_policy secrets, struct buf *out)
{
    size_t at = exchange->command_item;
    bool had_prompt = false;

    for (size_t i = 0; i < exchange->step_count; i++) {
        const struct sasl_step *step = &exchange->steps[i];
        size_t response = 0;
        had_prompt = had_prompt || step->from == SIDE_SERVER;
        if (step->from == SIDE_CLIENT && (i > 0 || had_prompt)) /* the first one came with AUTH itself */
            response = next_response(session, &at);
        if (response && !is_same_moment(&session->items[response - 1].at, &step->at))
            response = 0;
        if (!write_step(session, exchange, i, response, secrets, out))
            return false;
    }
    return true;
}
