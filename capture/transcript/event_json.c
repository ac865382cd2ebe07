/* Which events tell of which change, and the events that are about no item. */
#include "transcript/event_json.h"

#include "base/limits.h"
#include "transcript/event_write.h"

enum { ROOM_BYTES = 4 * 1024 * 1024 }; /* what one step of an exchange needs at most */

bool event_write_head(const struct recording_head *head, struct buf *out)
{
    static const char *const secrets[SECRETS_POLICY_COUNT] = { "masked", "kept", "sealed" };
    static const char *const contents[CONTENT_POLICY_COUNT] = { "none", "headers", "full" };
    struct event event = event_begin_line(out);

    event_put_text(&event, "type", "recording");
    event_put_u64(&event, "schema", RECORDING_SCHEMA);
    event_put_text(&event, "tool", "smtpscope");
    event_put_text(&event, "version", head->tool_version);
    event_put_text(&event, "host", head->host);
    event_put_text(&event, "origin", head->origin);
    event_put_text(&event, "filter", head->filter);
    event_put_u64(&event, "snaplen", head->snaplen);
    if (head->start_ns)
        event_put_time(&event, "start", head->start_ns);
    else
        event_put_text(&event, "start", NULL);
    event_put_text(&event, "secrets", secrets[head->secrets]);
    event_put_text(&event, "content", contents[head->content]);
    if (head->run) {
        event_put_text(&event, "run", head->run);
        event_put_u64(&event, "part", head->part);
    }
    if (head->sealed_key)
        event_put_text(&event, "sealed_key", head->sealed_key);
    return event_end(&event);
}

static void put_log_refusals(struct event *event, const struct log_refusal *refusal)
{
    if (!refusal)
        return;
    event_begin_array(event, "refusals");
    for (; refusal; refusal = refusal->next) {
        struct event part = event_open_element(event);
        event_put_u64(&part, "command", refusal->command);
        event_put_flag(&part, "temporary", refusal->is_temporary);
        event_put_flag(&part, "of_message", refusal->is_of_message);
        event_put_bytes(&part, "text", refusal->text);
        event_close(event, &part);
    }
    event_end_array(event);
}

static void put_log(struct event *event, const struct log_facts *log)
{
    struct event part = event_open(event, "log");

    event_put_bytes(&part, "program", log->program);
    if (log->server_name.len)
        event_put_bytes(&part, "server_name", log->server_name);
    event_put_text(&part, "clock", log_clock_name(log->clock));
    event_put_flag(&part, "precise", log->is_precise);
    event_put_flag(&part, "zone", log->has_zone);
    event_put_flag(&part, "server_side", log->is_server_side);
    event_put_flag(&part, "partial", log->is_partial);
    event_put_flag(&part, "in_clear", log->is_in_clear);
    put_log_refusals(&part, log->refusals);
    event_close(event, &part);
}

static bool write_open(const struct session *session, struct buf *out)
{
    struct event event = event_begin(out, "open", session->id, session->start_ns);

    event_put_packet(&event, session->first_packet);
    event_put_u64(&event, "serial", session->serial);
    event_put_word(&event, "protocol", protocol_name(session->protocol));
    event_put_endpoint(&event, "client", &session->client);
    event_put_endpoint(&event, "server", &session->server);
    event_put_flag(&event, "midstream", session->is_midstream);
    if (session->log)
        put_log(&event, session->log);
    return event_end(&event);
}

/* The reply, and the steps of the exchange that it ends. */
static bool write_answer(const struct session *session, size_t index, const struct reply *reply,
                         enum secrets_policy secrets, struct buf *out)
{
    const struct sasl_exchange *exchange =
        reply->code == 334 ? NULL : event_exchange_of_reply(session, index, reply);

    return event_write_reply(session, index, reply, out)
           && (!exchange || event_write_exchange(session, exchange, secrets, out));
}

/* The item, and the replies that it has by now: a session is told of from its first item on, but only once it
 * is known to be one. */
static bool write_added(const struct session *session, size_t index, enum secrets_policy secrets,
                        struct buf *out)
{
    const struct item *item = &session->items[index];
    bool ok = event_write_item(session, index, secrets, out);

    if (item->kind == ITEM_GREETING || item->kind == ITEM_REPLY || !item->reply)
        return ok;
    ok = ok && write_answer(session, index, item->reply, secrets, out);
    for (uint32_t i = 0; ok && i < item->more_count; i++)
        ok = write_answer(session, index, item->more_replies[i], secrets, out);
    return ok;
}

bool event_write_change(const struct session *session, enum session_change change, size_t index,
                        enum secrets_policy secrets, struct buf *out)
{
    const struct item *item = change == CHANGE_OPENED ? NULL : &session->items[index];

