/* What hangs on a connection: detection while it is undecided, then the dialogue. */
#include "cli/pipeline_parts.h"

/* Whether the connection that TLS was spoken on has a port of SMTP's. */
static bool has_smtp_port(const struct pipeline *p, const struct flow_info *flow)
{
    if (flow->initiator >= 0)
        return detect_is_smtp_port(p->detector, flow->end[!flow->initiator].port);
    return detect_is_smtp_port(p->detector, flow->end[0].port)
           || detect_is_smtp_port(p->detector, flow->end[1].port);
}

static enum flow_interest classify(void *ctx, struct flow_info *flow, int from, const struct segment *segment,
                                   int64_t offset)
{
    struct pipeline *p = ctx;
    struct detect_state *state = flow->user;
    int client = 0;
    struct detect_input input = {
        .ip_packet = segment->ip_packet,
        .payload = segment->payload,
        .offset = offset,
        .time_ns = segment->time_ns,
        .port = { flow->end[0].port, flow->end[1].port },
        .from = from,
        .initiator = flow->initiator,
        .is_midstream = flow->is_midstream,
    };
    enum detect_verdict verdict = detect_feed(p->detector, &state, &input, &client);

    flow->user = state;
    if (verdict == DETECT_UNDECIDED)
        return FLOW_UNDECIDED;
    if (verdict == DETECT_OTHER) {
        p->result->totals.sealed += detect_is_tls(input.payload) && has_smtp_port(p, flow);
        return FLOW_UNWANTED;
    }
    struct dialogue *dialogue = dialogue_new(&p->dialogue_options, flow, client);
    if (!dialogue) {
        p->lost_for_memory++;
        return FLOW_UNWANTED;
    }
    if (verdict == DETECT_SEALED && !has_smtp_port(p, flow))
        dialogue_must_show(dialogue);
    flow->user = dialogue;
    flow->initiator = client; /* who is the client is known now; `data` needs it */
    return FLOW_WANTED;
}

static enum side side_of(const struct flow_info *flow, int from)
{
    return from == flow->initiator ? SIDE_CLIENT : SIDE_SERVER;
}

static void take_data(void *ctx, struct flow_info *flow, int from, const struct stream_chunk *chunk)
{
    (void)ctx;
    dialogue_data(flow->user, side_of(flow, from), chunk);
}

static void take_hole(void *ctx, struct flow_info *flow, int from, const struct stream_hole *hole)
{
    (void)ctx;
    dialogue_hole(flow->user, side_of(flow, from), hole);
}

static enum attempt_kind kind_of_attempt(const struct flow_info *flow, int server)
{
    if (flow->side[server].saw_syn)
        return ATTEMPT_NO_GREETING;
    return flow->close == FLOW_CLOSE_RESET && flow->closed_by == server ? ATTEMPT_REFUSED
                                                                        : ATTEMPT_UNANSWERED;
}

/* A connection to a port of SMTP's on which nothing was said by the server. */
static void note_attempt(struct pipeline *p, const struct flow_info *flow)
{
    int client = flow->initiator, server = !client;

    if (client < 0 || flow->side[server].payload_bytes > 0 || !flow->side[client].saw_syn
        || !detect_is_smtp_port(p->detector, flow->end[server].port))
        return; /* without its SYN: its beginning was not captured */
    enum attempt_kind kind = kind_of_attempt(flow, server);
    uint64_t waited_ns = flow->last_ns - flow->start_ns + flow->silent_ns;
    bool is_by_server =
        flow->closed_by == server && (flow->close == FLOW_CLOSE_FIN || flow->close == FLOW_CLOSE_RESET);
    struct address address = flow->end[client].address;
    struct attempts_row row = {
        .server = flow->end[server],
        .retried = kind == ATTEMPT_UNANSWERED && flow->early_packets[client] > 1,
        .left_early = kind == ATTEMPT_NO_GREETING && !is_by_server
                      && (!flow->is_established || waited_ns < ATTEMPT_PATIENCE_NS),
        .closed_by_server = kind == ATTEMPT_NO_GREETING && is_by_server,
        .clients = &address,
        .client_count = 1,
        .first_ns = flow->start_ns,
        .last_ns = flow->start_ns,
    };
    row.count[kind] = 1;
    row.longest_ns[kind] = waited_ns;
    attempts_add(p->result->attempts, &row);
}

static void take_end(void *ctx, struct flow_info *flow, enum flow_interest interest)
{
    struct pipeline *p = ctx;

    if (interest == FLOW_WANTED) {
        enum dialogue_outcome outcome = dialogue_end(flow->user, flow);
        p->sessions += outcome == DIALOGUE_SESSION;
        p->result->totals.sealed += outcome == DIALOGUE_SEALED;
        if (outcome != DIALOGUE_SESSION)
            note_attempt(p, flow);
    } else if (interest == FLOW_UNDECIDED) { /* what was said on others was not followed */
        detect_state_free(p->detector, flow->user);
        note_attempt(p, flow);
    }
    flow->user = NULL;
    if (p->dialogue_options.sink.reached)
        p->dialogue_options.sink.reached(p->dialogue_options.sink.ctx, flow_table_reached(p->flows));
}

static void expect_data(const void *user)
{
    dialogue_expect(user);
}

struct flow_handler pipeline_connections(struct pipeline *p)
{
    return (struct flow_handler){ .ctx = p,
                                  .classify = classify,
                                  .data = take_data,
                                  .expect = expect_data,
                                  .hole = take_hole,
                                  .ended = take_end };
}
