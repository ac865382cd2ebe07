/* Findings about refusals that are no matter of order: one for each, the most telling one. */
#include "rules/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "replay/farewell.h"
#include "replay/sequence_text.h"
#include "rules/refusal.h"
#include "rules/slip.h"

/* RFC 5321 4.5.3.1.8: so many recipients a server must take. */
enum { RECIPIENTS_DUE = 100, DETAIL_SIZE = 400 };

/* What was refused, for the sentences about it. */
struct subject {
    size_t index;
    const struct reply *reply;
    enum refusal_step step;
    char name[80];
};

/* What the client has done already cannot be what is missing; what is for good is no greylisting; a name that
 * is no name (501) is a matter of syntax. */
static uint64_t impossible_reasons(const struct reply *reply, const struct judgement *judgement,
                                   enum verb verb)
{
    uint64_t known = reply->code >= 500 ? reason_bit(REASON_GREYLIST) : 0;

    if (reply->code == 501)
        known |= reason_bit(REASON_CLIENT_NAME);
    if (reply->code < 500 && reply->enhanced.subject != 1)
        known |= reason_bit(REASON_RECIPIENT_DOMAIN);
    if (!judgement || judgement->is_authenticated)
        known |= reason_bit(REASON_LOGIN);
    if (!judgement || judgement->is_tls || verb == VERB_STARTTLS)
        known |= reason_bit(REASON_TLS);
    return known;
}

__attribute__((format(printf, 3, 4))) static size_t add_text(char *text, size_t len, const char *format, ...)
{
    va_list args;

    if (len >= DETAIL_SIZE)
        return len;
    va_start(args, format);
    int more = vsnprintf(text + len, DETAIL_SIZE - len, format, args);
    va_end(args);
    return more > 0 ? len + (size_t)more : len;
}

/* The name that the client said itself, not the one that DNS has for its address. */
static bool is_about_helo(const struct reply *reply)
{
    static const char *const phrases[] = {
        "helo command rejected", "fully-qualified hostname", "helo name", "helo rejected",
        "helo/ehlo name",        "helo does not match",      NULL
    };

    return check_says_any(reply, phrases);
}

/* "RCPT was refused for good with 550 5.1.1: the recipient does not exist there." and what else is known. */
static void describe(struct analysis *analysis, struct finding *finding, const struct subject *subject,
                     const struct refusal *refusal)
{
    const struct reply *reply = subject->reply;
    const struct reason *reason = reason_of(refusal->reason), *other = reason_of(refusal->other);
    bool is_general = finding->rule == RULE_COMMAND_REFUSED || finding->rule == RULE_MESSAGE_REFUSED;
    char text[DETAIL_SIZE];
    size_t len = add_text(text, 0, "%s was refused %s with %u", subject->name,
                          reply->code < 500 ? "for now" : "for good", (unsigned)reply->code);

    if (reply->enhanced.class)
        len = add_text(text, len, " %u.%u.%u", (unsigned)reply->enhanced.class,
                       (unsigned)reply->enhanced.subject, (unsigned)reply->enhanced.detail);
    len = add_text(text, len, "%s%s.", reason->words[0] ? ": " : "", reason->words);
    if (other->words[0])
        len = add_text(text, len, " %s speaks of something else: %s.",
                       refusal->is_by_code ? "The text" : "The enhanced code", other->words);
    if (refusal->reason == REASON_CLIENT_NAME && is_about_helo(reply))
        len = add_text(text, len, " It is the name in EHLO or HELO: say the full host name there.");
    if (refusal->list != BLOCK_LIST_NONE)
        len = add_text(text, len, " The text names %s.", block_list_name(refusal->list));
    uint64_t delay = finding->rule == RULE_GREYLISTED ? refusal_delay_seconds(reply) : 0;
    if (delay)
        len = add_text(text, len, " The client is asked to wait %llu seconds.", (unsigned long long)delay);
    if (is_general && reason->advice[0])
        (void)add_text(text, len, " %s", reason->advice);
    check_detail(analysis, finding, "%s", text);
}

/* n of the greeting right before this one that was refused alike; 0 none. */
static uint32_t refused_greeting(const struct analysis *analysis, const struct subject *subject)
{
    uint32_t n = analysis->session->items[subject->index].as.command.n;
    bool is_hello =
        subject->step == REFUSAL_CONNECT && analysis->session->items[subject->index].kind == ITEM_COMMAND;
    const struct item *before = is_hello ? replay_command(&analysis->replay, n - 1) : NULL;

    return before && verb_is_hello(before->as.command.verb) && before->reply
                   && before->reply->code == subject->reply->code
               ? n - 1
               : 0;
}

