/* How a connection ended: who did it, when, and who was waiting for whom. */
#include "rules/ending.h"

#include <stdio.h>

#include "replay/farewell.h"
#include "rules/check.h"

const char *ending_span(uint64_t from_ns, uint64_t to_ns, char out[SPAN_TEXT])
{
    uint64_t seconds = ending_seconds(from_ns, to_ns);

    if (seconds == 0)
        return "less than a second";
    (void)snprintf(out, SPAN_TEXT, "%llu second%s", (unsigned long long)seconds, seconds == 1 ? "" : "s");
    return out;
}

static bool said_goodbye(const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    if (analysis->replay.last_phase == PHASE_CLOSED)
        return true;
    for (size_t i = session->item_count; i-- > 0;) {
        const struct item *item = &session->items[i];
        if (item->kind == ITEM_COMMAND && item->as.command.verb == VERB_QUIT)
            return true;
        if (item->reply)
            return item_is_farewell(item, item->reply) || item->reply->code == 221
                   || (item->kind == ITEM_GREETING && item->reply->code >= 400);
    }
    return false;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool awaits_reply(const struct item *item)
{
    bool is_line = item->kind == ITEM_COMMAND || item->kind == ITEM_SASL;

    return !item->reply && (is_line || (item->kind == ITEM_CONTENT && item->as.content.is_complete));
}

/* The last item that is part of the dialogue. */
static size_t last_item(const struct session *session)
{
    size_t at = session->item_count;

    while (at > 0 && session->items[at - 1].kind == ITEM_PRELUDE)
        at--;
    return at ? at - 1 : SIZE_MAX;
}

/* Of a pipelined group the first without a reply, and when the server could have begun with it. */
static void find_unanswered(const struct session *session, size_t last, struct ending *ending)
{
    ending->turn = TURN_REPLY;
    ending->item = last;
    while (ending->item > 0 && awaits_reply(&session->items[ending->item - 1]))
        ending->item--;
    ending->since_ns = session->items[ending->item].at.time_ns;
    if (ending->item > 0 && session->items[ending->item - 1].reply)
        ending->since_ns = later(ending->since_ns, session->items[ending->item - 1].reply->at.time_ns);
}

static enum turn turn_behind(const struct item *item)
{
    uint16_t code = item->reply ? item->reply->code : 0;

    if (item->kind == ITEM_CONTENT && !item->as.content.is_complete)
        return TURN_CONTENT;
    if (!item->reply || item->kind == ITEM_GAP || item->kind == ITEM_TLS || item->kind == ITEM_JUNK)
        return TURN_UNKNOWN;
    return code == 354 ? TURN_CONTENT : code == 334 ? TURN_RESPONSE : TURN_COMMAND;
}

/* When the last bytes of a content that was not finished came, or it was asked for. */
static uint64_t last_content(const struct session *session, const struct item *item)
{
    const struct content *content = &item->as.content;
    uint64_t last_ns = 0;

    if (content->message < session->message_count)
        last_ns = session->messages[content->message].last.time_ns;
    if (content->command_item < session->item_count && session->items[content->command_item].reply)
        last_ns = later(last_ns, session->items[content->command_item].reply->at.time_ns);
    return last_ns ? last_ns : item->at.time_ns;
}

static void find_turn(const struct session *session, struct ending *ending)
{
    size_t last = last_item(session);

    if (last == SIZE_MAX)
        return;
    const struct item *item = &session->items[last];
    if (awaits_reply(item)) {
        find_unanswered(session, last, ending);
        return;
    }
    ending->item = last;
    ending->turn = turn_behind(item);
    ending->since_ns = item->reply ? later(item->at.time_ns, item->reply->at.time_ns) : item->at.time_ns;
    if (ending->turn == TURN_CONTENT && item->kind == ITEM_CONTENT)
        ending->since_ns = last_content(session, item);
}

/* The first FIN or RST, of whichever side. */
static void find_end(const struct session *session, struct ending *ending)
{
    ending->is_seen = session->closed == CLOSE_FIN || session->closed == CLOSE_RESET;
    ending->is_reset = session->closed == CLOSE_RESET;
    ending->by = session->closed_by;
    ending->at_ns = session->end_ns;
    uint64_t first_ns = UINT64_MAX;
    for (unsigned side = SIDE_CLIENT; ending->is_seen && side <= SIDE_SERVER; side++) {
        const struct side_facts *facts = &session->side[side];
        const uint64_t times[] = { facts->fin_ns, facts->reset_ns };
        for (unsigned i = 0; i < 2; i++)
            if (times[i] && times[i] < first_ns) {
                first_ns = ending->at_ns = times[i];
                ending->by = (enum side)side;
                ending->is_reset = i == 1;
            }
    }
}

bool ending_is_blurred(const struct analysis *analysis)
{
    const struct session *session = analysis->session;

    return analysis->replay.has_gaps || session->one_sided != SIDE_NONE || session->is_truncated
           || session->is_open || session->side[SIDE_CLIENT].missing_bytes
           || session->side[SIDE_SERVER].missing_bytes;
}

/* When the last reply came; 0: none. */
static uint64_t last_reply_ns(const struct session *session)
{
    for (size_t i = session->item_count; i-- > 0;)
        if (session->items[i].reply)
            return session->items[i].reply->at.time_ns;
    return 0;
}

/* When the server's last reply came, or the alert that closes its side (RFC 8446 6.1) behind it; 0: none. */
static uint64_t last_of_server_ns(const struct session *session)
{
    const struct tls_facts *tls = session->tls;
    uint64_t last_ns = last_reply_ns(session);

    for (uint32_t i = 0; tls && i < tls->alert_count; i++)
        if (tls->alerts[i].from == SIDE_SERVER)
            last_ns = later(last_ns, tls->alerts[i].at.time_ns);
    return last_ns;
}

bool ending_lacks_last(const struct session *session)
{
    const struct side_facts *client = &session->side[SIDE_CLIENT], *server = &session->side[SIDE_SERVER];
    bool answers_unseen =
        client->fin_ns && client->reset_ns > client->fin_ns && last_of_server_ns(session) <= client->fin_ns;

    return client->reset_off_by > 0 || server->reset_off_by > 0 || answers_unseen;
}

bool ending_is_before_tls(const struct session *session)
{
    const struct item *last = session->item_count ? &session->items[session->item_count - 1] : NULL;

    return last && last->kind == ITEM_COMMAND && last->as.command.verb == VERB_STARTTLS && last->reply
           && last->reply->code / 100 == 2;
}

struct ending ending_of(const struct analysis *analysis)
{
    struct ending ending = { .by = SIDE_NONE, .item = SIZE_MAX };

    find_end(analysis->session, &ending);
    ending.is_polite = said_goodbye(analysis);
    if (!ending_is_blurred(analysis) && !session_is_sealed(analysis->session))
        find_turn(analysis->session, &ending);
    return ending;
}

uint64_t ending_left_ns(const struct side_facts *side)
{
    bool is_reset = side->reset_ns && (!side->fin_ns || side->reset_ns < side->fin_ns);

    return is_reset ? side->reset_ns : side->fin_ns;
}

const struct unended_line *ending_unended(const struct analysis *analysis)
{
    const struct session *session = analysis->session;
    bool is_over = session->closed == CLOSE_FIN || session->closed == CLOSE_RESET;
    bool may_lack = !is_over || ending_is_blurred(analysis) || ending_lacks_last(session)
                    || session->side[SIDE_CLIENT].unacked_bytes;

    return session->unended.length && !may_lack && session->foreign == FOREIGN_NONE ? &session->unended
                                                                                    : NULL;
}

bool ending_is_unended_answered(const struct analysis *analysis)
{
    const struct session *session = analysis->session;
    size_t at = ending_unended(analysis) ? session_place_of_unended(session) : session->item_count;

    return at < session->item_count && !item_is_farewell(&session->items[at], session->items[at].reply);
}

uint64_t ending_waited_seconds(const struct analysis *analysis, uint64_t since_ns)
{
    const struct session *session = analysis->session;
    uint64_t until_ns = ending_of(analysis).at_ns;

    for (size_t i = session->item_count; i-- > 0;) {
        const struct reply *reply = session->items[i].reply;
        if (reply && reply->first.time_ns > since_ns && reply->first.time_ns < until_ns)
            until_ns = reply->first.time_ns;
    }
    return ending_seconds(since_ns, until_ns);
}
