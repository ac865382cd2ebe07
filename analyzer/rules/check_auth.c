/* Findings about authentication: how an exchange ended and what the code says of it, behind everything that
 * the messages themselves tell; and credentials on the open wire. */
#include "rules/auth_case.h"
#include "rules/auth_outcomes.h"
#include "rules/ending.h"

static const char *const tls_phrases[] = { "TLS", "SSL", "encrypt", "secure connection", NULL };

/* RFC 4954 6 and the dialects of servers: 538, and others with a text that speaks of TLS.  530 to AUTH itself
 * can ask for nothing else. */
static bool wants_tls(const struct auth_case *auth)
{
    const struct reply *reply = auth->result.reply;

    if (auth->judgement->is_tls || reply->code < 500)
        return false;
    if (reply->enhanced.subject == 7 && (reply->enhanced.detail == 10 || reply->enhanced.detail == 11))
        return true; /* RFC 5248 2.4: encryption is needed */
    return reply->code == 538 || reply->code == 523 || reply->code == 524
           || (reply->code == 530 && auth->judgement->offered & extension_bit(EXTENSION_STARTTLS))
           || check_says_any(reply, tls_phrases);
}

/* 503 to AUTH in its place is policy-as-503 or unexpected-503, which say more. */
static bool is_told_as_503(const struct auth_case *auth)
{
    const struct reply *reply = auth->analysis->session->items[auth->index].reply;

    return auth->judgement->verdict == VERDICT_CONTRADICTED && reply && reply->code == 503;
}

/* What stays open because the log leaves out the rest, 535 decides (RFC 4954 6): it is said of credentials
 * only. */
static bool is_refused_in_log(const struct auth_case *auth)
{
    const struct log_facts *log = auth->analysis->session->log;

    return log && log->is_partial && auth->judgement->verdict == VERDICT_UNDECIDED && auth->result.reply
           && auth->result.reply->code == 535;
}

static bool is_login_refused(const struct auth_case *auth)
{
    enum verdict verdict = auth->judgement->verdict;

    if (verdict == VERDICT_UNDECIDED)
        return is_refused_in_log(auth);
    return verdict == VERDICT_REFUSED || verdict == VERDICT_CONTRADICTED || verdict == VERDICT_TOLERATED;
}

static void raise_refusal(const struct auth_case *auth)
{
    const struct reply *reply = auth->result.reply;

    if (!is_login_refused(auth))
        return;
    if (wants_tls(auth)) {
        check_detail(auth->analysis, auth_raise(auth, RULE_AUTH_TLS_REQUIRED, NULL),
                     "%u says nothing of user name and password: the server did not look at them.",
                     (unsigned)reply->code);
        return;
    }
    if (is_told_as_503(auth))
        return;
    struct finding *finding = auth_raise(auth, RULE_AUTH_FAILED, NULL);
    const struct auth_outcome *outcome = auth_outcome_of(reply);
    if (finding && outcome)
        finding->fault = outcome->fault;
    else if (finding && reply->code < 500)
        finding->fault = FAULT_SERVER;
    const char *says = auth_says_of(auth, outcome);
    if (says)
        check_detail(auth->analysis, finding, "%s", says);
    else if (reply->code < 500)
        check_detail(auth->analysis, finding, "The refusal is temporary: the password may well be right.");
}

static void raise_cancelled(const struct auth_case *auth)
{
    struct finding *finding = auth_raise(auth, RULE_AUTH_CANCELLED, NULL);
    bool is_ntlm = auth_is_mechanism(auth, "NTLM") || auth_is_mechanism(auth, "GSS-SPNEGO");
    size_t challenges = 0;

    for (size_t i = 0; i < auth->exchange->step_count; i++)
        challenges += auth->exchange->steps[i].from == SIDE_SERVER;
    check_detail(auth->analysis, finding, "It gave up after %zu challenge%s.%s", challenges,
                 challenges == 1 ? "" : "s",
                 is_ntlm ? " Clients do so to fall back from NTLM to another mechanism." : "");
}

/* The client had said all, and closed without waiting for what the server makes of it; or the end is missing.
 */
static bool is_answer_open(const struct auth_case *auth)
{
    const struct session *session = auth->analysis->session;
    const struct sasl_exchange *exchange = auth->exchange;
    bool is_servers_turn =
        exchange->step_count && exchange->steps[exchange->step_count - 1].from == SIDE_CLIENT;
    bool has_server_closed = session->side[SIDE_SERVER].fin_ns || session->side[SIDE_SERVER].reset_ns;

    return ending_lacks_last(session)
           || (is_servers_turn && !has_server_closed && session->closed == CLOSE_FIN);
}

static void raise_abandoned(const struct auth_case *auth)
{
    static const enum fault faults[] = { [SIDE_CLIENT] = FAULT_CLIENT, [SIDE_SERVER] = FAULT_SERVER };
    const struct reply *asked = auth->exchange->last_reply;
    enum side side = auth->analysis->session->closed_by;
    struct finding *finding = auth_raise(auth, RULE_AUTH_ABANDONED, NULL);

    if (!finding || side == SIDE_NONE)
        return;
    finding->fault = faults[side];
    if (ending_unended(auth->analysis)) {
        finding->fault = FAULT_CLIENT;
        check_detail(
            auth->analysis, finding,
            "The last line of the client has no CR LF behind it: the server waited for the rest of it.");
        return;
    }
    uint64_t waited =
        asked && asked->code == 334 ? ending_waited_seconds(auth->analysis, asked->at.time_ns) : 0;
    if (side == SIDE_SERVER && waited >= WAITED_SECONDS) {
        finding->fault = FAULT_CLIENT;
        check_detail(auth->analysis, finding,
                     "The client had not answered for %llu seconds, and the server closed the connection.",
                     (unsigned long long)waited);
        return;
    }
    check_detail(auth->analysis, finding, "The %s closed the connection.", side_name(side));
}

