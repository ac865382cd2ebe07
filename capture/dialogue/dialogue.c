/* A dialogue from its first byte to its last: what is common to both sides. */
#include "dialogue/dialogue.h"

#include "base/prefetch.h"
#include "dialogue/state.h"

enum { PORT_LMTP = 24 };

struct moment moment_of(const struct stream_chunk *chunk)
{
    return (struct moment){ chunk->time_ns, { chunk->input, chunk->number } };
}

/* From the connection's facts, as they are known by now. */
static void describe_session(struct dialogue *d)
{
    const struct flow_info *flow = d->flow;
    struct session *session = d->session;

    session->serial = flow->serial;
    session->client = flow->end[d->client_direction];
    session->server = flow->end[!d->client_direction];
    session->start_ns = flow->start_ns;
    session->first_packet = (struct packet_ref){ flow->first_input, flow->first_number };
    session->is_midstream = flow->is_midstream;
    if (d->options->log)
        session->log = ARENA_NEW(&session->arena, struct log_facts);
    if (session->log)
        *session->log = *d->options->log;
    if (session->server.port == PORT_LMTP)
        session->protocol =
            PROTOCOL_LMTP; /* until an EHLO is accepted; RFC 2033 5 bans LMTP from port 25 alone */
    session_make_id(session);
}

struct dialogue *dialogue_new(const struct dialogue_options *options, const struct flow_info *flow,
                              int client)
{
    struct session *session = session_new(options->budget);
    struct dialogue *d = session ? ARENA_NEW(&session->arena, struct dialogue) : NULL;

    if (!d) {
        session_free(session);
        return NULL;
    }
    d->options = options;
    d->flow = flow;
    d->client_direction = client;
    d->session = session;
    bool lacks_begin = !flow->side[!client].saw_syn;
    d->has_lost = lacks_begin || options->log;
    d->skips_server_line = lacks_begin && !options->log; /* whose lines are whole */
    d->may_be_astray = flow->is_midstream && !options->log;
    line_init(&d->client_line);
    line_init(&d->server_line);
    buf_init(&d->prelude[0], LIMIT_PRELUDE);
    buf_init(&d->prelude[1], LIMIT_PRELUDE);
    d->content.item = UINT32_MAX;
    describe_session(d);
    return d;
}

void dialogue_must_show(struct dialogue *d)
{
    d->is_guess = true;
}

void dialogue_expect(const struct dialogue *d)
{
    const struct session *session = (const struct session *)(const void *)d - 1;

    prefetch(&session->arena, sizeof session->arena);
    prefetch(&session->items,
             sizeof *session - offsetof(struct session, items) + offsetof(struct dialogue, client_line) + 1);
    prefetch(&d->server_line,
             offsetof(struct dialogue, content.behind) - offsetof(struct dialogue, server_line));
}

/* All but the session, in whose arena the dialogue lies. */
static void release(struct dialogue *d)
{
    hold_clear(d);
    line_release(&d->client_line);
    line_release(&d->server_line);
    buf_release(&d->prelude[0]);
    buf_release(&d->prelude[1]);
    digest_pool_give(d->options->digests, d->digest);
    tls_observer_free(d->tls);
}

void dialogue_changed(struct dialogue *d, enum session_change change, uint32_t item)
{
    const struct session_sink *sink = &d->options->sink;

    if (d->is_told && sink->changed)
        sink->changed(sink->ctx, d->session, change, item);
}

/* From here on it is a session: whoever follows it hears of what was there before, too. */
void dialogue_saw_smtp(struct dialogue *d)
{
    if (d->saw_smtp)
        return;
    d->saw_smtp = true;
    d->is_told = true;
    dialogue_changed(d, CHANGE_OPENED, 0);
    for (size_t i = 0; i < d->session->item_count; i++)
        dialogue_changed(d, CHANGE_ITEM_ADDED, (uint32_t)i);
}

struct item *dialogue_add_item(struct dialogue *d, enum item_kind kind, struct moment first, struct moment at)
{
    struct item *item = session_add_item(d->session, kind);

    if (!item)
        return NULL;
    item->first = first;
    item->at = at;
    item->is_after_gap = d->is_behind_gap;
    d->is_behind_gap = false;
    return item;
}

/* Mostly all of them, or all but the newest; commands that were held are as old as their segment. */
uint32_t dialogue_replies_seen(const struct dialogue *d, uint64_t acked)
{
    size_t low = 0, high = d->reply_count;

    if (high == 0 || d->reply_ends[high - 1] <= acked)
        return (uint32_t)high;
    while (low < high) { /* the first that ends beyond what was acknowledged */
        size_t middle = low + (high - low) / 2;
        if (d->reply_ends[middle] > acked)
            high = middle;
        else
            low = middle + 1;
    }
    return (uint32_t)low;
}

