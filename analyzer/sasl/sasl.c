/* The table of mechanisms, and the decoding of one step of an exchange. */
#include "sasl/sasl.h"

#include "base/escape.h"
#include "base/limits.h"
#include "sasl/sasl_rows.h"

static const struct sasl_mechanism *const rows[] = {
    &sasl_mechanism_login,
    &sasl_mechanism_plain,
    &sasl_mechanism_cram_md5,
    NULL,
};

const struct sasl_mechanism *const *sasl_mechanisms(void)
{
    return rows;
}

const struct sasl_mechanism *sasl_mechanism_find(struct bytes name)
{
    for (size_t i = 0; rows[i]; i++)
        if (bytes_equal_nocase(name, bytes_of(rows[i]->name)))
            return rows[i];
    return NULL;
}

const char *sasl_outcome_name(enum sasl_outcome outcome)
{
    static const char *const names[SASL_OUTCOME_COUNT] = { "undecided", "success",   "failure",
                                                           "cancelled", "abandoned", "undecided" };

    return (unsigned)outcome < SASL_OUTCOME_COUNT ? names[outcome] : "undecided";
}

static void note_shape(struct sasl_step *step, struct bytes decoded)
{
    step->decoded_length = decoded.len;
    step->nul_count = 0;
    for (size_t i = 0; i < decoded.len; i++)
        step->nul_count += decoded.ptr[i] == 0;
    step->is_utf8 = escape_is_utf8(decoded);
    step->has_trailing_newline =
        decoded.len > 0 && (decoded.ptr[decoded.len - 1] == '\n' || decoded.ptr[decoded.len - 1] == '\r');
}

/* Base64 off; "=" is the empty initial response (RFC 4954 4).  What does not decode strictly is taken
 * loosely, so that it can be said what was meant. */
static void take_base64_off(struct sasl_step *step, struct buf *out)
{
    size_t at = 0;

    if (bytes_equal(step->text, BYTES("=")) && step->from == SIDE_CLIENT)
        return;
    step->problem = base64_decode(step->text, out, &at);
    step->problem_at = at;
    if (step->problem != BASE64_FINE) {
        buf_clear(out);
        if (!base64_decode_loose(step->text, out))
            buf_clear(out);
    }
}

static bool decode_by(const struct sasl_mechanism *mechanism, const struct sasl_context *context,
                      struct sasl_step *step, struct arena *arena, struct bytes decoded)
{
    struct sasl_fields fields = { arena, step };
    struct err err = { 0 };

    step->decoded = arena_copy(arena, decoded);
    if (!mechanism) {
        step->is_secret = context->from == SIDE_CLIENT && decoded.len > 0;
        return !arena->is_full;
    }
    if (!mechanism->decode(context, step->decoded, &fields, &err) && err.code == ERR_INPUT) {
        struct bytes why =
            arena_copy(arena, (struct bytes){ (const uint8_t *)err.text, strlen(err.text) + 1 });
        step->malformed = why.len ? (const char *)why.ptr : "malformed";
    }
    return !arena->is_full;
}

/* What the client sends that cannot be read is taken for a secret: it may well be one. */
static bool is_suspect(const struct sasl_step *step)
{
    return step->from == SIDE_CLIENT && step->length > 0 && !bytes_equal(step->text, BYTES("*"))
           && !bytes_equal(step->text, BYTES("=")) && (step->problem != BASE64_FINE || step->malformed);
}

static bool decode_step(struct session *session, const struct sasl_mechanism *mechanism,
                        const struct sasl_context *context, struct sasl_step *step,
                        struct secret_ordinals *ordinals)
{
    struct buf decoded;

    step->is_decoded = true;
    if (step->from == SIDE_CLIENT && bytes_equal(step->text, BYTES("*")))
        return true;
    buf_init(&decoded, LIMIT_SASL_TOKEN);
    take_base64_off(step, &decoded);
    note_shape(step, buf_bytes(&decoded));
    bool ok = decode_by(mechanism, context, step, &session->arena, buf_bytes(&decoded));
    if (is_suspect(step)) {
        step->is_secret = true;
        for (uint32_t i = 0; i < step->field_count; i++)
            step->fields[i].is_secret = step->fields[i].is_secret || step->problem != BASE64_FINE;
    }
    if (step->is_secret)
        step->secret_ordinal = secret_ordinal(ordinals, buf_bytes(&decoded));
    explicit_bzero(decoded.ptr, decoded.len);
    buf_release(&decoded);
    return ok;
}

bool sasl_decode_exchange(struct session *session, struct sasl_exchange *exchange,
                          struct secret_ordinals *ordinals)
{
    const struct sasl_mechanism *mechanism = sasl_mechanism_find(exchange->mechanism);
    struct sasl_context context = { .exchange = exchange };
    unsigned count[2] = { 0, 0 };
    bool ok = true;

    for (size_t i = 0; i < exchange->step_count; i++) {
        struct sasl_step *step = &exchange->steps[i];
        context.from = step->from;
        context.index = count[step->from == SIDE_SERVER]++;
        if (!step->is_decoded)
            ok = decode_step(session, mechanism, &context, step, ordinals) && ok;
        context.prompt = step->from == SIDE_SERVER ? step : NULL;
    }
    struct item *item = &session->items[exchange->command_item];
    /* An initial response is a credential, whatever it holds. */
    if (item->kind == ITEM_COMMAND && exchange->step_count && exchange->steps[0].from == SIDE_CLIENT
        && item->as.command.argument.len > exchange->mechanism.len) {
        bool is_initial = bytes_find(item->as.command.argument, ' ') != SIZE_MAX;
        item->as.command.is_secret = item->as.command.is_secret || is_initial;
        if (is_initial && !bytes_equal(exchange->steps[0].text, BYTES("=")))
            exchange->steps[0].is_secret = true;
    }
    return ok;
}
