/* What an exchange came to, and for whom. */
#include "sasl/sasl_rows.h"

static bool is_cancel(const struct sasl_step *step)
{
    return step->from == SIDE_CLIENT && bytes_equal(step->text, BYTES("*"));
}

static bool is_lossy(const struct session *session)
{
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].kind == ITEM_GAP && !session->items[i].as.gap.in_content)
            return true;
    return session->one_sided != SIDE_NONE || session->is_midstream;
}

static enum sasl_outcome outcome_of(const struct session *session, const struct sasl_exchange *exchange)
{
    const struct reply *reply = exchange->last_reply;
    bool is_open = !reply || reply->code == 334;

    if (!is_open && reply->code / 100 == 2)
        return SASL_SUCCESS;
    for (size_t i = 0; i < exchange->step_count; i++)
        if (is_cancel(&exchange->steps[i]))
            return SASL_CANCELLED;
    if (!is_open)
        return SASL_FAILURE;
    if (is_lossy(session) || session->closed == CLOSE_END_OF_CAPTURE || session->closed == CLOSE_NONE)
        return SASL_UNDECIDED;
    return SASL_ABANDONED;
}

/* A user name that was given where the password was due, or the other way round, must not be shown.  Where a
 * login failed and its parts look shifted, it is withheld. */
static bool looks_shifted(const struct sasl_exchange *exchange, enum sasl_outcome outcome)
{
    unsigned names = 0, passwords = 0, answers = 0;

    if (outcome == SASL_SUCCESS)
        return false;
    for (size_t i = 0; i < exchange->step_count; i++) {
        const struct sasl_step *step = &exchange->steps[i];
        if (step->from != SIDE_CLIENT)
            continue;
        answers++;
        names += sasl_step_field(step, "username") != NULL;
        passwords += sasl_step_field(step, "password") != NULL;
        if (step->problem != BASE64_FINE && !is_cancel(step))
            return true;
    }
    return bytes_equal_nocase(exchange->mechanism, BYTES("LOGIN")) && (names > 1 || passwords > 1);
}

struct sasl_result sasl_result_of(const struct session *session, const struct sasl_exchange *exchange)
{
    struct sasl_result result = { .outcome = outcome_of(session, exchange) };

    if (exchange->last_reply && exchange->last_reply->code != 334)
        result.reply = exchange->last_reply;
    for (size_t i = 0; i < exchange->step_count; i++) {
        const struct sasl_step *step = &exchange->steps[i];
        const struct sasl_field *name = sasl_step_field(step, "username");
        const struct sasl_field *authzid = sasl_step_field(step, "authzid");
        if (!name)
            name = sasl_step_field(step, "authcid");
        if (authzid && !authzid->is_secret)
            result.authorization_identity = authzid->value;
        if (name && name->value.len == 0 && authzid && authzid->value.len > 0)
            name = authzid; /* "user NUL NUL password", as some clients send it */
        if (name && !name->is_secret && !name->is_redacted && result.identity.len == 0)
            result.identity = name->value;
    }
    result.is_identity_secret = looks_shifted(exchange, result.outcome);
    if (result.is_identity_secret)
        result.identity = (struct bytes){ NULL, 0 };
    return result;
}
