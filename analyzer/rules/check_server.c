/* Findings about the server: 503 where it has no place, misorder that it let pass, and its goodbyes. */
#include "rules/check.h"

#include "replay/sequence_text.h"

/* 503 for a policy, as servers word it. */
static const char *const policy_phrases[] = {
    "authenticat",
    "AUTH first",
    "must login",
    "not logged in",
    "TLS",
    "SSL",
    "encrypt",
    "denied",
    "relay",
    "reject",
    "policy",
    "blocked",
    "blacklist",
    "not permitted",
    "not authorized",
    "not authorised",
    "not allowed to",
    "spam",
    "too many",
    "non-null sender",
    "option",
    "parameter",
    "mailbox",
    "not enabled",
    "pop before",
    "check mail first",
    "account",
    NULL,
};

static const char *const error_count_phrases[] = {
    "too many errors",
    "too many bad commands",
    "too many unrecognized",
    "too many unknown",
    "too many invalid",
    "too many syntax",
    "too many nonmail",
    "too many unauthenticated",
    "too many protocol errors",
    "too many authentication errors",
    "too many consecutive",
    "too many failed",
    NULL,
};

/* Every QUIT asks: one search tells of nearly all that they say none of it. */
static bool tells_of_too_many_errors(const struct reply *reply)
{
    return reply_says(reply, BYTES("too many")) && check_says_any(reply, error_count_phrases);
}

static bool is_policy(const struct reply *reply)
{
    if (reply->enhanced.class == 5 && reply->enhanced.subject == 7)
        return true; /* RFC 3463 3.8: security or policy */
    return check_says_any(reply, policy_phrases);
}

static bool is_always_legal(enum verb verb)
{
    return verb == VERB_RSET || verb == VERB_NOOP || verb == VERB_HELP || verb == VERB_VRFY
           || verb == VERB_QUIT;
}

/* 503 to a command in order: exactly one of four findings. */
static void check_contradiction(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);
    enum verb verb = item->as.command.verb;
    bool in_bdat = judgement->phase == PHASE_BDAT || judgement->phase == PHASE_BDAT_FAILED;

    if (item->reply->code != 503 || verb == VERB_UNKNOWN || item->as.command.is_body_line)
        return;
    if (is_policy(item->reply)) {
        struct finding *finding = check_raise(analysis, RULE_POLICY_AS_503, index);
        if (finding)
            finding->confidence = CONFIDENCE_LIKELY;
    } else if (check_is_greeting_verb(verb) && judgement->greeting_command && !in_bdat) {
        (void)check_raise(analysis, RULE_SECOND_EHLO_REFUSED, index);
    } else if (is_always_legal(verb)) {
        (void)check_raise(analysis, RULE_ALWAYS_LEGAL_REFUSED, index);
    } else {
        struct finding *finding = check_raise(analysis, RULE_UNEXPECTED_503, index);
        if (finding && in_bdat) { /* RFC 3030 2 names RSET alone as the way out */
            finding->fault = FAULT_UNDECIDED;
            finding->confidence = CONFIDENCE_POSSIBLE;
        }
    }
}

/* Misorders for which an RFC names the code: RFC 5321 4.1.4, RFC 3030 2, RFC 4954 4. */
static bool has_named_code(enum misorder misorder)
{
    switch (misorder) {
    case MISORDER_NO_GREETING:
    case MISORDER_NESTED_MAIL:
    case MISORDER_RCPT_WITHOUT_MAIL:
    case MISORDER_DATA_WITHOUT_MAIL:
    case MISORDER_DATA_WITHOUT_RCPT:
    case MISORDER_BDAT_WITHOUT_MAIL:
    case MISORDER_BDAT_WITHOUT_RCPT:
    case MISORDER_BDAT_DATA_MIX:
    case MISORDER_BDAT_AFTER_LAST:
    case MISORDER_BDAT_INTERRUPTED:
    case MISORDER_BINARYMIME_DATA:
    case MISORDER_AUTH_AFTER_AUTH:
    case MISORDER_AUTH_IN_TRANSACTION:
    case MISORDER_COMMAND_AFTER_REFUSAL:
        return true;
    case MISORDER_NONE:
    case MISORDER_BDAT_AFTER_ERROR:
    case MISORDER_RSET_REQUIRED:
    case MISORDER_AUTH_BEFORE_EHLO:
    case MISORDER_ESMTP_AFTER_HELO:
    case MISORDER_STARTTLS_TWICE:
    case MISORDER_STARTTLS_IN_TRANSACTION:
    case MISORDER_STARTTLS_AFTER_AUTH:
    case MISORDER_STARTTLS_NO_NEW_EHLO:
    case MISORDER_ETRN_IN_TRANSACTION:
    case MISORDER_XCLIENT_IN_TRANSACTION:
    case MISORDER_COMMAND_AFTER_QUIT:
    case MISORDER_LMTP_GREETING_MISMATCH:
    case MISORDER_NOT_OFFERED:
    case MISORDER_AUTH_NOT_OFFERED:
    case MISORDER_AUTH_MECHANISM_NOT_OFFERED:
    case MISORDER_STARTTLS_NOT_OFFERED:
    case MISORDER_BDAT_NOT_OFFERED:
    case MISORDER_COUNT:
        return false;
    }
    return false;
}

