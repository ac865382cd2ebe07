/* Findings about the server: 503 where it has no place, misorder that it let pass, and its goodbyes. */
#include "rules/check.h"
#include "rules/ending.h"

#include "base/timestamp.h"
#include "replay/farewell.h"
#include "replay/sequence_text.h"
#include "rules/refusal.h"

enum { IDLE_SECONDS = 299 }; /* RFC 5321 4.5.3.2.7: five minutes, as the server's clock rounds them */

/* What the 503 is about if it is about no order: what the code says (RFC 3463 3.8), or a text that speaks of
 * something else than order.  NONE: it is about order. */
static enum refusal_reason policy_of(const struct reply *reply)
{
    bool is_policy_code = reply->enhanced.class == 5 && reply->enhanced.subject == 7;
    struct refusal refusal = refusal_classify(reply, REFUSAL_NONE, reason_bit(REASON_SYSTEM));
    bool is_demand = refusal.reason == REASON_LOGIN || refusal.reason == REASON_TLS;

    if (is_policy_code)
        return refusal.reason != REASON_NONE ? refusal.reason : REASON_POLICY;
    if (refusal.is_by_code || (!is_demand && sequence_text_of(reply) != SEQUENCE_NONE))
        return REASON_NONE;
    return refusal.reason;
}

/* What the text says about the state in which the server takes the session to be, against its own replies. */
static const char *lost_state(const struct reply *reply, const struct judgement *judgement)
{
    bool has_rcpt = judgement->phase == PHASE_RCPT || judgement->phase == PHASE_BDAT;
    bool has_mail = has_rcpt || judgement->phase == PHASE_MAIL;

    switch (sequence_text_of(reply)) {
    case SEQUENCE_NEED_HELLO:
        return judgement->greeting_command ? "The text asks for EHLO, which the server had accepted: it has "
                                             "lost its state, or a proxy answered "
                                             "the EHLO in its place."
                                           : NULL;
    case SEQUENCE_NEED_MAIL:
        return has_mail ? "The text says that no message is open, but MAIL was accepted: a filter or a proxy "
                          "may have reset it."
                        : NULL;
    case SEQUENCE_NEED_RCPT:
        return has_rcpt ? "The text says that there is no recipient, but one was accepted: a filter may have "
                          "taken it back."
                        : NULL;
    case SEQUENCE_NESTED:
        return has_mail ? NULL
                        : "The text says that a message is open, but by the replies none is: the server has "
                          "not ended the "
                          "one before.";
    case SEQUENCE_NONE:
    case SEQUENCE_GENERIC:
    case SEQUENCE_TEXT_COUNT:
        return NULL;
    }
    return NULL;
}

static void raise_policy(struct analysis *analysis, size_t index, enum refusal_reason policy)
{
    struct finding *finding = check_raise(analysis, RULE_POLICY_AS_503, index);

    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    finding->reason = (uint16_t)policy;
    check_detail(analysis, finding, "It is about this: %s.", reason_of(policy)->words);
}

static void raise_unexpected(struct analysis *analysis, size_t index, bool in_bdat)
{
    const struct reply *reply = analysis->session->items[index].reply;
    const char *lost = lost_state(reply, check_judgement(analysis, index));
    struct finding *finding = check_raise(analysis, RULE_UNEXPECTED_503, index);

    if (!finding)
        return;
    const struct item *before = index > 0 ? &analysis->session->items[index - 1] : NULL;
    if (before && before->kind == ITEM_REPLY && item_is_farewell(before, before->reply)) {
        finding->fault = FAULT_CLIENT;
        check_detail(
            analysis, finding,
            "The server had taken leave before: what is said behind a 421 belongs on a new connection.");
    } else if (in_bdat) { /* RFC 3030 2 names RSET alone as the way out */
        finding->fault = FAULT_UNDECIDED;
        finding->confidence = CONFIDENCE_POSSIBLE;
    } else if (lost) {
        check_detail(analysis, finding, "%s", lost);
    }
}

static bool depends_on_greeting(enum phase phase)
{
    return phase == PHASE_MAIL || phase == PHASE_RCPT || phase == PHASE_BDAT;
}

static bool is_always_legal(enum verb verb)
{
    return verb == VERB_RSET || verb == VERB_NOOP || verb == VERB_HELP || verb == VERB_VRFY
           || verb == VERB_QUIT;
}

