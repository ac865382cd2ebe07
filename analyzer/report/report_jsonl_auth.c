/* The exchanges of a session's line. */
#include "report/json_parts.h"
#include "report/report_jsonl_parts.h"

/* A mechanism may name a field twice: the last counts. */
static json_t *json_of_fields(const struct sasl_step *step, const struct report_options *options)
{
    json_t *object = json_object();

    for (uint32_t i = 0; i < step->field_count; i++) {
        const struct sasl_field *field = &step->fields[i];
        bool hidden = field->is_redacted || (field->is_secret && !options->shows_secrets);
        json_put(object, field->name, hidden ? json_of_redacted(field->length) : json_of_bytes(field->value));
    }
    return object;
}

static void write_step(const struct sasl_step *step, const struct report_options *options, struct buf *out)
{
    json_write_begin(NULL, '{', out);
    json_write_text("from", side_name(step->from), out);
    jsonl_write_packet(step->at.packet, options, out);
    if (step->is_redacted || (step->is_secret && !options->shows_secrets)) {
        jsonl_write_redacted("base64", step->length, out);
        jsonl_write_redacted("decoded", step->decoded_length, out);
    } else {
        json_write_bytes("base64", step->text, out);
        json_write_bytes("decoded", step->decoded, out);
    }
    json_write_value("fields", json_of_fields(step, options), out);
    if (step->problem != BASE64_FINE)
        json_write_text("problem", base64_problem_name(step->problem), out);
    if (step->malformed)
        json_write_text("malformed", step->malformed, out);
    json_write_end('}', out);
}

static void write_exchange(const struct session *session, const struct sasl_exchange *exchange,
                           const struct report_options *options, struct buf *out)
{
    struct sasl_result result = sasl_result_of(session, exchange);

    json_write_begin(NULL, '{', out);
    json_write_number("command", session->items[exchange->command_item].as.command.n, out);
    json_write_bytes("mechanism", exchange->mechanism, out);
    if (result.is_identity_secret)
        jsonl_write_redacted("identity", 0, out);
    else
        json_write_bytes_or_null("identity", result.identity, out);
    json_write_bytes_or_null("authorization_identity", result.authorization_identity, out);
    json_write_begin("steps", '[', out);
    for (size_t k = 0; k < exchange->step_count; k++)
        write_step(&exchange->steps[k], options, out);
    json_write_end(']', out);
    if (result.layer != SASL_LAYER_NONE)
        json_write_text("security_layer", sasl_layer_name(result.layer), out);
    json_write_text("outcome", sasl_outcome_name(result.outcome), out);
    jsonl_write_reply("reply", result.reply ? result.reply : exchange->last_reply, NULL, out);
    json_write_end('}', out);
}

void jsonl_write_auth(const struct session *session, const struct report_options *options, struct buf *out)
{
    json_write_begin("auth", '[', out);
    for (size_t i = 0; i < session->exchange_count; i++)
        write_exchange(session, &session->exchanges[i], options, out);
    json_write_end(']', out);
}