    switch (change) {
    case CHANGE_OPENED:
        return write_open(session, out);
    case CHANGE_ITEM_ADDED:
        return write_added(session, index, secrets, out);
    case CHANGE_REPLY_ADDED:
        return write_answer(session, index,
                            item->more_count ? item->more_replies[item->more_count - 1] : item->reply,
                            secrets, out);
    case CHANGE_CONTENT_ENDED:
        return event_write_content(session, index, out);
    }
    return true;
}

static void put_time_if(struct event *event, const char *key, uint64_t time_ns)
{
    if (time_ns)
        event_put_time(event, key, time_ns);
}

static void put_path(struct event *part, const struct side_facts *side)
{
    put_time_if(part, "last", side->last_ns);
    put_time_if(part, "fin", side->fin_ns);
    event_put_count(part, "unacked_bytes", side->unacked_bytes);
    put_time_if(part, "unacked_since", side->unacked_since_ns);
    event_put_count(part, "unacked_repeats", side->unacked_repeats);
    event_put_count(part, "repeat_length", side->repeat_length);
    event_put_flag(part, "large_acked", side->is_large_acked);
    event_put_flag(part, "window_zero", side->is_window_zero);
    put_time_if(part, "zero_since", side->zero_since_ns);
    put_time_if(part, "zero_last", side->zero_last_ns);
    event_put_count(part, "hop_limit_low", side->hop_limit_low);
    event_put_count(part, "hop_limit_high", side->hop_limit_high);
    event_put_count(part, "reset_hop_limit", side->reset_hop_limit);
    put_time_if(part, "reset", side->reset_ns);
    event_put_count(part, "reset_off_by", side->reset_off_by);
    event_put_count(part, "segments_after_reset", side->segments_after_reset);
}

static void put_side(struct event *event, const char *key, const struct side_facts *side)
{
    struct event part = event_open(event, key);

    event_put_u64(&part, "packets", side->packets);
    event_put_u64(&part, "payload_bytes", side->payload_bytes);
    event_put_count(&part, "missing_bytes", side->missing_bytes);
    event_put_count(&part, "retransmitted_bytes", side->retransmitted_bytes);
    event_put_count(&part, "conflicting_bytes", side->conflicting_bytes);
    event_put_count(&part, "zero_windows", side->zero_windows);
    event_put_count(&part, "tls_bytes", side->tls_bytes);
    event_put_count(&part, "bare_lf_lines", side->bare_lf_lines);
    put_path(&part, side);
    event_close(event, &part);
}

static void put_side_name(struct event *event, const char *key, enum side side)
{
    event_put_word(event, key, side == SIDE_NONE ? NULL : side_name(side));
}

static void put_unended(struct event *event, const struct unended_line *line)
{
    struct event part = event_open(event, "unended");

    event_put_time(&part, "time", line->first.time_ns);
    event_put_packet(&part, line->first.packet);
    event_put_u64(&part, "length", line->length);
    event_put_word(&part, "verb", line->verb == VERB_UNKNOWN ? NULL : verb_name(line->verb));
    event_put_text(&part, "end", unended_end_name(line->end));
    event_close(event, &part);
}

static bool write_end(const struct session *session, bool is_cut, struct buf *out)
{
    struct event event = event_begin(out, "close", session->id, session->end_ns);

    event_put_word(&event, "protocol", protocol_name(session->protocol));
    event_put_word(&event, "closed", close_kind_name(session->closed));
    put_side_name(&event, "closed_by", session->closed_by);
    event_put_flag(&event, "midstream", session->is_midstream);
    put_side_name(&event, "one_sided", session->one_sided);
    event_put_count(&event, "rtt_ns", session->rtt_ns);
    event_put_count(&event, "silent_ns", session->silent_ns);
    event_put_flag(&event, "tls", session->is_tls);
    if (session->foreign != FOREIGN_NONE) {
        event_put_text(&event, "foreign", foreign_protocol_name(session->foreign));
        put_side_name(&event, "foreign_side", session->foreign_from);
    }
    if (session->log)
        put_log(&event, session->log);
    if (session->tls)
        event_put_tls(&event, "handshake", session->tls);
    if (session->unended.length)
        put_unended(&event, &session->unended);
    event_put_flag(&event, "open", session->is_open);
    event_put_flag(&event, "truncated", session->is_truncated || is_cut);
    event_put_count(&event, "items_dropped", session->items_dropped);
    event_put_u64(&event, "items", session->item_count);
    event_put_u64(&event, "replies", session->reply_count);
    event_put_u64(&event, "messages", session->message_count);
    put_side(&event, "client", &session->side[SIDE_CLIENT]);
    put_side(&event, "server", &session->side[SIDE_SERVER]);
    return event_end(&event);
}

