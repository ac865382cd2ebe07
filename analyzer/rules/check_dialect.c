/* No findings of its own: adds to those of the others what is known of this server, and what its text means.
 */
#include "rules/check.h"

#include <stdio.h>

#include "replay/sequence_text.h"
#include "rules/dialect.h"

enum { DETAIL_SIZE = 1000 };

/* A finding about a command, with all that the tables are asked for. */
struct question {
    const struct judgement *judgement;
    const struct reply *reply;
    enum situation situation;
    bool asks_for_habit; /* what the server does here */
    bool asks_for_text;  /* what its text means */
};

/* What the checks raise about one command stands side by side: whether the rule is among what follows. */
static bool is_followed_by(const struct analysis *analysis, const struct finding *finding, enum rule_id rule)
{
    const struct finding *end = analysis->findings + analysis->finding_count;

    for (const struct finding *next = finding + 1; next < end && next->command == finding->command; next++)
        if (next->rule == rule)
            return true;
    return false;
}

static const struct reply *reply_about(const struct analysis *analysis, const struct finding *finding)
{
    const struct item *item = replay_command(&analysis->replay, finding->command);
    const struct sasl_exchange *exchange = NULL;

    if (finding->rule == RULE_AUTH_FAILED)
        exchange = session_exchange_of(analysis->session, (size_t)(item - analysis->session->items));
    return exchange ? exchange->last_reply : item->reply;
}

static enum situation situation_in_order(enum rule_id rule)
{
    switch ((unsigned)rule) {
    case RULE_SECOND_EHLO_REFUSED:
        return SITUATION_SECOND_EHLO;
    case RULE_ALWAYS_LEGAL_REFUSED:
        return SITUATION_ALWAYS_LEGAL;
    case RULE_POLICY_AS_503:
        return SITUATION_POLICY;
    default:
        return SITUATION_NONE;
    }
}

static bool may_mislead(enum rule_id rule)
{
    return rule == RULE_RECIPIENT_UNKNOWN || rule == RULE_COMMAND_REFUSED || rule == RULE_AUTH_FAILED
           || rule == RULE_AUTH_REQUIRED || rule == RULE_BLOCKLISTED || rule == RULE_RELAY_DENIED;
}

/* The habit is told once: with wrong-code or misorder-accepted where one of them is raised. */
static bool ask(const struct analysis *analysis, const struct finding *finding, struct question *out)
{
    enum rule_id rule = finding->rule;

    if (finding->command == 0)
        return false;
    *out = (struct question){ .judgement = &analysis->replay.judgements[finding->command - 1],
                              .reply = reply_about(analysis, finding),
                              .situation = situation_in_order(rule) };
    if (!out->reply)
        return false;
    bool is_about_code = rule == RULE_WRONG_CODE || rule == RULE_MISORDER_ACCEPTED;
    bool is_order =
        out->judgement->misorder != MISORDER_NONE && rule == rule_of_misorder(out->judgement->misorder);
    if (is_about_code || is_order)
        out->situation = situation_of(out->judgement->misorder);
    out->asks_for_text = is_order || may_mislead(rule);
    out->asks_for_habit = out->situation != SITUATION_NONE
                          && (!is_order
                              || (!is_followed_by(analysis, finding, RULE_WRONG_CODE)
                                  && !is_followed_by(analysis, finding, RULE_MISORDER_ACCEPTED)));
    return out->asks_for_text || out->asks_for_habit;
}

/* Texts that ask for the wrong step, whoever says them. */
static const char *wrong_step(const struct question *question)
{
    enum misorder misorder = question->judgement->misorder;
    bool lacks_mail = misorder == MISORDER_DATA_WITHOUT_MAIL || misorder == MISORDER_BDAT_WITHOUT_MAIL;
    bool is_nested = misorder == MISORDER_NESTED_MAIL && question->judgement->greeting_command;

    if (question->reply->code < 400 || !(lacks_mail || is_nested))
        return NULL;
    enum sequence_text says = sequence_text_of(question->reply);
    if (says == SEQUENCE_NEED_RCPT && lacks_mail)
        return "The text asks for RCPT, but what is missing is MAIL.";
    if (says == SEQUENCE_NEED_HELLO && is_nested)
        return "The text asks for EHLO, but EHLO was accepted: what is in the way is the message that is "
               "open still.";
    return NULL;
}

/* The reason why AUTH is not offered that is met most often. */
static const char *hidden_offer(const struct question *question)
{
    bool has_starttls = (question->judgement->offered & extension_bit(EXTENSION_STARTTLS)) != 0;

    if (question->situation != SITUATION_AUTH_NOT_OFFERED || !has_starttls || question->judgement->is_tls)
        return NULL;
    return "STARTTLS is offered: most servers offer AUTH behind it.";
}

static const char *meaning_of(const struct analysis *analysis, const struct question *question)
{
    const char *text =
        dialect_text_of(analysis->replay.server_software, question->situation, question->reply);

    if (!text)
        text = wrong_step(question);
    return text ? text : hidden_offer(question);
}

static void append(struct analysis *analysis, struct finding *finding, const char *server, const char *habit,
                   const char *meaning)
{
    char text[DETAIL_SIZE];
    int len =
        snprintf(text, sizeof text, "%.*s", (int)finding->detail.len, (const char *)finding->detail.ptr);

    if (len < 0 || (size_t)len >= sizeof text)
        return;
    if (meaning)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%s", len ? " " : "", meaning);
    if (habit && (size_t)len < sizeof text)
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%s is known for this: %s", len ? " " : "",
                        server, habit);
    if ((size_t)len < sizeof text)
        finding->detail = arena_copy(&analysis->arena, bytes_of(text));
}

static void check_session(struct analysis *analysis)
{
    const char *server = analysis->replay.server_software;
    struct question question;

    for (size_t i = 0; i < analysis->finding_count; i++) {
        struct finding *finding = &analysis->findings[i];
        if (!ask(analysis, finding, &question))
            continue;
        const char *meaning = question.asks_for_text ? meaning_of(analysis, &question) : NULL;
        const char *habit =
            question.asks_for_habit ? dialect_of(server, question.situation, question.reply->code) : NULL;
        if (meaning || habit)
            append(analysis, finding, server, habit, meaning);
    }
}

const struct check check_dialect = { .session = check_session };
