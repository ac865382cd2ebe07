/* What an exchange came to, and for whom. */
#include "sasl/sasl_rows.h"

static bool is_cancel(const struct sasl_step *step)
{
    return step->from == SIDE_CLIENT && bytes_equal(step->text, BYTES("*"));
}

/* Whether bytes are missing between the AUTH command and the next one. */
static bool is_lossy(const struct session *session, const struct sasl_exchange *exchange)
{
    for (size_t i = exchange->command_item + (size_t)1; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_GAP || item->is_after_gap)
            return true;
        if (item->kind == ITEM_COMMAND)
            break;
    }
    return session->one_sided != SIDE_NONE;
}

static enum sasl_outcome outcome_of(const struct session *session, const struct sasl_exchange *exchange)
{
    const struct reply *reply = exchange->last_reply;
    bool is_open = !reply || reply->code == 334;
    bool may_go_on = is_lossy(session, exchange) || session->closed == CLOSE_END_OF_CAPTURE
                     || session->closed == CLOSE_NONE;

    if (!is_open && reply->code / 100 == 2)
        return SASL_SUCCESS;
    for (size_t i = exchange->step_count; i-- > 0;) {
        if (is_cancel(&exchange->steps[i]))
            return is_open && may_go_on ? SASL_UNDECIDED : SASL_CANCELLED;
        if (exchange->steps[i].from == SIDE_CLIENT)
            break; /* after a "*" that the server took for an answer, the client went on */
    }
    if (!is_open)
        return SASL_FAILURE;
    return may_go_on ? SASL_UNDECIDED : SASL_ABANDONED;
}

/* The first field of one of these names that holds anything. */
static const struct sasl_field *first_field(const struct sasl_exchange *exchange, const char *name)
{
    size_t count = exchange->step_count < SASL_STEPS_DECODED ? exchange->step_count : SASL_STEPS_DECODED;

    for (size_t i = 0; i < count; i++) {
        const struct sasl_field *field = sasl_step_field(&exchange->steps[i], name);
        if (field && field->length > 0)
            return field;
    }
    return NULL;
}

/* What the client chose: qop of DIGEST-MD5, the layer of GSSAPI. */
static enum sasl_layer layer_of(const struct sasl_step *step)
{
    static const struct {
        const char *field, *value;
        enum sasl_layer layer;
    } rows[] = {
        { "qop", "auth-int", SASL_LAYER_INTEGRITY },
        { "qop", "auth-conf", SASL_LAYER_CONFIDENTIALITY },
        { "layer", "integrity", SASL_LAYER_INTEGRITY },
        { "layer", "confidentiality", SASL_LAYER_CONFIDENTIALITY },
        { "wrapped", "encrypted", SASL_LAYER_UNKNOWN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sasl_field *field = sasl_step_field(step, rows[i].field);
        if (field && bytes_equal_nocase(field->value, bytes_of(rows[i].value)))
            return rows[i].layer;
    }
    return SASL_LAYER_NONE;
}

static enum sasl_layer agreed_layer(const struct sasl_exchange *exchange)
{
    enum sasl_layer layer = SASL_LAYER_NONE;

    for (size_t i = 0; i < exchange->step_count && i < SASL_STEPS_DECODED; i++)
        if (exchange->steps[i].from == SIDE_CLIENT && layer_of(&exchange->steps[i]))
            layer = layer_of(&exchange->steps[i]);
    return layer;
}

const struct sasl_field *sasl_identity_field(const struct sasl_exchange *exchange)
{
    const struct sasl_field *name = first_field(exchange, "username");

    if (!name)
        name = first_field(exchange, "authcid");
    return name ? name : first_field(exchange, "authzid"); /* "user NUL NUL password", as some send it */
}

struct sasl_result sasl_result_of(const struct session *session, const struct sasl_exchange *exchange)
{
    struct sasl_result result = { .outcome = outcome_of(session, exchange) };
    const struct sasl_field *name = sasl_identity_field(exchange);
    const struct sasl_field *authzid = first_field(exchange, "authzid");

    if (result.outcome == SASL_SUCCESS)
        result.layer = agreed_layer(exchange);
    if (exchange->last_reply && exchange->last_reply->code != 334)
        result.reply = exchange->last_reply;
    if (authzid && !authzid->is_secret && !authzid->is_redacted)
        result.authorization_identity = authzid->value;
    if (!name)
        return result;
    result.is_identity_secret = name->is_secret || name->is_redacted;
    result.identity_length = name->length;
    if (!result.is_identity_secret)
        result.identity = name->value;
    return result;
}
