/* Who waited for whom, and how long: RFC 5321 4.5.3.2. */
#include "replay/farewell.h"
#include "rules/check.h"
#include "rules/ending.h"

static const char *const timeout_phrases[] = { "timeout", "timed out", "time out", "idle", "inactiv", NULL };

enum {
    SERVER_SECONDS = 300, /* RFC 5321 4.5.3.2.7 */
    BLOCK_SECONDS = 180,  /* 4.5.3.2.5 */
    DOT_SECONDS = 600,    /* 4.5.3.2.6 */
};

/* How long a client should wait for the reply to a command; 0: the RFC names no time. */
static unsigned patience_for(const struct item *item)
{
    if (item->kind == ITEM_CONTENT)
        return DOT_SECONDS;
    if (item->kind == ITEM_GREETING)
        return 300; /* 4.5.3.2.1 */
    if (item->kind != ITEM_COMMAND)
        return 0;
    if (item->as.command.verb == VERB_MAIL || item->as.command.verb == VERB_RCPT)
        return 300; /* 4.5.3.2.2, 4.5.3.2.3 */
    return item->as.command.verb == VERB_DATA ? 120 : 0;
}

static const char *name_of(const struct item *item)
{
    if (item->kind == ITEM_CONTENT)
        return "the final dot";
    if (item->kind == ITEM_GREETING)
        return "the connection";
    if (item->kind == ITEM_COMMAND && item->as.command.verb != VERB_UNKNOWN)
        return verb_name(item->as.command.verb);
    return item->kind == ITEM_SASL ? "a SASL response" : "the last line";
}

static void client_gave_up(struct analysis *analysis, const struct ending *ending, uint64_t waited)
{
    const struct item *item = &analysis->session->items[ending->item];
    unsigned patience = patience_for(item);
    bool is_silent = !item->reply && waited >= patience;

    if (waited >= patience && !is_silent)
        return;
    struct finding *finding = check_raise(analysis, RULE_TIMEOUT, ending->item);
    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    if (is_silent) {
        check_detail(analysis, finding, "For %llu seconds the server did not answer %s, and the client left.",
                     (unsigned long long)waited, name_of(item));
        return;
    }
    finding->fault = FAULT_CLIENT;
    check_detail(analysis, finding,
                 "The client waited %llu seconds for the reply to %s, and closed; the RFC asks for %u.",
                 (unsigned long long)waited, name_of(item), patience);
}

/* In the middle of a message, with bytes that the server's host has not taken. */
static void client_gave_up_sending(struct analysis *analysis, const struct ending *ending)
{
    const struct side_facts *client = &analysis->session->side[SIDE_CLIENT];
    uint64_t waited = ending_seconds(client->unacked_since_ns, ending->at_ns);

    if (client->unacked_bytes == 0 || waited < WAITED_SECONDS || waited >= BLOCK_SECONDS)
        return;
    struct finding *finding = check_raise(analysis, RULE_TIMEOUT, ending->item);
    if (!finding)
        return;
    finding->fault = FAULT_CLIENT;
    finding->confidence = CONFIDENCE_LIKELY;
    check_detail(analysis, finding,
                 "The client waited %llu seconds for its data to be taken, and closed; the RFC asks for %d.",
                 (unsigned long long)waited, BLOCK_SECONDS);
}

static void server_gave_up(struct analysis *analysis, const struct ending *ending, uint64_t waited)
{
    const char *what = ending->turn == TURN_CONTENT    ? "more of the message"
                       : ending->turn == TURN_RESPONSE ? "a response"
                                                       : "a command";

    if (waited >= SERVER_SECONDS)
        return;
    struct finding *finding = check_raise(analysis, RULE_TIMEOUT, ending->item);
    if (!finding)
        return;
    finding->confidence = CONFIDENCE_LIKELY;
    check_detail(analysis, finding,
                 "The server waited %llu seconds for %s, and closed without a word; the RFC asks for %d.",
                 (unsigned long long)waited, what, SERVER_SECONDS);
}