/* A server that asks for the RSET that it was sent has read something else: a line of the chunk that it had
 * refused (Exim). */
static bool asks_for_itself(const struct item *item, bool in_bdat)
{
    return in_bdat && item->as.command.verb == VERB_RSET && reply_says(item->reply, BYTES("RSET"));
}

/* 503 to a command in order: at most one of four findings. */
static void check_contradiction(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);
    enum verb verb = item->as.command.verb;
    bool in_bdat = judgement->phase == PHASE_BDAT || judgement->phase == PHASE_BDAT_FAILED;

    if (item->reply->code != 503 || verb == VERB_UNKNOWN || item->as.command.is_body_line)
        return;
    if (verb == VERB_STARTTLS && judgement->is_authenticated)
        return; /* starttls-after-auth says it */
    if (analysis->replay.has_gaps && verb_is_hello(verb) && !judgement->greeting_command)
        return; /* whether it is a second one, what is missing would tell */
    if (asks_for_itself(item, in_bdat))
        return;
    enum refusal_reason policy = policy_of(item->reply);
    if (policy != REASON_NONE)
        raise_policy(analysis, index, policy);
    else if (verb_is_hello(verb) && judgement->greeting_command && !in_bdat)
        (void)check_raise(analysis, RULE_SECOND_EHLO_REFUSED, index);
    else if (is_always_legal(verb))
        (void)check_raise(analysis, RULE_ALWAYS_LEGAL_REFUSED, index);
    else if (judgement->greeting_command || !depends_on_greeting(judgement->phase))
        /* else it let MAIL pass without EHLO, and asks for it now: no-greeting says it */
        raise_unexpected(analysis, index, in_bdat);
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
    bool has_argument =
        item->as.command.argument.len > 0 || item->as.command.is_secret || item->as.command.is_redacted;
    if (!has_argument && item->as.command.verb != VERB_DATA && code == 500)
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

/* Behind a nested MAIL that was let pass, a message taken without a new recipient went to those of the one
 * before. */
static bool shows_kept_recipients(const struct analysis *analysis, size_t index)
{
    const struct session *session = analysis->session;

    while (++index < session->item_count) {
        const struct item *item = &session->items[index];
        enum verb verb = item->as.command.verb;
        if (item->kind == ITEM_GAP || analysis->replay.has_gaps)
            return false;
        if (item->kind != ITEM_COMMAND || verb == VERB_NOOP)
            continue;
        return (verb == VERB_DATA || verb == VERB_BDAT) && item->reply && item->reply->code < 400;
    }
    return false;
}