void dialogue_again(struct dialogue *d, enum side from, const struct stream_chunk *chunk, bool was_open)
{
    if (was_open == d->is_open)
        dialogue_take(d, from, chunk);
    else
        tls_read(d, from, chunk);
}

void dialogue_data(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    dialogue_again(d, from, chunk, false);
}

void dialogue_take(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    if (d->prelude_state >= 0 && !prelude_feed(d, from, chunk))
        return;
    if (d->hold.reason == HOLD_BDAT_REFUSED) {
        if (!hold_keep(d, from, chunk)) {
            bool was_open = d->is_open;
            bdat_decide(d);
            dialogue_again(d, from, chunk, was_open);
        }
        return;
    }
    if (from == SIDE_CLIENT)
        client_read(d, chunk);
    else
        server_read(d, chunk);
}

static void add_gap(struct dialogue *d, enum side from, const struct stream_hole *hole, bool in_content)
{
    struct moment at = { hole->time_ns, { hole->input, hole->number } };
    struct item *item = session_add_item(d->session, ITEM_GAP);

    if (!item)
        return;
    item->first = item->at = at;
    item->as.gap = (struct gap){ from, hole->length, hole->is_snapped, in_content };
    dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, item));
}

static void client_hole(struct dialogue *d, const struct stream_hole *hole)
{
    switch (d->mode) {
    case CLIENT_TLS:
        if (!d->is_open)
            tls_hole(d, SIDE_CLIENT, hole);
        break;
    case CLIENT_CONTENT:
        add_gap(d, SIDE_CLIENT, hole, true);
        content_hole(d, hole);
        break;
    case CLIENT_CHUNK:
        add_gap(d, SIDE_CLIENT, hole, true);
        bdat_hole(d, hole);
        break;
    case CLIENT_HELD:
    case CLIENT_UNSURE:
        if (d->hold.reason != HOLD_CONTENT_GAP && d->hold.reason != HOLD_VARIANT)
            pairing_client_hole(d);
        hold_keep_hole(d, SIDE_CLIENT, hole);
        break;
    case CLIENT_START:
    case CLIENT_COMMANDS:
    case CLIENT_SASL:
    case CLIENT_MODE_COUNT:
        pairing_client_hole(d);
        pairing_leave_early(d);
        add_gap(d, SIDE_CLIENT, hole, false);
        line_clear(&d->client_line);
        d->client_offset = hole->offset + hole->length;
        d->is_behind_gap = true;
        unsure_begin(d);
        break;
    }
}

static void server_hole(struct dialogue *d, const struct stream_hole *hole)
{
    if (d->session->is_tls && !d->is_open) {
        d->is_server_tls = true;
        tls_hole(d, SIDE_SERVER, hole);
        return;
    }
    add_gap(d, SIDE_SERVER, hole, false);
    d->skips_server_line = true; /* it may end within a line */
    d->server_offset = hole->offset + hole->length;
    d->server_hole_reply = d->building || d->server_line.is_begun ? d->server_offset : hole->offset;
    line_clear(&d->server_line);
    d->building = NULL;
    d->server_hole_end = d->server_offset;
    d->server_hole_bytes = hole->length + (d->lost_server_bytes ? d->server_hole_bytes : 0);
    d->is_server_behind_gap = true;
    d->lost_server_bytes = true;
    pairing_server_hole(d);
}

void dialogue_hole(struct dialogue *d, enum side from, const struct stream_hole *hole)
{
    if (d->is_open)
        tls_hole(d, from, hole);
    else
        dialogue_take_hole(d, from, hole);
}

void dialogue_take_hole(struct dialogue *d, enum side from, const struct stream_hole *hole)
{
    if (d->prelude_state >= 0)
        d->prelude_state = -1; /* what is left of a prelude cannot be told from SMTP */
    if (d->hold.reason == HOLD_BDAT_REFUSED)
        hold_keep_hole(d, from, hole);
    else if (from == SIDE_CLIENT)
        client_hole(d, hole);
    else
        server_hole(d, hole);
}

static enum side side_of(const struct dialogue *d, int direction)
{
    return direction < 0 ? SIDE_NONE : direction == d->client_direction ? SIDE_CLIENT : SIDE_SERVER;
}

static void copy_path_facts(struct side_facts *side, const struct flow_side_facts *facts)
{
    side->last_ns = facts->last_ns;
    side->fin_ns = facts->fin_ns;
    side->unacked_bytes = facts->unacked_bytes;
    side->unacked_since_ns = facts->unacked_since_ns;
    side->unacked_repeats = facts->unacked_repeats;
    side->repeat_length = facts->unacked_repeats ? facts->repeat_length : 0;
    side->is_large_acked = facts->is_large_acked;
    side->is_window_zero = facts->is_window_zero;
    side->zero_since_ns = facts->zero_since_ns;
    side->zero_last_ns = facts->zero_last_ns;
    side->hop_limit_low = facts->hop_limit_low;
    side->hop_limit_high = facts->hop_limit_high;
    side->reset_hop_limit = facts->reset_hop_limit;
    side->reset_ns = facts->reset_ns;
    side->reset_off_by = facts->reset_off_by;
    side->segments_after_reset = facts->segments_after_reset;
}

