/* Findings about the outcome of authentication, and about credentials on the open wire. */
#include "rules/check.h"

static const char *const tls_phrases[] = { "TLS", "SSL", "encrypt", "secure connection", NULL };

/* RFC 4954 6 and the dialects of servers: 538, and others with a text that speaks of TLS. */
static bool wants_tls(const struct reply *reply, const struct judgement *judgement)
{
    if (judgement->is_tls || reply->code < 500)
        return false;
    return reply->code == 538 || reply->code == 523 || reply->code == 524
           || check_says_any(reply, tls_phrases);
}

/* The outcome is the point only where the command itself was in order. */
static void check_outcome(struct analysis *analysis, const struct sasl_exchange *exchange)
{
    const struct session *session = analysis->session;
    const struct judgement *judgement = check_judgement(analysis, exchange->command_item);
    struct sasl_result result = sasl_result_of(session, exchange);
    enum rule_id rule = RULE_NONE;

    switch (result.outcome) {
    case SASL_FAILURE:
        if (judgement->verdict == VERDICT_REFUSED || judgement->verdict == VERDICT_CONTRADICTED
            || judgement->verdict == VERDICT_TOLERATED)
            rule = result.reply && wants_tls(result.reply, judgement) ? RULE_AUTH_TLS_REQUIRED
                                                                      : RULE_AUTH_FAILED;
        break;
    case SASL_CANCELLED:
        rule = RULE_AUTH_CANCELLED;
        break;
    case SASL_ABANDONED:
        rule = analysis->replay.has_gaps ? RULE_NONE : RULE_AUTH_ABANDONED;
        break;
    case SASL_OUTCOME_NONE:
    case SASL_SUCCESS:
    case SASL_UNDECIDED:
    case SASL_OUTCOME_COUNT:
        break;
    }
    struct finding *finding = rule == RULE_NONE ? NULL : check_raise(analysis, rule, exchange->command_item);
    if (!finding || !result.reply)
        return;
    finding->reply_code = result.reply->code;
    if (result.reply->code / 100u == 4) { /* RFC 4954 6: the server could not check */
        finding->fault = FAULT_SERVER;
        check_detail(analysis, finding, "The refusal is temporary: the password may well be right.");
    }
}

static void check_cleartext(struct analysis *analysis, const struct sasl_exchange *exchange)
{
    const struct sasl_mechanism *mechanism = sasl_mechanism_find(exchange->mechanism);

    if (!mechanism || !mechanism->sends_plain_secret
        || check_judgement(analysis, exchange->command_item)->is_tls)
        return;
    for (size_t i = 0; i < exchange->step_count; i++)
        if (exchange->steps[i].from == SIDE_CLIENT && exchange->steps[i].is_secret) {
            (void)check_raise(analysis, RULE_CLEARTEXT_CREDENTIAL, exchange->command_item);
            return;
        }
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        if (exchange->command_item >= session->item_count
            || session->items[exchange->command_item].kind != ITEM_COMMAND)
            continue;
        if (check_judgement(analysis, exchange->command_item)->is_phase_known)
            check_outcome(analysis, exchange);
        check_cleartext(analysis, exchange);
    }
}

const struct check check_auth = { .session = check_session };