static void raise_refusal(struct analysis *analysis, enum rule_id rule, const struct subject *subject,
                          const struct refusal *refusal)
{
    struct finding *finding = check_raise(analysis, rule, subject->index);

    if (!finding)
        return;
    if (refusal->reason == REASON_STARTTLS || refusal->reason == REASON_SYSTEM)
        finding->fault = FAULT_SERVER;
    if (refusal->reason == REASON_CLIENT_NAME && is_about_helo(subject->reply))
        finding->fault = FAULT_CLIENT;
    finding->cause_command = refused_greeting(analysis, subject);
    finding->reply_code = subject->reply->code;
    finding->reason = (uint16_t)refusal->reason;
    if (rule == RULE_COMMAND_REFUSED && slip_is_of(refusal->reason)) {
        finding->fault = FAULT_CLIENT; /* so the server says; nothing here shows it */
        finding->confidence = CONFIDENCE_LIKELY;
    }
    if (rule != RULE_COMMAND_REFUSED && rule != RULE_MESSAGE_REFUSED
        && refusal->confidence < finding->confidence)
        finding->confidence = refusal->confidence;
    describe(analysis, finding, subject, refusal);
}

/* n of the STARTTLS before the command that the server had refused; 0 none.  One that was not offered is the
 * client's own fault. */
static uint32_t refused_starttls(const struct analysis *analysis, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        const struct item *item = replay_command(&analysis->replay, i - 1);
        if (item && item->as.command.verb == VERB_STARTTLS)
            return analysis->replay.judgements[i - 2].verdict == VERDICT_REFUSED ? i - 1 : 0;
    }
    return 0;
}

/* Asks for authentication or encryption: said also where the command is out of order. */
static void raise_demand(struct analysis *analysis, enum rule_id rule, size_t index,
                         const struct refusal *refusal)
{
    const struct judgement *judgement = check_judgement(analysis, index);
    struct finding *finding = check_raise(analysis, rule, index);

    if (!finding)
        return;
    finding->cause_command = judgement->cause;
    if (refusal->other != REASON_NONE && refusal->confidence < finding->confidence)
        finding->confidence = refusal->confidence;
    uint32_t tried = rule == RULE_TLS_REQUIRED ? refused_starttls(analysis, finding->command) : 0;
    if (tried) {
        finding->cause_command = tried;
        finding->fault = FAULT_SERVER;
        check_detail(
            analysis, finding,
            "The client had asked for it (command %u, STARTTLS), and the server had refused with %u: it "
            "demands what it does not give.",
            (unsigned)tried, (unsigned)replay_command(&analysis->replay, tried)->reply->code);
    }
    if (rule == RULE_TLS_REQUIRED && !tried && judgement->has_offer && judgement->is_phase_known
        && !(judgement->offered & extension_bit(EXTENSION_STARTTLS))) {
        finding->fault = FAULT_SERVER;
        finding->confidence = CONFIDENCE_LIKELY;
        check_detail(
            analysis, finding,
            "The last EHLO reply does not list STARTTLS: the client cannot do what is asked. The server "
            "is set up so, or something on the path took it out.");
    }
    if (rule == RULE_AUTH_REQUIRED && judgement->cause)
        check_detail(analysis, finding, "The authentication tried before (command %u) had failed.",
                     (unsigned)judgement->cause);
}

/* The last of as many recipients as are due was accepted before this command. */
static bool has_its_due(const struct analysis *analysis, size_t index)
{
    uint32_t n = analysis->session->items[index].as.command.n;
    uint32_t number = analysis->replay.judgements[n - 1].transaction;
    const struct transaction *transaction = number ? &analysis->replay.transactions[number - 1] : NULL;

    if (!transaction || transaction->accepted_count < RECIPIENTS_DUE)
        return false;
    const struct recipient *last = &transaction->recipients[RECIPIENTS_DUE - 1];
    return last->is_accepted && last->command < n;
}

/* How likely it is that the port is one of submission: none takes mail from other servers but 25. */
static enum confidence submission_confidence(const struct analysis *analysis)
{
    uint16_t port = analysis->session->server.port;

    if (port == 587 || port == 465)
        return CONFIDENCE_LIKELY;
    return port == 25 ? CONFIDENCE_NONE : CONFIDENCE_POSSIBLE;
}

/* What code and text do not tell alone, but do in their place.
 * RFC 5321 4.5.3.1.10: a bare 452 behind as many recipients as a server must take means that they are too
 * many. RFC 5321 4.2.3 has one text for a mailbox that is not there and for one that is not accessible; the
 * first is met more often. On a submission port a client is not welcome (Postfix) as long as it has not
 * logged in. */
