/* A session as one JSON object. */
#include "report/report_jsonl.h"

#include "base/limits.h"
#include "report/report_jsonl_parts.h"

static void write_side(const char *key, enum side side, struct buf *out)
{
    json_write_text(key, side == SIDE_NONE ? NULL : side_name(side), out);
}

static void write_rtt(uint64_t rtt_ns, struct buf *out)
{
    if (rtt_ns)
        json_write_value("rtt_ms", json_real((double)(rtt_ns / 1000) / 1000.0), out);
    else
        json_write_null("rtt_ms", out);
}

static void write_capture(const struct session *session, struct buf *out)
{
    const struct side_facts *client = &session->side[SIDE_CLIENT], *server = &session->side[SIDE_SERVER];

    json_write_begin("capture", '{', out);
    json_write_number("packets", session->log ? 0 : client->packets + server->packets, out);
    jsonl_write_pair("missing_bytes", client->missing_bytes, server->missing_bytes, out);
    json_write_bool("midstream", session->is_midstream, out);
    write_side("one_sided", session->one_sided, out);
    json_write_text("closed", close_kind_name(session->closed), out);
    write_side("closed_by", session->closed_by, out);
    jsonl_write_pair("retransmitted_bytes", client->retransmitted_bytes, server->retransmitted_bytes, out);
    jsonl_write_pair("conflicting_bytes", client->conflicting_bytes, server->conflicting_bytes, out);
    jsonl_write_pair("zero_window", client->zero_windows, server->zero_windows, out);
    write_rtt(session->rtt_ns, out);
    json_write_end('}', out);
}

static void write_greeting(const struct reply *greeting, const struct report_options *options,
                           struct buf *out)
{
    if (!greeting) {
        json_write_null("greeting", out);
        return;
    }
    json_write_begin("greeting", '{', out);
    json_write_number("code", greeting->code, out);
    jsonl_write_lines("text", greeting, out);
    jsonl_write_packet(greeting->at.packet, options, out);
    jsonl_write_moment("time", greeting->at.time_ns, options, out);
    json_write_end('}', out);
}

/* What the two sides said of themselves; `is_short`: without it. */
static void write_hellos(const struct replay *replay, const struct report_options *options, bool is_short,
                         struct buf *out)
{
    const struct reply *offer = is_short ? NULL : replay->ehlo_reply;

    write_greeting(is_short ? NULL : replay->greeting, options, out);
    json_write_bytes_or_null("helo", is_short ? (struct bytes){ NULL, 0 } : replay->helo, out);
    json_write_begin("extensions", '[', out);
    for (uint32_t i = 1; offer && i < offer->line_count; i++)
        json_write_bytes(NULL, offer->lines[i], out);
    json_write_end(']', out);
}

/* Null where an address is not known: it is an identifier of both. */
static void write_community(const struct session *session, struct buf *out)
{
    char community_id[COMMUNITY_ID_TEXT];
    bool is_known = session->client.address.family && session->server.address.family;

    if (is_known)
        session_community_id(session, community_id);
    json_write_text("community_id", is_known ? community_id : NULL, out);
}

static void write_log(const struct session *session, struct buf *out)
{
    const struct log_facts *log = session->log;

    if (!log)
        return;
    json_write_begin("log", '{', out);
    json_write_bytes("program", log->program, out);
    json_write_number("line", session->first_packet.number, out);
    json_write_bytes_or_null("server_name", log->server_name, out);
    json_write_text("clock", log_clock_name(log->clock), out);
    json_write_text("written_by", side_name(log->is_server_side ? SIDE_SERVER : SIDE_CLIENT), out);
    json_write_bool("partial", log->is_partial, out);
    json_write_end('}', out);
}

/* What stands before the commands. */
static void write_head(const struct analysis *analysis, const struct report_options *options, bool is_short,
                       struct buf *out)
{
    const struct session *session = analysis->session;

    json_write_text("type", "session", out);
    json_write_number("schema", 1, out);
    json_write_text("id", session->id, out);
    write_community(session, out);
    json_write_text("protocol", protocol_name(session->protocol), out);
    jsonl_write_moment("start", session->start_ns, options, out);
    jsonl_write_moment("end", session->end_ns, options, out);
    jsonl_write_endpoint("client", &session->client, out);
    jsonl_write_endpoint("server", &session->server, out);
    json_write_text("server_software", analysis->replay.server_software, out);
    write_hellos(&analysis->replay, options, is_short, out);
    write_capture(session, out);
    write_log(session, out);
    json_write_value("tls", report_jsonl_tls(session, options), out);
}

static void write_unended(const struct unended_line *line, const struct report_options *options,
                          struct buf *out)
{
    if (line->length == 0)
        return;
    json_write_begin("unended", '{', out);
    jsonl_write_moment("time", line->first.time_ns, options, out);
    jsonl_write_packet(line->first.packet, options, out);
    json_write_text("verb", line->verb == VERB_UNKNOWN ? NULL : verb_name(line->verb), out);
    json_write_number("length", line->length, out);
    json_write_end('}', out);
}

/* `left_out`: items that the line does not hold. */
static void write_tail(const struct analysis *analysis, const struct report_options *options,
                       uint64_t left_out, struct buf *out)
{
    const struct session *session = analysis->session;

    jsonl_write_findings(analysis->findings, analysis->finding_count, options, out);
    write_unended(&session->unended, options, out);
    if (session->is_truncated || left_out)
        json_write_number("truncated", session->items_dropped + left_out, out);
}

static void write_session(const struct analysis *analysis, const struct report_options *options,
                          struct buf *out)
{
    json_write_begin(NULL, '{', out);
    write_head(analysis, options, false, out);
    jsonl_write_commands(analysis, options, out);
    jsonl_write_auth(analysis->session, options, out);
    jsonl_write_messages(analysis, out);
    write_tail(analysis, options, 0, out);
    buf_append_text(out, "}\n");
}

/* The findings alone, of a session whose line passes the ceiling of `out`. */
static void write_short(const struct analysis *analysis, const struct report_options *options,
                        struct buf *out)
{
    json_write_begin(NULL, '{', out);
    write_head(analysis, options, true, out);
    buf_append_text(out, ",\"commands\":[],\"auth\":[],\"messages\":[]");
    write_tail(analysis, options, analysis->session->item_count, out);
    buf_append_text(out, "}\n");
}

void report_jsonl_session(const struct analysis *analysis, const struct report_options *options,
                          struct buf *out)
{
    struct report_options own = report_options_for(options, analysis->session);
    size_t start = out->len;

    write_session(analysis, &own, out);
    if (out->ok)
        return;
    out->len = start;
    out->ok = true;
    write_short(analysis, &own, out);
}