/* The client had closed before the reply came, and did not take it: that hides how long it had waited. */
static void check_late_reply(struct analysis *analysis, const struct ending *ending)
{
    const struct session *session = analysis->session;
    uint64_t free_ns = session->start_ns;

    if (ending->by != SIDE_CLIENT || ending_is_blurred(analysis) || !session->side[SIDE_SERVER].unacked_bytes)
        return;
    for (size_t i = 0; i < session->item_count; i++) {
        const struct item *item = &session->items[i];
        uint64_t asked_ns = item->kind == ITEM_GREETING ? session->start_ns : item->at.time_ns;
        if (!item->reply || item->kind == ITEM_REPLY || asked_ns >= ending->at_ns)
            continue;
        struct ending left = { .item = i, .since_ns = asked_ns > free_ns ? asked_ns : free_ns };
        free_ns = item->reply->at.time_ns;
        if (item->reply->first.time_ns <= ending->at_ns)
            continue;
        if (ending_seconds(left.since_ns, ending->at_ns) >= WAITED_SECONDS)
            client_gave_up(analysis, &left, ending_seconds(left.since_ns, ending->at_ns));
        return;
    }
}

/* A QUIT to a server that has not answered what came before it is no end in good order. */
static bool is_unheard_quit(const struct analysis *analysis, const struct ending *ending)
{
    const struct item *item = &analysis->session->items[ending->item];

    return ending->turn == TURN_REPLY && ending->by == SIDE_CLIENT
           && (item->kind != ITEM_COMMAND || item->as.command.verb != VERB_QUIT);
}

static void check_patience(struct analysis *analysis)
{
    const struct session *session = analysis->session;

    if (ending_seconds(session->start_ns, session->end_ns) < WAITED_SECONDS)
        return;
    struct ending ending = ending_of(analysis);
    if (!ending.is_seen || ending.turn == TURN_UNKNOWN)
        return;
    uint64_t waited = ending_seconds(ending.since_ns, ending.at_ns);
    if (waited < WAITED_SECONDS) {
        check_late_reply(analysis, &ending);
        return;
    }
    if (ending.is_polite && !is_unheard_quit(analysis, &ending))
        return;
    if (ending.turn == TURN_REPLY && ending.by == SIDE_CLIENT)
        client_gave_up(analysis, &ending, waited);
    else if (ending.turn == TURN_CONTENT && ending.by == SIDE_CLIENT)
        client_gave_up_sending(analysis, &ending);
    else if (ending.turn != TURN_REPLY && ending.by == SIDE_SERVER)
        server_gave_up(analysis, &ending, waited);
}

static void take_later(uint64_t *latest_ns, uint64_t time_ns, uint64_t before_ns)
{
    if (time_ns > *latest_ns && time_ns < before_ns)
        *latest_ns = time_ns;
}

/* When something was last said before the reply, which answers the item or stands behind it. */
static uint64_t last_said(const struct session *session, size_t index, const struct reply *reply)
{
    uint64_t last_ns = session->start_ns;

    for (size_t i = index > 1 ? index - 1 : 0; i <= index; i++) {
        const struct item *item = &session->items[i];
        if (item->reply != reply || item->kind != ITEM_REPLY)
            take_later(&last_ns, item->at.time_ns, reply->at.time_ns);
        if (item->reply)
            take_later(&last_ns, item->reply->at.time_ns, reply->at.time_ns);
        if (item->kind == ITEM_CONTENT && item->as.content.message < session->message_count)
            take_later(&last_ns, session->messages[item->as.content.message].last.time_ns, reply->at.time_ns);
    }
    return last_ns;
}

/* The client ended its message in a form that the server does not take for the end. */
static bool ends_in_variant(const struct session *session)
{
    const struct message *message =
        session->message_count ? &session->messages[session->message_count - 1] : NULL;

    return message && !message->is_complete && message->variant_count > 0
           && message->variants[message->variant_count - 1].offset + 5 >= message->wire_size;
}