/* A log holds what the client said: it had not said anything yet when the server refused it. */
static bool is_log_of_greeting(const struct session *session)
{
    return session->log && !session->is_midstream && session->item_count == 1
           && session->items[0].kind == ITEM_GREETING;
}

static void copy_facts(struct dialogue *d, const struct flow_info *flow)
{
    static const enum close_kind closes[] = {
        [FLOW_CLOSE_NONE] = CLOSE_END_OF_CAPTURE,
        [FLOW_CLOSE_FIN] = CLOSE_FIN,
        [FLOW_CLOSE_RESET] = CLOSE_RESET,
        [FLOW_CLOSE_TIMEOUT] = CLOSE_TIMEOUT,
        [FLOW_CLOSE_END_OF_CAPTURE] = CLOSE_END_OF_CAPTURE,
    };
    struct session *session = d->session;

    for (int direction = 0; direction < 2; direction++) {
        const struct flow_side_facts *facts = &flow->side[direction];
        struct side_facts *side = &session->side[side_of(d, direction)];
        side->packets = facts->packets;
        side->payload_bytes = facts->payload_bytes;
        side->missing_bytes = facts->missing_bytes;
        side->retransmitted_bytes = facts->retransmitted_bytes;
        side->conflicting_bytes = facts->conflicting_bytes;
        side->zero_windows = facts->zero_windows;
        copy_path_facts(side, facts);
    }
    session->end_ns = flow->last_ns;
    session->silent_ns = flow->silent_ns;
    session->rtt_ns = flow->rtt_ns;
    session->closed = closes[flow->close];
    session->closed_by = side_of(d, flow->closed_by);
    if (session->log) {
        struct log_facts told = *session->log;
        *session->log = *d->options->log; /* as it is known by now */
        session->log->refusals = told.refusals;
        session->log->refusal_count = told.refusal_count;
        session->log->server_name = arena_copy(&session->arena, session->log->server_name);
    }
    if (session->side[SIDE_SERVER].packets > 0 && !flow->side[!d->client_direction].saw_syn)
        session->is_midstream = true; /* without its SYN nobody knows what else of the server is missing */
    if (session->side[SIDE_SERVER].packets == 0)
        session->one_sided = SIDE_CLIENT;
    else if (session->side[SIDE_CLIENT].packets == 0 && !is_log_of_greeting(session))
        session->one_sided = SIDE_SERVER;
}

/* What was begun and has no end: a line, a hold, a content. */
static void close_open_ends(struct dialogue *d)
{
    if (d->prelude_state >= 0)
        prelude_end(d);
    if (d->client_line.is_begun && d->mode == CLIENT_COMMANDS && d->session->command_count == 0)
        foreign_note(d, SIDE_CLIENT, buf_bytes(&d->client_line.kept));
    if (d->hold.reason == HOLD_BDAT_REFUSED)
        bdat_decide(d);
    server_end(d);
    pairing_leave_early(d);
    if (d->mode == CLIENT_UNSURE && d->lost_client_bytes && d->acks_work)
        hold_clear(d); /* a server that was heard has not said what it is */
    else if (d->mode == CLIENT_UNSURE)
        unsure_decide(d, UINT64_MAX, 0);
    for (unsigned tries = 0; d->mode == CLIENT_HELD && d->hold.first && tries < 64; tries++)
        hold_decide_by_reading(d);
    if (d->mode == CLIENT_HELD && d->hold.reason == HOLD_VARIANT) /* nobody took it for the end */
        hold_decide_by_reading(d);
    if (d->mode == CLIENT_CONTENT || d->mode == CLIENT_CHUNK)
        content_end(d, false, content_last(d));
    unended_keep(d);
}

enum dialogue_outcome dialogue_end(struct dialogue *d, const struct flow_info *flow)
{
    const struct session_sink *sink = &d->options->sink;
    struct session *session = d->session;

    d->flow = flow;
    arena_prefetch(&session->arena); /* every item will be looked at, and most of it is far away by now */
    tls_finish(d);
    close_open_ends(d);
    tls_end(d);
    copy_facts(d, flow);
    session->is_tls = session->is_tls && !d->is_tls_refused;
    enum dialogue_outcome outcome = d->saw_smtp                                  ? DIALOGUE_SESSION
                                    : session_is_sealed(session) && !d->is_guess ? DIALOGUE_SEALED
                                                                                 : DIALOGUE_NOTHING;
    release(d);
    if (outcome == DIALOGUE_SESSION && sink->ended)
        sink->ended(sink->ctx, session);
    else
        session_free(session);
    return outcome;
}
