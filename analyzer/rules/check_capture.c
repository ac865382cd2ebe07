/* Findings about the connection and its capture: how it began and ended, and what is missing. */
#include "rules/check.h"

static const char *const timeout_phrases[] = { "timeout", "timed out", "time out", "idle", "inactiv", NULL };

enum { SERVER_TIMEOUT_SECONDS = 300 }; /* RFC 5321 4.5.3.2.7: at least five minutes */

static void check_loss(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    uint64_t client = session->side[SIDE_CLIENT].missing_bytes;
    uint64_t server = session->side[SIDE_SERVER].missing_bytes;
    struct moment at = { .time_ns = session->start_ns, .packet = session->first_packet };

    if (client == 0 && server == 0)
        return;
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].kind == ITEM_GAP) {
            at = session->items[i].at;
            break;
        }
    struct finding *finding = check_raise_session(analysis, RULE_CAPTURE_LOSS, at);
    check_detail(analysis, finding, "Missing: %llu octets of the client, %llu of the server.",
                 (unsigned long long)client, (unsigned long long)server);
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
            return item->reply->code == 421 || item->reply->code == 221
                   || (item->kind == ITEM_GREETING && item->reply->code >= 400);
    }
    return false;
}

static const char *kind_of_ending(const struct analysis *analysis)
{
    const struct session *session = analysis->session;
    const struct replay *replay = &analysis->replay;

    if (session->command_count == 0)
        return "No command was sent: a probe or a health check.";
    if (replay->transaction_count == 0 && session->exchange_count == 0)
        return "No message was begun: a probe or a health check, perhaps.";
    for (size_t i = 0; i < replay->transaction_count; i++)
        if (replay->transactions[i].message && !replay->transactions[i].reply)
            return "A message was under way.";
    return "No message was under way.";
}

static void check_end(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    struct moment at = { .time_ns = session->end_ns };

    if ((session->closed != CLOSE_FIN && session->closed != CLOSE_RESET) || session->is_tls
        || session->one_sided != SIDE_NONE || said_goodbye(analysis))
        return;
    if (session->item_count)
        at.packet = session->items[session->item_count - 1].at.packet;
    struct finding *finding = check_raise_session(analysis, RULE_CONNECTION_LOST, at);
    if (!finding)
        return;
    if (session->closed_by == SIDE_CLIENT)
        finding->fault = FAULT_CLIENT;
    else if (session->closed_by == SIDE_SERVER)
        finding->fault = FAULT_SERVER;
    check_detail(analysis, finding, "It was %s%s%s. %s", session->closed == CLOSE_RESET ? "reset" : "closed",
                 session->closed_by == SIDE_NONE ? "" : " by the ",
                 session->closed_by == SIDE_NONE ? "" : side_name(session->closed_by),
                 kind_of_ending(analysis));
}

static void take_later(uint64_t *latest_ns, uint64_t time_ns, uint64_t before_ns)
{
    if (time_ns > *latest_ns && time_ns < before_ns)
        *latest_ns = time_ns;
}

/* A 421 for idleness that came before five minutes of it had passed. */
static void check_timeout(struct analysis *analysis, size_t index, const struct reply *reply)
{
    const struct session *session = analysis->session;
    uint64_t last_ns = session->start_ns;

    if (reply->code != 421 || !check_says_any(reply, timeout_phrases))
        return;
    for (size_t i = index > 1 ? index - 1 : 0; i <= index; i++) { /* what stands right before it */
        const struct item *item = &session->items[i];
        take_later(&last_ns, item->at.time_ns, reply->at.time_ns);
        if (item->reply)
            take_later(&last_ns, item->reply->at.time_ns, reply->at.time_ns);
    }
    if (last_ns > reply->at.time_ns)
        return;
    uint64_t waited = (reply->at.time_ns - last_ns) / 1000000000u;
    if (waited >= SERVER_TIMEOUT_SECONDS)
        return;
    struct finding *finding = check_raise(analysis, RULE_TIMEOUT, index);
    check_detail(analysis, finding, "The server gave up after %llu seconds.", (unsigned long long)waited);
}

static void check_session(struct analysis *analysis)
{
    check_loss(analysis);
    check_end(analysis);
}

const struct check check_capture = { .reply = check_timeout, .session = check_session };
