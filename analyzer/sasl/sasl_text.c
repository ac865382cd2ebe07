/* What a SASL message said, field by field, for people. */
#include "sasl/sasl_text.h"

#include "base/timestamp.h"

enum { VALUE_MOST = 120 };

static bool is_moment(const struct moment *a, const struct moment *b)
{
    return a->time_ns == b->time_ns && a->packet.number == b->packet.number;
}

/* In the exchange that the item belongs to; steps beyond the decoded ones hold nothing to show. */
static const struct sasl_step *step_at(const struct session *session, size_t index, enum side from,
                                       const struct moment *at)
{
    const struct sasl_exchange *exchange = sasl_exchange_at(session, index);
    size_t count = exchange ? sasl_decoded_count(exchange) : 0;

    for (size_t i = 0; i < count; i++)
        if (exchange->steps[i].from == from && is_moment(&exchange->steps[i].at, at))
            return &exchange->steps[i];
    return NULL;
}

const struct sasl_step *sasl_response_at(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index];
    const struct sasl_step *step = step_at(session, index, SIDE_CLIENT, &item->at);

    if (item->kind != ITEM_SASL)
        return step;
    return step && step->length == item->as.sasl->length ? step : item->as.sasl;
}

const struct sasl_step *sasl_challenge_at(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index];

    if (!item->reply || item->reply->code != 334)
        return NULL;
    return step_at(session, index, SIDE_SERVER, &item->reply->at);
}

static void put_value(struct bytes value, struct buf *out)
{
    size_t keep = value.len <= VALUE_MOST ? value.len : VALUE_MOST - 3;

    while (keep > 0 && keep < value.len && (value.ptr[keep] & 0xc0) == 0x80) /* not inside a character */
        keep--;
    buf_append(out, bytes_slice(value, 0, keep));
    if (keep < value.len)
        buf_append_text(out, "...");
}

/* Times of a token stand in it as seconds since 1970. */
static void put_token_time(const struct sasl_field *field, struct buf *out)
{
    uint64_t seconds;
    bool is_time =
        strcmp(field->name, "exp") == 0 || strcmp(field->name, "nbf") == 0 || strcmp(field->name, "iat") == 0;

    if (!is_time || !bytes_to_u64(field->value, &seconds) || seconds > UINT32_MAX)
        return;
    buf_append_text(out, " (");
    char text[TIMESTAMP_TEXT];
    size_t len = timestamp_format_seconds(seconds * NS_PER_SECOND, text);
    buf_append(out, (struct bytes){ (const uint8_t *)text, len });
    buf_append_u8(out, ')');
}

static void put_field(const struct sasl_field *field, bool shows_secrets, struct buf *out)
{
    buf_append_text(out, field->name);
    buf_append_text(out, ": ");
    if (field->is_redacted || (field->is_secret && !shows_secrets)) {
        buf_append_u8(out, '(');
        buf_append_u64(out, field->length);
        buf_append_text(out, " octets withheld)");
    } else {
        put_value(field->value, out);
        put_token_time(field, out);
    }
}

void sasl_step_text(const struct sasl_step *step, bool shows_secrets, struct buf *out)
{
    for (uint32_t i = 0; i < step->field_count; i++) {
        buf_append_text(out, i ? ", " : "");
        put_field(&step->fields[i], shows_secrets, out);
    }
    if (step->malformed) {
        buf_append_text(out, step->field_count ? "; malformed: " : "malformed: ");
        buf_append_text(out, step->malformed);
    }
}
