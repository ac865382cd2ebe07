/* Findings about the form and the number of replies (RFC 5321 4.2, RFC 2034, RFC 2033). */
#include "replay/farewell.h"
#include "rules/check.h"
#include "rules/ending.h"

enum {
    LINE_READ_WHOLE = 1000
}; /* RFC 5321 4.5.3.1.6: no line is longer, and few servers read more at once */

/* The server itself has broken it off: a client that leaves first does not hear the rest. */
static bool is_broken_off(const struct session *session, const struct reply *reply)
{
    uint64_t server_ns = session->side[SIDE_SERVER].fin_ns;

    return !reply->is_complete && server_ns && ending_left_ns(&session->side[SIDE_CLIENT]) > server_ns;
}

static void check_form(struct analysis *analysis, size_t index, const struct reply *reply)
{
    bool is_greeting = analysis->session->items[index].kind == ITEM_GREETING;
    const struct item *first = session_command(analysis->session, 1);
    const char *problem = NULL;

    if (is_greeting && reply->has_mixed_codes && first && first->as.command.is_before_greeting)
        return; /* postscreen of Postfix, to a client that did not wait: early-talker says it */

    if (reply->code < 200 || reply->code > 599)
        problem = "The code is none of 2yz to 5yz.";
    else if (reply->has_mixed_codes)
        problem = "Its lines begin with different codes.";
    else if (reply->has_odd_line)
        problem = "A line has something else than a space or a hyphen behind the code, or no code at all.";
    else if (!reply->is_complete)
        problem = "It has no end: the server closed the connection in the middle of it.";
    if (problem)
        check_detail(analysis, check_raise(analysis, RULE_MALFORMED_REPLY, index), "%s", problem);
}

/* RFC 2034 4: not in the greeting, in replies to EHLO or HELO, or in 3yz. */
static void check_enhanced(struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct item *item = &analysis->session->items[index];
    unsigned first_digit = reply->code / 100u;

    if (item->kind == ITEM_GREETING || first_digit == 3
        || (item->kind == ITEM_COMMAND && verb_is_hello(item->as.command.verb) && reply->code < 400))
        return;
    struct finding *finding = check_raise(analysis, RULE_ENHANCED_CODE_MISMATCH, index);
    check_detail(analysis, finding, "Code %u with enhanced code %u.%u.%u.", (unsigned)reply->code,
                 (unsigned)reply->enhanced.class, (unsigned)reply->enhanced.subject,
                 (unsigned)reply->enhanced.detail);
}

/* Codes that answer one thing only (RFC 5321 4.3.2, RFC 4954 4): to anything else they show that replies have
 * shifted. */
static bool is_misplaced(const struct item *item, uint16_t code)
{
    enum verb verb = item->as.command.verb;

    if (item->kind != ITEM_COMMAND || item->as.command.is_body_line || verb == VERB_UNKNOWN)
        return false;
    if (verb == VERB_DATA)
        return code == 250 || code == 220 || code == 221;
    return code == 354 || ((code == 334 || code == 235) && verb != VERB_AUTH);
}

/* Behind the client's end a server may say anything about it, or answer half a line.  What the client had
 * seen when it gave its last command was said before, however late a capture has it. */
static bool is_behind_end(const struct analysis *analysis, const struct reply *reply)
{
    uint64_t closed_ns = analysis->session->side[SIDE_CLIENT].fin_ns;

    if (!closed_ns || reply->at.time_ns < closed_ns)
        return false;
    const struct item *last = replay_command(&analysis->replay, analysis->session->command_count);
    return !last || !item_saw(last, reply);
}

/* It may answer what there was of a line. */
static bool is_behind_unended(const struct session *session, const struct item *item)
{
    return session->unended.length && item->at.time_ns > session->unended.first.time_ns;
}

static bool is_out_of_step(const struct analysis *analysis, const struct item *item)
{
    if (item->reply && is_behind_end(analysis, item->reply))
        return false;
    if (item->kind == ITEM_REPLY && is_behind_unended(analysis->session, item))
        return false;
    return (item->kind == ITEM_REPLY && item->reply && !item_is_farewell(item, item->reply))
           || (item->reply && is_misplaced(item, item->reply->code));
}

static void check_one(struct analysis *analysis, size_t index, const struct reply *reply)
{
    bool is_sound = reply->code >= 200 && reply->code <= 599 && !reply->has_mixed_codes
                    && !reply->has_odd_line && !is_broken_off(analysis->session, reply);
    bool agrees = reply->enhanced.class == 0 || reply->enhanced.class == reply->code / 100u;

    if ((is_sound && agrees) || analysis->replay.has_gaps)
        return;
    /* An odd prompt of a 334 is a matter of authentication. */
    if (!is_sound && (reply->code != 334 || !reply->is_complete))
        check_form(analysis, index, reply);
    if (!agrees)
        check_enhanced(analysis, index, reply);
}