static void refine(const struct analysis *analysis, const struct subject *subject,
                   const struct judgement *judgement, struct refusal *refusal)
{
    uint16_t code = subject->reply->code;
    bool offers_login = !judgement->is_authenticated && (judgement->offered & extension_bit(EXTENSION_AUTH));
    bool is_bare_rcpt = subject->step == REFUSAL_RCPT && refusal->reason == REASON_NONE;
    const char *server = analysis->replay.server_software;

    if (subject->step <= REFUSAL_RCPT && refusal->reason == REASON_FORMAT)
        refusal->reason = REASON_ADDRESS_SYNTAX; /* there is no message yet */
    if (refusal->reason == REASON_RECIPIENT_UNKNOWN && server && strcmp(server, "OpenSMTPD") == 0
        && reply_says(subject->reply, BYTES("Invalid recipient")))
        refusal->confidence = CONFIDENCE_POSSIBLE; /* it says so of relaying as well */
    if (code == 530 && refusal->reason != REASON_TLS && !judgement->is_authenticated)
        *refusal =
            (struct refusal){ .reason = REASON_LOGIN, .confidence = CONFIDENCE_CERTAIN, .is_by_code = true };
    else if (is_bare_rcpt && code == 452 && has_its_due(analysis, subject->index))
        *refusal = (struct refusal){ .reason = REASON_RECIPIENTS_LIMIT, .confidence = CONFIDENCE_POSSIBLE };
    else if (is_bare_rcpt && code == 550 && reply_says(subject->reply, BYTES("mailbox unavailable")))
        *refusal = (struct refusal){ .reason = REASON_RECIPIENT_UNKNOWN, .confidence = CONFIDENCE_POSSIBLE };
    else if (subject->step >= REFUSAL_MAIL && refusal->reason == REASON_CLIENT && offers_login
             && submission_confidence(analysis))
        *refusal = (struct refusal){ .reason = REASON_LOGIN,
                                     .other = REASON_CLIENT,
                                     .confidence = submission_confidence(analysis) };
}

/* What may be said where mail itself was not refused: of EHLO, and beside the announcement that the server
 * closes. */
static bool is_about_client(enum rule_id rule)
{
    return rule == RULE_BLOCKLISTED || rule == RULE_RATE_LIMITED || rule == RULE_GREYLISTED;
}

/* A refusal of the EHLO or HELO without which nothing goes, or of the STARTTLS that was offered.  One to whom
 * EHLO is unknown refuses nothing: the client has HELO. */
static bool is_closed_door(const struct subject *subject, enum verb verb, enum phase phase)
{
    uint16_t code = subject->reply->code;
    bool is_hello = verb_is_hello(verb) && phase != PHASE_UNKNOWN && phase < PHASE_READY;
    bool is_unknown = code >= 500 && code <= 504 && !(is_hello && code == 501);

    if (verb == VERB_STARTTLS)
        return code != 421 && code != 501 && code != 503;
    return is_hello && code != 421 && !is_unknown;
}

/* A log of events tells of a refusal and leaves out what went before it: whether the command was in order is
 * not known, but a reply that gives a reason of its own is no matter of order. */
static bool is_told_alone(const struct analysis *analysis, const struct item *item,
                          const struct judgement *judgement)
{
    return analysis->session->log && judgement->verdict == VERDICT_UNDECIDED && item->reply->code != 503
           && sequence_text_of(item->reply) == SEQUENCE_NONE;
}

static bool is_refused(const struct analysis *analysis, const struct item *item,
                       const struct judgement *judgement)
{
    if (!item->reply || item->reply->code < 400 || item->as.command.is_body_line)
        return false;
    if (is_told_alone(analysis, item, judgement))
        return true;
    return judgement->verdict == VERDICT_REFUSED || judgement->verdict == VERDICT_MISORDERED
           || (judgement->verdict == VERDICT_CONTRADICTED && item->reply->code != 503);
}