/* Whether its steps were written with the reply that ended it; none came behind it. */
static bool is_told(const struct sasl_exchange *exchange)
{
    const struct reply *reply = exchange->last_reply;

    if (exchange->step_count == 0)
        return true;
    return reply && reply->code != 334
           && exchange->steps[exchange->step_count - 1].at.time_ns <= reply->at.time_ns;
}

/* The exchanges that no reply ended.  False if there are more than `out` holds. */
static bool write_open_exchanges(const struct session *session, enum secrets_policy secrets, struct buf *out)
{
    for (size_t i = 0; i < session->exchange_count; i++) {
        const struct sasl_exchange *exchange = &session->exchanges[i];
        if (is_told(exchange))
            continue;
        if (out->max - out->len < ROOM_BYTES || !event_write_exchange(session, exchange, secrets, out))
            return false;
    }
    return true;
}

/* A message that was going on when the session ended is told here. */
static bool write_open_message(const struct session *session, struct buf *out)
{
    if (session->message_count == 0)
        return true;
    size_t index = session->message_count - 1;
    const struct message *message = &session->messages[index];
    if (message->is_complete)
        return true;
    const struct item *item =
        message->last_item < session->item_count ? &session->items[message->last_item] : NULL;
    if (item && item->kind == ITEM_CONTENT && item->as.content.message == index)
        return event_write_content(session, message->last_item, out);
    return event_write_message(session, index, out);
}

bool event_write_close(const struct session *session, enum secrets_policy secrets, struct buf *out)
{
    bool is_whole = write_open_exchanges(session, secrets, out);

    return write_open_message(session, out) && write_end(session, !is_whole, out);
}

static void put_clients(struct event *event, const struct attempts_row *row)
{
    event_begin_array(event, "clients");
    for (uint32_t i = 0; i < row->client_count; i++) {
        char text[ADDRESS_TEXT];
        size_t len = address_format(&row->clients[i], text);
        event_add_bytes(event, (struct bytes){ (const uint8_t *)text, len });
    }
    event_end_array(event);
}

bool event_write_attempts(const struct attempts_row *row, struct buf *out)
{
    struct event event = event_begin(out, "attempts", NULL, row->last_ns);

    event_put_endpoint(&event, "server", &row->server);
    event_put_u64(&event, "refused", row->count[ATTEMPT_REFUSED]);
    event_put_u64(&event, "unanswered", row->count[ATTEMPT_UNANSWERED]);
    event_put_u64(&event, "no_greeting", row->count[ATTEMPT_NO_GREETING]);
    event_put_count(&event, "unanswered_longest_ns", row->longest_ns[ATTEMPT_UNANSWERED]);
    event_put_count(&event, "no_greeting_longest_ns", row->longest_ns[ATTEMPT_NO_GREETING]);
    event_put_count(&event, "retried", row->retried);
    event_put_count(&event, "left_early", row->left_early);
    event_put_count(&event, "closed_by_server", row->closed_by_server);
    put_clients(&event, row);
    event_put_flag(&event, "more_clients", row->has_more_clients);
    event_put_time(&event, "first", row->first_ns);
    event_put_time(&event, "last", row->last_ns);
    return event_end(&event);
}

static void put_live(struct event *event, const struct live_stats *live)
{
    event_put_u64(event, "kernel_drops", live->kernel_drops);
    event_put_u64(event, "device_drops", live->device_drops);
    event_put_u64(event, "lines_lost", live->lines_lost);
    event_put_u64(event, "evidence_lost", live->evidence_lost);
    event_put_u64(event, "findings_lost", live->findings_lost);
    event_put_u64(event, "segments_dropped", live->segments_dropped);
    event_put_u64(event, "connections_evicted", live->connections_evicted);
    event_put_u64(event, "memory_bytes", live->memory_bytes);
    event_put_u64(event, "memory_peak_bytes", live->memory_peak_bytes);
    event_put_u64(event, "sessions", live->sessions);
    struct event findings = event_open(event, "findings");
    for (size_t i = 0; live->findings && i < live->finding_count; i++)
        if (live->findings[i])
            event_put_u64(&findings, live->finding_name(i), live->findings[i]);
    event_close(event, &findings);
}

bool event_write_stats(const struct run_totals *totals, const struct live_stats *live, uint64_t time_ns,
                       struct buf *out)
{
    struct event event = event_begin(out, "stats", NULL, time_ns);

    event_put_u64(&event, "packets", totals->packets);
    event_put_u64(&event, "tcp_connections", totals->tcp_connections);
    event_put_u64(&event, "missing_bytes", totals->missing_bytes);
    if (totals->knows_dropped)
        event_put_u64(&event, "dropped", totals->dropped);
    if (live)
        put_live(&event, live);
    event_put_count(&event, "reached", totals->reached);
    event_put_count(&event, "sealed_connections", totals->sealed);
    return event_end(&event);
}