/* A farewell for idleness: too early, or while the client was waiting as well. */
static void check_idle(struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct session *session = analysis->session;

    const struct item *item = &session->items[index];

    if (!item_is_farewell(item, reply) || ending_is_blurred(analysis)
        || !check_says_any(reply, timeout_phrases))
        return;
    uint64_t waited = ending_seconds(last_said(session, index, reply), reply->at.time_ns);
    bool is_answer =
        item->kind == ITEM_COMMAND || (item->kind == ITEM_CONTENT && item->as.content.is_complete);
    bool is_variant = !is_answer && ends_in_variant(session);
    if (waited < WAITED_SECONDS && (is_answer || is_variant))
        return;
    if (waited >= SERVER_SECONDS && !is_answer && !is_variant)
        return;
    struct finding *finding = check_raise(analysis, RULE_TIMEOUT, index);
    if (!finding)
        return;
    if (!is_answer && !is_variant) {
        check_detail(analysis, finding, "The server gave up after %llu seconds.", (unsigned long long)waited);
        return;
    }
    finding->fault = is_variant ? FAULT_CLIENT : FAULT_UNDECIDED;
    finding->confidence = CONFIDENCE_LIKELY;
    if (is_variant)
        check_detail(analysis, finding,
                     "Both waited %llu seconds: the client had ended its message in a form that the server "
                     "does not take for the end.",
                     (unsigned long long)waited);
    else
        check_detail(
            analysis, finding,
            "Both waited %llu seconds: the client for the reply to %s, the server for more of the client.",
            (unsigned long long)waited, name_of(item));
}

struct slowest {
    size_t item;
    uint64_t wait_ns;
    unsigned count;
};

/* The server begins with a line when it has answered the one before. */
static void measure(const struct analysis *analysis, size_t index, uint64_t *free_ns, struct slowest *slowest)
{
    const struct session *session = analysis->session;
    const struct item *item = &session->items[index];
    const struct reply *reply = item->reply;
    bool is_greeting = item->kind == ITEM_GREETING; /* which a client may have forestalled */
    uint64_t begun_ns = is_greeting ? session->start_ns : item->at.time_ns;

    if (begun_ns < *free_ns && (!is_greeting || *free_ns < reply->first.time_ns))
        begun_ns = *free_ns;
    *free_ns = reply->at.time_ns;
    if (reply->first.time_ns <= begun_ns || reply->first.time_ns - begun_ns <= analysis->slow_ns
        || reply->is_after_gap || item->kind == ITEM_REPLY)
        return;
    slowest->count++;
    if (reply->first.time_ns - begun_ns <= slowest->wait_ns)
        return;
    slowest->item = index;
    slowest->wait_ns = reply->first.time_ns - begun_ns;
}

static void check_slow(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    struct slowest slowest = { 0 };
    uint64_t free_ns = 0;

    if (session->end_ns - session->start_ns <= analysis->slow_ns || ending_is_blurred(analysis)
        || session->is_midstream)
        return;
    for (size_t i = 0; i < session->item_count; i++) {
        if (session->items[i].reply && session->items[i].kind != ITEM_REPLY) /* which answers nothing */
            measure(analysis, i, &free_ns, &slowest);
        else if (session->items[i].kind == ITEM_PRELUDE)
            free_ns = session->items[i].at.time_ns;
    }
    if (!slowest.count)
        return;
    struct finding *finding = check_raise(analysis, RULE_SLOW_REPLY, slowest.item);
    const char *what = session->items[slowest.item].kind == ITEM_GREETING
                           ? "greeting"
                           : name_of(&session->items[slowest.item]);
    check_detail(analysis, finding, "The reply to %s came after %llu seconds%s.",
                 strcmp(what, "greeting") == 0 ? "the connection (the greeting)" : what,
                 (unsigned long long)(slowest.wait_ns / 1000000000u),
                 slowest.count > 1 ? ", the slowest of several" : "");
}

static void check_session(struct analysis *analysis)
{
    check_patience(analysis);
    check_slow(analysis);
}

const struct check check_timing = { .reply = check_idle, .session = check_session };