static void check_code(struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);
    const struct item *item = &analysis->session->items[index];
    uint16_t code = item->reply->code;
    bool is_data = judgement->misorder == MISORDER_DATA_WITHOUT_RCPT
                   || judgement->misorder == MISORDER_BDAT_WITHOUT_RCPT
                   || judgement->misorder == MISORDER_DATA_WITHOUT_MAIL
                   || judgement->misorder == MISORDER_BDAT_WITHOUT_MAIL;

    if (analysis->replay.has_gaps || !has_named_code(judgement->misorder) || code == 503 || code == 421
        || code == 530 || code == 501)
        return; /* a server may look at the argument, at its limits or at its policy first */
    if (item->as.command.argument.len == 0 && item->as.command.verb != VERB_DATA && code == 500)
        return; /* "RCPT" alone is a syntax error as well */
    if (judgement->misorder == MISORDER_NO_GREETING && item->as.command.verb != VERB_MAIL)
        return; /* RFC 5321 4.1.4 speaks of mail transactions */
    bool may_lack = judgement->not_offered != MISORDER_NONE || !judgement->has_offer;
    if (may_lack && extension_of_verb(item->as.command.verb) != EXTENSION_NONE
        && (code == 500 || code == 502))
        return; /* it does not know the verb */
    if (code == 554 && is_data && analysis->session->protocol != PROTOCOL_LMTP)
        return; /* RFC 5321 3.3; RFC 2033 4.2 knows 503 alone */
    if (code == 554 && judgement->misorder == MISORDER_COMMAND_AFTER_REFUSAL)
        return;
    struct finding *finding = check_raise(analysis, RULE_WRONG_CODE, index);
    check_detail(analysis, finding, "The code was %u in place of 503.", (unsigned)code);
}

/* The nested MAIL shows that a DATA or BDAT refused before had left its transaction open. */
static void check_retained(struct analysis *analysis, size_t index)
{
    while (index-- > 0) {
        const struct item *item = &analysis->session->items[index];
        if (item->kind != ITEM_COMMAND || item->as.command.is_body_line || item->as.command.verb == VERB_NOOP)
            continue;
        bool is_content = item->as.command.verb == VERB_DATA || item->as.command.verb == VERB_BDAT;
        if (is_content && item->reply && item->reply->code >= 400)
            (void)check_raise(analysis, RULE_MESSAGE_RETAINED, index);
        return;
    }
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    switch (judgement->verdict) {
    case VERDICT_CONTRADICTED:
        if (judgement->is_phase_known && judgement->phase != PHASE_REFUSED)
            check_contradiction(analysis, index);
        break;
    case VERDICT_TOLERATED:
        (void)check_raise(analysis, RULE_MISORDER_ACCEPTED, index);
        break;
    case VERDICT_MISORDERED:
        check_code(analysis, index);
        break;
    case VERDICT_CONSEQUENCE:
        if (judgement->misorder == MISORDER_NESTED_MAIL && analysis->session->items[index].reply->code == 503)
            check_retained(analysis, index);
        break;
    case VERDICT_NONE:
    case VERDICT_OK:
    case VERDICT_REFUSED:
    case VERDICT_UNANSWERED:
    case VERDICT_UNDECIDED:
    case VERDICT_COUNT:
        break;
    }
}

static void check_goodbye(struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct item *item = &analysis->session->items[index];
    bool is_farewell = item->kind == ITEM_COMMAND && item->as.command.verb == VERB_QUIT;

    if (item->kind == ITEM_COMMAND ? check_judgement(analysis, index)->is_lost : analysis->replay.has_gaps)
        return; /* what it answers is not known */
    if (item->kind == ITEM_GREETING || reply->code < 200 || (reply->code < 400 && reply->code != 221))
        return;
    if (reply->code == 421 && !is_farewell
        && !(item->kind == ITEM_REPLY && analysis->replay.last_phase == PHASE_CLOSED))
        (void)check_raise(analysis, RULE_SERVER_421, index);
    if ((reply->code == 421 || reply->code >= 500 || reply->code == 221 || reply->code == 455)
        && tells_of_too_many_errors(reply))
        (void)check_raise(analysis, RULE_TOO_MANY_ERRORS, index);
}

static void check_greeting(struct analysis *analysis)
{
    const struct replay *replay = &analysis->replay;

    if (!replay->greeting || replay->greeting->code < 400 || analysis->session->is_midstream
        || analysis->session->side[SIDE_SERVER].missing_bytes)
        return;
    struct finding *finding = check_raise_session(analysis, RULE_SERVICE_REFUSED, replay->greeting_at);
    if (!finding)
        return;
    finding->reply_code = replay->greeting->code;
    if (replay->greeting->code == 421)
        finding->fault = FAULT_SERVER;
}

const struct check check_server = { .command = check_command,
                                    .reply = check_goodbye,
                                    .session = check_greeting };
