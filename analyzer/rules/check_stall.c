/* Connections that stopped moving: RFC 2923, RFC 4821. */
#include "rules/check.h"
#include "rules/ending.h"

enum {
    STALL_SECONDS = 10,   /* a retransmission timer has run several times by then */
    SILENCE_SECONDS = 60, /* a sender that is only slow says something sooner */
    LARGE_SEGMENT = 1200, /* IPv6 asks every path for 1280 octets: RFC 8200 5 */
    REPEATS = 3,
};

static struct finding *raise_stall(struct analysis *analysis, const struct ending *ending, enum fault fault)
{
    const struct session *session = analysis->session;
    size_t index = session->item_count - 1;
    struct finding *finding = ending->turn == TURN_UNKNOWN
                                  ? check_raise_session(analysis, RULE_PATH_STALL, session->items[index].at)
                                  : check_raise(analysis, RULE_PATH_STALL, index);

    if (finding) {
        finding->fault = fault;
        finding->confidence = CONFIDENCE_LIKELY;
    }
    return finding;
}

/* Large segments sent again and again, none of which was ever acknowledged, though smaller ones were. */
static bool check_large(struct analysis *analysis, const struct ending *ending, enum side side,
                        uint64_t end_ns)
{
    const struct side_facts *facts = &analysis->session->side[side];

    if (facts->unacked_repeats < REPEATS || facts->repeat_length < LARGE_SEGMENT || facts->is_large_acked
        || ending_seconds(facts->unacked_since_ns, facts->last_ns) < STALL_SECONDS / 2)
        return false;
    struct finding *finding = raise_stall(analysis, ending, FAULT_PATH);
    check_detail(
        analysis, finding,
        "Segments of %u octets of the %s were sent %u times in %llu seconds and never acknowledged; smaller "
        "ones were. That is what a smaller MTU on the path looks like.",
        (unsigned)facts->repeat_length, side_name(side), (unsigned)facts->unacked_repeats + 1,
        (unsigned long long)ending_seconds(facts->unacked_since_ns, end_ns));
    return true;
}

/* Everything that is sent goes unanswered: the peer or the way to it is gone. */
static bool check_unacked(struct analysis *analysis, const struct ending *ending, enum side side,
                          uint64_t end_ns)
{
    const struct side_facts *facts = &analysis->session->side[side];
    const struct side_facts *peer = &analysis->session->side[!side];

    if (facts->unacked_repeats < REPEATS || peer->last_ns > facts->unacked_since_ns
        || ending_seconds(facts->unacked_since_ns, facts->last_ns) < STALL_SECONDS)
        return false;
    struct finding *finding = raise_stall(analysis, ending, FAULT_PATH);
    check_detail(analysis, finding,
                 "The %s sent the same data %u times in %llu seconds, and nothing at all came back: the "
                 "other host, or "
                 "the path to it or back, is gone.",
                 side_name(side), (unsigned)facts->unacked_repeats + 1,
                 (unsigned long long)ending_seconds(facts->unacked_since_ns, end_ns));
    return true;
}

static bool check_window(struct analysis *analysis, const struct ending *ending, enum side side,
                         uint64_t end_ns)
{
    const struct side_facts *facts = &analysis->session->side[side];
    uint64_t until_ns = facts->is_window_zero ? end_ns : facts->zero_last_ns;

    if (!facts->zero_since_ns || ending_seconds(facts->zero_since_ns, until_ns) < STALL_SECONDS)
        return false;
    struct finding *finding =
        raise_stall(analysis, ending, side == SIDE_CLIENT ? FAULT_CLIENT : FAULT_SERVER);
    check_detail(
        analysis, finding,
        "The %s announced a window of zero for %llu seconds%s: its program does not read what has arrived.",
        side_name(side), (unsigned long long)ending_seconds(facts->zero_since_ns, until_ns),
        facts->is_window_zero ? ", and to the end" : "");
    return true;
}

/* The client fell silent in the middle of a message that the server was taking. */
static void check_silence(struct analysis *analysis, const struct ending *ending, uint64_t end_ns)
{
    const struct session *session = analysis->session;
    const struct item *item = &session->items[session->item_count - 1];

    if (ending->turn != TURN_CONTENT || session->side[SIDE_CLIENT].unacked_bytes
        || ending_seconds(ending->since_ns, end_ns) < SILENCE_SECONDS)
        return;
    if (item->kind == ITEM_CONTENT && item->as.content.message < session->message_count
        && session->messages[item->as.content.message].variant_count)
        return; /* it believes that its message has ended */
    struct finding *finding = raise_stall(analysis, ending, FAULT_CLIENT);
    check_detail(
        analysis, finding,
        "The client sent nothing for %llu seconds in the middle of a message; all that it had sent was "
        "acknowledged.",
        (unsigned long long)ending_seconds(ending->since_ns, end_ns));
}

static bool is_stalled_side(struct analysis *analysis, const struct ending *ending, enum side side,
                            uint64_t end_ns)
{
    return check_large(analysis, ending, side, end_ns) || check_unacked(analysis, ending, side, end_ns)
           || check_window(analysis, ending, side, end_ns);
}

static void check_session(struct analysis *analysis)
{
    const struct session *session = analysis->session;
    uint64_t end_ns = session->end_ns + session->silent_ns;

    if (session->item_count == 0 || end_ns - session->start_ns < STALL_SECONDS * UINT64_C(500000000)
        || ending_is_blurred(analysis))
        return;
    struct ending ending = ending_of(analysis);
    if (!is_stalled_side(analysis, &ending, SIDE_CLIENT, end_ns)
        && !is_stalled_side(analysis, &ending, SIDE_SERVER, end_ns))
        check_silence(analysis, &ending, ending.is_seen ? ending.at_ns : end_ns);
}

const struct check check_stall = { .session = check_session };
