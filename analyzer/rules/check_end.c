/* How a connection ended, and what it leaves open. */
#include "rules/check.h"
#include "rules/ending.h"

enum {
    DOT_SECONDS = 600, /* RFC 5321 4.5.3.2.6: so long a client waits for the reply to the final dot */
};

static const char *kind_of_ending(const struct analysis *analysis, const struct ending *ending)
{
    const struct session *session = analysis->session;
    const struct replay *replay = &analysis->replay;

    if (ending_unended(analysis))
        return "The client had begun a line, and not ended it.";
    if (ending->turn == TURN_REPLY && ending->by == SIDE_SERVER)
        return "It owed the client a reply.";
    bool may_be_probe = ending->by != SIDE_SERVER && ending->turn != TURN_REPLY;
    if (may_be_probe && session->command_count == 0)
        return "No command was sent: a probe or a health check.";
    if (may_be_probe && replay->transaction_count == 0 && session->exchange_count == 0)
        return "No message was begun: a probe or a health check, perhaps.";
    for (size_t i = 0; i < replay->transaction_count; i++)
        if (replay->transactions[i].message && !replay->transactions[i].reply)
            return "A message was under way.";
    return "No message was under way.";
}

static enum fault fault_of(enum side side)
{
    return side == SIDE_CLIENT ? FAULT_CLIENT : side == SIDE_SERVER ? FAULT_SERVER : FAULT_UNDECIDED;
}

static struct moment end_moment(const struct session *session, const struct ending *ending)
{
    struct moment at = { .time_ns = ending->at_ns };

    if (session->item_count)
        at.packet = session->items[session->item_count - 1].at.packet;
    return at;
}

/* The last reply was a refusal: who hangs up behind that has said why. */
static bool was_refused(const struct session *session)
{
    for (size_t i = session->item_count; i-- > 0;)
        if (session->items[i].reply)
            return session->items[i].reply->code >= 400;
    return false;
}

static void check_lost(struct analysis *analysis, const struct ending *ending)
{
    const struct session *session = analysis->session;

    if (!ending->is_seen || session_is_sealed(session) || session->one_sided != SIDE_NONE || ending->is_polite
        || ending_is_before_tls(session)) /* or a handshake that failed */
        return;
    struct finding *finding =
        check_raise_session(analysis, RULE_CONNECTION_LOST, end_moment(session, ending));
    if (!finding)
        return;
    finding->fault = fault_of(ending->by);
    bool is_owing = ending->turn == TURN_REPLY || ending->turn == TURN_CONTENT;
    if (ending->by == SIDE_SERVER && is_owing && !was_refused(session))
        finding->severity = SEVERITY_WARNING;
    check_detail(analysis, finding, "It was %s%s%s. %s", ending->is_reset ? "reset" : "closed",
                 ending->by == SIDE_NONE ? "" : " by the ",
                 ending->by == SIDE_NONE ? "" : side_name(ending->by), kind_of_ending(analysis, ending));
}

/* A RST in the name of a side that did not come from it.  0: nothing speaks for that. */
static enum confidence is_forged(const struct side_facts *side)
{
    if (!side->reset_ns)
        return CONFIDENCE_NONE;
    if (side->segments_after_reset)
        return CONFIDENCE_CERTAIN;
    if (side->reset_hop_limit && side->hop_limit_low
        && (side->reset_hop_limit < side->hop_limit_low || side->reset_hop_limit > side->hop_limit_high))
        return side->reset_off_by ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
    return CONFIDENCE_NONE;
}

static bool check_forged(struct analysis *analysis, const struct ending *ending)
{
    const struct session *session = analysis->session;
    enum side side = is_forged(&session->side[SIDE_CLIENT]) > is_forged(&session->side[SIDE_SERVER])
                         ? SIDE_CLIENT
                         : SIDE_SERVER;
    const struct side_facts *facts = &session->side[side];
    enum confidence confidence = is_forged(facts);

    if (!confidence || ending->is_polite)
        return false;
    struct finding *finding =
        check_raise_session(analysis, RULE_CONNECTION_RESET, end_moment(session, ending));
    if (!finding)
        return true;
    finding->fault = FAULT_PATH;
    finding->confidence = confidence;
    if (facts->segments_after_reset)
        check_detail(analysis, finding,
                     "The reset came in the name of the %s, which went on sending behind it (%u segments): a "
                     "device on "
                     "the path has made it.",
                     side_name(side), (unsigned)facts->segments_after_reset);
    else
        check_detail(analysis, finding,
                     "The reset came in the name of the %s with a TTL of %u, whose other packets have "
                     "%u%s%s: a device "
                     "on the path seems to have made it.",
                     side_name(side), (unsigned)facts->reset_hop_limit, (unsigned)facts->hop_limit_low,
                     facts->hop_limit_low == facts->hop_limit_high ? "" : " or more",
                     facts->reset_off_by ? ", and not with the sequence number that was due" : "");
    return true;
}