/* A stray reply right behind an LMTP content is one report too many. */
static bool follows_lmtp_content(const struct session *session, size_t index)
{
    if (session->protocol != PROTOCOL_LMTP)
        return false;
    while (index > 0 && session->items[index].kind == ITEM_REPLY)
        index--;
    return session->items[index].kind == ITEM_CONTENT;
}

/* Too few: the server had gone on to answer the next command, or the session is over. */
static void check_lmtp_content(struct analysis *analysis, size_t index)
{
    const struct session *session = analysis->session;
    const struct item *item = &session->items[index];
    const struct transaction *transaction =
        replay_transaction_of(&analysis->replay, item->as.content.message);
    bool is_over =
        session->closed == CLOSE_FIN || (index + 1 < session->item_count && session->items[index + 1].reply);

    if (!transaction || !item->as.content.is_last || !item->reply || item->reply->code == 421 || !is_over
        || item->more_count + 1u >= transaction->accepted_count)
        return;
    struct finding *finding = check_raise(analysis, RULE_LMTP_REPLY_COUNT, index);
    check_detail(analysis, finding, "%u for %llu accepted recipients.", (unsigned)item->more_count + 1,
                 (unsigned long long)transaction->accepted_count);
}

/* The last command before a reply that answers none. */
static const struct item *command_before(const struct session *session, size_t index)
{
    while (index-- > 0)
        if (session->items[index].kind == ITEM_COMMAND)
            return &session->items[index];
    return NULL;
}

/* A server that does not know BDAT answers the lines of the chunk: bdat-not-offered says so.  Behind such
 * lines one may have been answered by what there was of it. */
static bool answers_chunk(const struct session *session, size_t index)
{
    const struct item *item = &session->items[index], *before = command_before(session, index);

    if (item->kind != ITEM_REPLY || !before)
        return false;
    if (before->as.command.is_body_line)
        return item->reply->code / 10 == 50;
    return before->as.command.verb == VERB_BDAT && before->reply
           && (before->reply->code == 500 || before->reply->code == 502);
}

static void raise_desync(struct analysis *analysis, size_t index)
{
    const struct item *item = &analysis->session->items[index];
    bool is_count = item->kind == ITEM_REPLY && follows_lmtp_content(analysis->session, index);
    struct finding *finding =
        check_raise(analysis, is_count ? RULE_LMTP_REPLY_COUNT : RULE_REPLY_DESYNC, index);

    if (!finding)
        return;
    if (item->kind == ITEM_REPLY) {
        const struct item *before = command_before(analysis->session, index);
        if (is_count || !before || before->as.command.line_length <= LINE_READ_WHOLE)
            return;
        finding->fault = FAULT_CLIENT;
        check_detail(analysis, finding,
                     "Command %u is longer than allowed: the server took it for several lines.",
                     (unsigned)before->as.command.n);
        return;
    }
    finding->confidence = CONFIDENCE_LIKELY;
    check_detail(analysis, finding,
                 "%u is no answer to %s: a reply before it is missing, or one came too many.",
                 (unsigned)item->reply->code, verb_name(item->as.command.verb));
}

/* Without a reply: the client waited for long, and what it asked then was answered. */
static bool was_given_up(const struct session *session, size_t index)
{
    enum item_kind kind = session->items[index].kind;
    size_t next = index + 1;

    if (session->log || (kind != ITEM_COMMAND && kind != ITEM_SASL && kind != ITEM_CONTENT))
        return false;
    while (next < session->item_count && session->items[next].kind != ITEM_COMMAND
           && session->items[next].kind != ITEM_TLS)
        next++;
    return next < session->item_count && session->items[next].reply && check_lost_patience(session, next);
}

static void raise_given_up(struct analysis *analysis, size_t index)
{
    struct finding *finding = check_raise(analysis, RULE_REPLY_DESYNC, index);

    if (finding)
        finding->confidence = CONFIDENCE_LIKELY;
    check_detail(analysis, finding, "No reply came: the client waited for long, and went on.");
}

static bool is_told_otherwise(const struct session *session, size_t index)
{
    return check_is_no_answer(session, index) || check_is_injected(session, index)
           || answers_chunk(session, index);
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    bool is_desync_told = false;
    bool is_lmtp = session->protocol == PROTOCOL_LMTP;

    if (analysis->replay.has_gaps)
        return;
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_CONTENT && is_lmtp)
            check_lmtp_content(analysis, i);
        if (item->kind == ITEM_JUNK && !is_told_otherwise(session, i))
            check_detail(analysis, check_raise(analysis, RULE_MALFORMED_REPLY, i),
                         "The server sent bytes that are no reply.");
        if (!item->reply && was_given_up(session, i))
            raise_given_up(analysis, i);
        if (is_desync_told || !is_out_of_step(analysis, item) || is_told_otherwise(session, i))
            continue;
        is_desync_told = true; /* all that follows is shifted */
        raise_desync(analysis, i);
    }
}

const struct check check_reply = { .reply = check_one, .session = check_session };