static void raise_accepted(struct analysis *analysis, size_t index)
{
    struct finding *finding = check_raise(analysis, RULE_MISORDER_ACCEPTED, index);

    if (check_judgement(analysis, index)->misorder == MISORDER_NESTED_MAIL
        && shows_kept_recipients(analysis, index))
        check_detail(analysis, finding,
                     "It kept the recipients of the message before: the next one was taken without any of "
                     "its own, and went to them.");
    else
        check_detail(analysis, finding, "This server let it pass; another one may not.");
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct judgement *judgement = check_judgement(analysis, index);

    switch (judgement->verdict) {
    case VERDICT_CONTRADICTED:
        if (judgement->is_phase_known
            && (judgement->phase != PHASE_REFUSED
                || analysis->session->items[index].as.command.verb == VERB_QUIT)) /* RFC 5321 3.1 */
            check_contradiction(analysis, index);
        break;
    case VERDICT_TOLERATED:
        raise_accepted(analysis, index);
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

/* Nobody said anything for so long before the server took leave, unasked: it was the client's turn. */
static uint64_t idle_seconds(const struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct item *item = &analysis->session->items[index];

    if (item->kind == ITEM_REPLY && index > 0)
        item--;
    if (!item->reply || item->reply == reply || item->reply->at.time_ns > reply->at.time_ns)
        return 0; /* it answers something */
    return (reply->at.time_ns - item->reply->at.time_ns) / NS_PER_SECOND;
}

/* The content that had no end when the server took leave: before that, or behind the BDAT that it answered.
 */
static const struct item *unended_content(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index], *last = &session->items[session->item_count - 1];

    if (item->kind == ITEM_REPLY && index > 0)
        item--;
    else if (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_BDAT && item < last)
        item++;
    return item->kind == ITEM_CONTENT && !item->as.content.is_complete
                   && item->as.content.message < session->message_count
               ? item
               : NULL;
}

/* For so long nothing more of it had come. */
static uint64_t unended_message_seconds(const struct analysis *analysis, size_t index,
                                        const struct reply *reply)
{
    const struct session *session = analysis->session;
    const struct item *item = unended_content(session, index);

    if (!item || ending_is_blurred(analysis))
        return 0;
    return ending_seconds(session->messages[item->as.content.message].last.time_ns, reply->at.time_ns);
}

/* Why it closes, as far as the reply or what went before it tells. */
static void raise_421(struct analysis *analysis, size_t index, const struct reply *reply)
{
    uint64_t closed_ns = analysis->session->side[SIDE_CLIENT].fin_ns;
    uint64_t reasons = refusal_signs_of(reply).reasons;
    struct finding *finding = check_raise(analysis, RULE_SERVER_421, index);

    if (!finding)
        return;
    if (closed_ns && reply->at.time_ns >= closed_ns) {
        finding->severity = SEVERITY_INFO;
        finding->fault = FAULT_CLIENT;
        check_detail(analysis, finding,
                     "The client had closed its side of the connection before, without QUIT: the server only "
                     "says that it saw it.");
    } else if (reasons & reason_bit(REASON_ERROR_LIMIT)) {
        finding->fault = FAULT_CLIENT;
        check_detail(analysis, finding, "It has had enough of the client's errors.");
    } else if (unended_message_seconds(analysis, index, reply) >= IDLE_SECONDS) {
        finding->fault = FAULT_CLIENT;
        check_detail(analysis, finding, "The message had no end: for %llu seconds nothing more of it came.",
                     (unsigned long long)unended_message_seconds(analysis, index, reply));
    } else if (ending_unended(analysis) && idle_seconds(analysis, index, reply) > 0) {
        finding->fault = FAULT_CLIENT;
        finding->severity = SEVERITY_INFO;
        check_detail(analysis, finding, "The client had begun a line, and not ended it.");
    } else if (idle_seconds(analysis, index, reply) >= IDLE_SECONDS) {
        finding->fault = FAULT_CLIENT;
        check_detail(analysis, finding,
                     "The client had left the connection idle for %llu seconds, and it was its turn.",
                     (unsigned long long)idle_seconds(analysis, index, reply));
    } else if (reasons & reason_bit(REASON_SYSTEM)) {
        finding->fault = FAULT_SERVER;
    }
}

/* Said to a client that had said QUIT already, and had not waited for this. */
static bool is_behind_quit(const struct analysis *analysis, const struct item *item)
{
    const struct item *last = replay_command(&analysis->replay, analysis->session->command_count);

    return item->kind == ITEM_REPLY && analysis->replay.last_phase == PHASE_CLOSED
           && !(last && item_saw(last, item->reply));
}

static void check_goodbye(struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct item *item = &analysis->session->items[index];
    bool is_goodbye = item->kind == ITEM_COMMAND && item->as.command.verb == VERB_QUIT;

    if (item->kind == ITEM_COMMAND ? check_judgement(analysis, index)->is_lost : analysis->replay.has_gaps)
        return; /* what it answers is not known */
    if (item->kind == ITEM_GREETING || reply->code < 200 || (reply->code < 400 && reply->code != 221))
        return;
    if (item_is_farewell(item, reply) && !is_goodbye && !is_behind_quit(analysis, item))
        raise_421(analysis, index, reply);
    if ((reply->code == 421 || reply->code >= 500 || reply->code == 221 || reply->code == 455)
        && reply_says(reply, BYTES("too many"))
        && (refusal_signs_of(reply).reasons & reason_bit(REASON_ERROR_LIMIT)))
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
    const struct item *first = session_command(analysis->session, 1);
    if (first && first->at.time_ns < replay->greeting_at.time_ns) {
        finding->fault = FAULT_UNDECIDED;
        check_detail(analysis, finding, "The client had spoken before it: some servers refuse for that.");
    }
}

const struct check check_server = { .command = check_command,
                                    .reply = check_goodbye,
                                    .session = check_greeting };
