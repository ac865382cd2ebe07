/* Findings about refusals that are no matter of order: what the server asks for, or that it will not. */
#include "rules/check.h"

static const char *const auth_phrases[] = {
    "authentication required",
    "authentication is required",
    "authentication needed",
    "authorization required",
    "authenticate first",
    "must authenticate",
    "must be authenticated",
    "not authenticated",
    "not logged in",
    "AUTH command first",
    "AUTH first",
    "please authenticate",
    "without authentication",
    "requires authentication",
    NULL,
};

static const char *const tls_phrases[] = {
    "STARTTLS",     "TLS required",        "TLS is required",   "requires TLS",      "TLS encryption",
    "must use TLS", "encryption required", "encryption needed", "secure connection", NULL,
};

static bool wants_tls(const struct reply *reply, const struct judgement *judgement)
{
    return !judgement->is_tls && check_says_any(reply, tls_phrases);
}

static bool wants_authentication(const struct reply *reply, const struct judgement *judgement)
{
    return !judgement->is_authenticated && (reply->code == 530 || check_says_any(reply, auth_phrases));
}

/* The verbs whose refusal means that mail does not flow. */
static bool carries_mail(enum verb verb)
{
    return verb == VERB_MAIL || verb == VERB_RCPT || verb == VERB_DATA || verb == VERB_BDAT;
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);
    enum verb verb = item->as.command.verb;
    bool is_refused = judgement->verdict == VERDICT_REFUSED || judgement->verdict == VERDICT_MISORDERED
                      || (judgement->verdict == VERDICT_CONTRADICTED && item->reply->code != 503);
    enum rule_id rule = RULE_COMMAND_REFUSED;

    if (!is_refused || verb == VERB_AUTH || verb == VERB_UNKNOWN || item->as.command.is_body_line
        || item->reply->code < 400)
        return;
    if (wants_tls(item->reply, judgement) && verb != VERB_STARTTLS)
        rule = RULE_TLS_REQUIRED;
    else if (wants_authentication(item->reply, judgement))
        rule = RULE_AUTH_REQUIRED;
    else if (!judgement->is_certain || judgement->verdict == VERDICT_MISORDERED || !carries_mail(verb)
             || item->reply->code == 421)
        return;
    else if (verb == VERB_BDAT && bytes_find_nocase(item->as.command.argument, BYTES("LAST")) != SIZE_MAX)
        rule = RULE_MESSAGE_REFUSED;
    struct finding *finding = check_raise(analysis, rule, index);
    if (!finding)
        return;
    finding->cause_command = judgement->cause;
    if (rule == RULE_AUTH_REQUIRED && judgement->cause)
        check_detail(analysis, finding, "The authentication tried before (command %u) had failed.",
                     (unsigned)judgement->cause);
    if (rule == RULE_COMMAND_REFUSED || rule == RULE_MESSAGE_REFUSED)
        check_detail(analysis, finding, "%s was refused %s with %u.", verb_name(verb),
                     item->reply->code < 500 ? "for now" : "for good", (unsigned)item->reply->code);
}

static void raise_message_refused(struct analysis *analysis, size_t index, uint16_t code)
{
    struct finding *finding = check_raise(analysis, RULE_MESSAGE_REFUSED, index);

    if (!finding)
        return;
    finding->reply_code = code;
    check_detail(analysis, finding, "The message was refused %s with %u.",
                 code < 500 ? "for now" : "for good", (unsigned)code);
}

/* The reply to the end of data; that to BDAT LAST is told with its command. */
static void check_content(struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct item *item = &analysis->session->items[index];

    if (item->kind != ITEM_CONTENT || reply->code < 400
        || item->as.content.message >= analysis->session->message_count
        || analysis->session->messages[item->as.content.message].is_bdat)
        return;
    const struct transaction *transaction =
        replay_transaction_of(&analysis->replay, item->as.content.message);
    if (!transaction || transaction->accepted_count == 0)
        return; /* all recipients were refused, or none is known: no wonder */
    raise_message_refused(analysis, index, reply->code);
}

const struct check check_refusal = { .command = check_command, .reply = check_content };