/* Whether something was under way that the reset has broken off; a client that goes between two messages
 * harms nobody. */
static const char *work_broken_off(const struct analysis *analysis, const struct ending *ending)
{
    switch (ending->turn) {
    case TURN_REPLY:
        return "The client was waiting for a reply.";
    case TURN_CONTENT:
        return "The client was sending a message.";
    case TURN_RESPONSE:
        return "An authentication was under way.";
    case TURN_COMMAND:
        if (ending->by == SIDE_SERVER && analysis->session->command_count > 0)
            return "The server had answered everything.";
        return analysis->replay.last_phase == PHASE_MAIL || analysis->replay.last_phase == PHASE_RCPT
                   ? "A mail transaction was open."
                   : NULL;
    case TURN_UNKNOWN:
        break;
    }
    return NULL;
}

static void check_reset(struct analysis *analysis, const struct ending *ending)
{
    const struct session *session = analysis->session;

    if (session->closed != CLOSE_RESET || ending_is_blurred(analysis) || check_forged(analysis, ending))
        return;
    const char *work = work_broken_off(analysis, ending);
    char span[SPAN_TEXT];
    if (!ending->is_reset || ending->is_polite || !work || ending_lacks_last(session))
        return;
    struct finding *finding =
        check_raise_session(analysis, RULE_CONNECTION_RESET, end_moment(session, ending));
    if (!finding)
        return;
    finding->fault = fault_of(ending->by);
    finding->confidence = CONFIDENCE_LIKELY;
    check_detail(analysis, finding, "The reset came from the %s, %s after the last line. %s",
                 ending->by == SIDE_NONE ? "path" : side_name(ending->by),
                 ending_span(ending->since_ns, ending->at_ns, span), work);
}

/* The reply to the final dot was there, and the client had gone. */
static bool reply_missed_client(const struct session *session, const struct item *item)
{
    uint64_t left_ns = ending_left_ns(&session->side[SIDE_CLIENT]);

    return item->reply && item->reply->code / 100 == 2
           && ending_seconds(item->at.time_ns, left_ns) >= WAITED_SECONDS
           && left_ns < item->reply->first.time_ns && session->side[SIDE_SERVER].unacked_bytes > 0;
}

static void raise_doubt(struct analysis *analysis, const struct ending *ending, size_t index)
{
    const struct session *session = analysis->session;
    const struct item *item = &session->items[index];
    struct finding *finding = check_raise(analysis, RULE_MESSAGE_IN_DOUBT, index);

    if (!finding)
        return;
    if (item->reply) {
        finding->fault = FAULT_CLIENT;
        finding->confidence = CONFIDENCE_LIKELY;
        check_detail(
            analysis, finding,
            "The server took the message, and the client had closed before the reply: the server has it, the "
            "client believes that it has not.");
        return;
    }
    bool is_whole = session->side[SIDE_CLIENT].unacked_bytes == 0;
    uint64_t end_ns = ending->is_seen ? ending->at_ns : session->end_ns + session->silent_ns;
    char span[SPAN_TEXT];
    finding->fault = fault_of(ending->is_seen ? ending->by : SIDE_NONE);
    check_detail(analysis, finding, "%s %s after the final dot. %s",
                 !ending->is_seen            ? "Nothing more was heard for"
                 : ending->by == SIDE_NONE   ? "The connection ended"
                 : ending->by == SIDE_CLIENT ? "The client ended the connection"
                                             : "The server ended the connection",
                 ending_span(item->at.time_ns, end_ns, span),
                 is_whole
                     ? "The server's host had received all of the message."
                     : "The server's host had not acknowledged all of it: most likely it was not taken.");
}

static void check_doubt(struct analysis *analysis, const struct ending *ending)
{
    const struct session *session = analysis->session;

    if ((!ending->is_seen && ending_seconds(0, session->silent_ns) < DOT_SECONDS)
        || ending_is_blurred(analysis) || ending_lacks_last(session))
        return; /* the reply may come yet, or has */
    for (size_t i = 0; i < session->message_count; i++) {
        const struct message *message = &session->messages[i];
        const struct transaction *transaction = replay_transaction_of(&analysis->replay, (uint32_t)i);
        if (!message->is_complete || !transaction || message->last_item >= session->item_count)
            continue;
        if (transaction->verdict == VERDICT_UNANSWERED
            || reply_missed_client(session, &session->items[message->last_item]))
            raise_doubt(analysis, ending, message->last_item);
    }
}

static void check_session(struct analysis *analysis)
{
    struct ending ending = ending_of(analysis);

    check_lost(analysis, &ending);
    check_reset(analysis, &ending);
    if (analysis->session->message_count)
        check_doubt(analysis, &ending);
}

const struct check check_end = { .session = check_session };