static void check_command(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    const struct judgement *judgement = check_judgement(analysis, index);
    enum verb verb = item->as.command.verb;

    if (!is_refused(analysis, item, judgement) || verb == VERB_AUTH || verb == VERB_UNKNOWN)
        return;
    struct subject subject = { .index = index,
                               .reply = item->reply,
                               .step = refusal_step_of(&item->as.command) };
    (void)snprintf(subject.name, sizeof subject.name, "%s", verb_name(verb));
    struct refusal refusal =
        refusal_classify(item->reply, subject.step, impossible_reasons(item->reply, judgement, verb));
    refine(analysis, &subject, judgement, &refusal);
    const struct reason *reason = reason_of(refusal.reason);
    if (refusal.reason == REASON_TLS || refusal.reason == REASON_LOGIN) {
        raise_demand(analysis, reason->command_rule, index, &refusal);
        return;
    }
    bool is_alone = is_told_alone(analysis, item, judgement);
    bool is_clear =
        is_alone ? refusal.reason != REASON_NONE && !slip_is_of(refusal.reason) : judgement->is_certain;
    bool is_door = is_closed_door(&subject, verb, judgement->phase);
    if (is_door && verb == VERB_STARTTLS)
        refusal = (struct refusal){ .reason = REASON_STARTTLS, .confidence = CONFIDENCE_CERTAIN };
    else if (is_door && item->reply->code == 501)
        refusal = (struct refusal){ .reason = REASON_HELO_NAME, .confidence = CONFIDENCE_LIKELY };
    if (!is_clear || judgement->verdict == VERDICT_MISORDERED || (subject.step == REFUSAL_NONE && !is_door))
        return;
    if (refusal.reason == REASON_ERROR_LIMIT && item->reply->code >= 500)
        return; /* too-many-errors says it */
    enum rule_id rule = subject.step == REFUSAL_CONTENT ? reason->content_rule : reason->command_rule;
    if (refusal.reason == REASON_HELO_NAME && check_was_told(analysis, ONCE_HELO))
        return; /* helo-anomaly says it */
    if (is_door && !is_about_client(rule))
        rule = RULE_COMMAND_REFUSED;
    else if ((subject.step == REFUSAL_CONNECT || item->reply->code == 421) && !is_about_client(rule))
        return;
    if (rule == RULE_COMMAND_REFUSED && !is_alone
        && slip_is_shown(analysis, item->as.command.n, refusal.reason))
        return;
    raise_refusal(analysis, rule, &subject, &refusal);
}

/* The greeting that refuses: the reason beside the fact. */
static void check_greeting(struct analysis *analysis, size_t index, const struct reply *reply)
{
    struct subject subject = {
        .index = index, .reply = reply, .step = REFUSAL_CONNECT, .name = "The connection"
    };

    if (reply != analysis->replay.greeting || analysis->session->is_midstream
        || analysis->session->side[SIDE_SERVER].missing_bytes)
        return;
    struct refusal refusal =
        refusal_classify(reply, REFUSAL_CONNECT, impossible_reasons(reply, NULL, VERB_UNKNOWN));
    if (is_about_client(reason_of(refusal.reason)->command_rule) && refusal.confidence >= CONFIDENCE_LIKELY)
        raise_refusal(analysis, reason_of(refusal.reason)->command_rule, &subject, &refusal);
}

/* LMTP has a reply for each recipient (RFC 2033 4.2). */
static void name_recipient(const struct analysis *analysis, const struct transaction *transaction,
                           struct subject *subject)
{
    if (analysis->session->protocol != PROTOCOL_LMTP || analysis->finding_count >= LIMIT_FINDINGS)
        return;
    for (size_t i = 0; i < transaction->recipient_count; i++)
        if (transaction->recipients[i].final == subject->reply)
            (void)snprintf(subject->name, sizeof subject->name, "The message for recipient %zu (command %u)",
                           i + 1, (unsigned)transaction->recipients[i].command);
}

/* The reply to the end of data; that to BDAT LAST is told with its command. */
static void check_content(struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct item *item = &analysis->session->items[index];
    uint32_t message = item->as.content.message;
    struct subject subject = {
        .index = index, .reply = reply, .step = REFUSAL_CONTENT, .name = "The message"
    };

    if (message >= analysis->session->message_count || analysis->session->messages[message].is_bdat)
        return;
    const struct transaction *transaction = replay_transaction_of(&analysis->replay, message);
    if (analysis->replay.has_gaps && (reply_is_farewell(reply) || reply->is_after_gap))
        return; /* the reply may be missing, and this one have come unasked, or answer something else */
    if (!transaction || transaction->accepted_count == 0)
        return; /* all recipients were refused, or none is known: no wonder */
    name_recipient(analysis, transaction, &subject);
    struct refusal refusal =
        refusal_classify(reply, REFUSAL_CONTENT, impossible_reasons(reply, NULL, VERB_UNKNOWN));
    raise_refusal(analysis, reason_of(refusal.reason)->content_rule, &subject, &refusal);
}

static void check_reply_of(struct analysis *analysis, size_t index, const struct reply *reply)
{
    if (reply->code < 400)
        return;
    enum item_kind kind = analysis->session->items[index].kind;
    if (kind == ITEM_CONTENT)
        check_content(analysis, index, reply);
    else if (kind == ITEM_GREETING)
        check_greeting(analysis, index, reply);
}

const struct check check_refusal = { .command = check_command, .reply = check_reply_of };