static void check_outcome(const struct auth_case *auth, bool is_explained)
{
    switch (auth->result.outcome) {
    case SASL_FAILURE:
        if (!is_explained)
            raise_refusal(auth);
        break;
    case SASL_CANCELLED:
        raise_cancelled(auth);
        break;
    case SASL_ABANDONED:
        if (!is_explained && !auth->analysis->replay.has_gaps && !is_answer_open(auth))
            raise_abandoned(auth);
        break;
    case SASL_OUTCOME_NONE:
    case SASL_SUCCESS:
    case SASL_UNDECIDED:
    case SASL_OUTCOME_COUNT:
        break;
    }
}

/* A response that is no base64, where the 334 before it is missing, may be a command that nobody knows. */
static bool is_response(const struct auth_case *auth, size_t at)
{
    const struct sasl_step *step = &auth->exchange->steps[at];
    bool is_asked_for = auth->exchange->steps[0].from == SIDE_SERVER;

    return !auth->analysis->replay.has_gaps || is_asked_for || step->problem == BASE64_FINE;
}

static void check_cleartext(const struct auth_case *auth)
{
    const struct sasl_exchange *exchange = auth->exchange;

    if (!auth->mechanism || !auth->mechanism->sends_plain_secret || auth->judgement->is_tls)
        return;
    for (size_t i = 0; i < exchange->step_count; i++)
        if (exchange->steps[i].from == SIDE_CLIENT
            && (exchange->steps[i].is_secret || exchange->steps[i].is_hidden) && is_response(auth, i)) {
            (void)check_raise(auth->analysis, RULE_CLEARTEXT_CREDENTIAL, auth->index);
            return;
        }
}

static bool hides_message(const struct auth_case *auth)
{
    for (size_t i = 0; i < auth->exchange->step_count; i++)
        if (auth->exchange->steps[i].is_hidden)
            return true;
    return false;
}

/* Nothing is missing from the AUTH command to the end of its exchange. */
static bool is_whole(const struct auth_case *auth)
{
    const struct session *session = auth->analysis->session;

    if (session->one_sided != SIDE_NONE || !auth->judgement->is_phase_known || auth->judgement->is_lost
        || session->items[auth->index].is_after_gap)
        return false;
    for (size_t i = auth->index + 1; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_GAP || (item->kind == ITEM_SASL && item->is_after_gap))
            return false;
        if (item->kind == ITEM_COMMAND)
            break;
    }
    return true;
}

/* Where the code says that it is not about what was sent, no slip in it is the reason. */
static bool is_about_credential(const struct auth_case *auth)
{
    if (!auth->is_refused)
        return true;
    const struct auth_outcome *outcome = auth_outcome_of(auth->result.reply);
    bool is_others = outcome && outcome->fault != FAULT_CLIENT && outcome->fault != FAULT_UNDECIDED;
    return !is_others && auth->result.reply->code != 504 && !wants_tls(auth);
}

static bool check_messages(const struct auth_case *auth)
{
    static auth_subject *const subjects[] = {
        auth_check_encoding, auth_check_plain, auth_check_login, auth_check_messages, auth_check_token,
    };
    bool is_reason = auth_check_password(auth) && auth->is_refused;

    is_reason = auth_check_exchange(auth) || is_reason;
    if (auth_check_wrapped(auth))
        return true; /* the pieces have no shape of their own */
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        is_reason = subjects[i](auth) || is_reason;
    return is_reason;
}

static struct auth_case case_of(struct analysis *analysis, const struct sasl_exchange *exchange)
{
    const struct session *session = analysis->session;
    struct auth_case auth = { .analysis = analysis,
                              .exchange = exchange,
                              .mechanism = sasl_mechanism_find(exchange->mechanism),
                              .judgement = check_judgement(analysis, exchange->command_item),
                              .command = &session->items[exchange->command_item].as.command,
                              .result = sasl_result_of(session, exchange),
                              .index = exchange->command_item,
                              .count = sasl_decoded_count(exchange),
                              .has_initial = sasl_has_initial(session, exchange) };

    auth.is_refused = auth.result.reply && auth.result.reply->code >= 400;
    return auth;
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        if (exchange->command_item >= session->item_count
            || session->items[exchange->command_item].kind != ITEM_COMMAND)
            continue;
        struct auth_case auth = case_of(analysis, exchange);
        bool is_seen = is_whole(&auth); /* otherwise the narrower reason may be among what is missing */
        bool is_explained =
            is_seen && !hides_message(&auth) && check_messages(&auth) && is_about_credential(&auth);
        if (is_seen || is_refused_in_log(&auth))
            check_outcome(&auth, is_explained);
        check_cleartext(&auth);
    }
}

const struct check check_auth = { .session = check_session };
