/* Small objects that stand in several places of a session's line. */
#include "report/report_jsonl_parts.h"

#include "base/timestamp.h"

void jsonl_write_time(const char *key, uint64_t time_ns, struct buf *out)
{
    char text[TIMESTAMP_TEXT];
    size_t len = timestamp_format(time_ns, text);

    json_write_bytes(key, (struct bytes){ (const uint8_t *)text, len }, out);
}

void jsonl_write_moment(const char *key, uint64_t time_ns, const struct report_options *options,
                        struct buf *out)
{
    if (options->is_undated)
        json_write_null(key, out);
    else
        jsonl_write_time(key, time_ns, out);
}

void jsonl_write_packet(struct packet_ref packet, const struct report_options *options, struct buf *out)
{
    json_write_number_or_null("packet", options->is_log ? 0 : packet.number, out);
    if (options->is_log)
        json_write_number_or_null("log_line", packet.number, out);
    if (options->has_inputs && packet.number)
        json_write_number("input", packet.input, out);
}

void jsonl_write_redacted(const char *key, uint64_t length, struct buf *out)
{
    json_write_begin(key, '{', out);
    json_write_bool("redacted", true, out);
    json_write_number("length", length, out);
    json_write_end('}', out);
}

void jsonl_write_pair(const char *key, uint64_t client, uint64_t server, struct buf *out)
{
    json_write_begin(key, '{', out);
    json_write_number("client", client, out);
    json_write_number("server", server, out);
    json_write_end('}', out);
}

void jsonl_write_endpoint(const char *key, const struct endpoint *end, struct buf *out)
{
    char text[ADDRESS_TEXT];
    size_t len = address_format(&end->address, text);

    json_write_begin(key, '{', out);
    json_write_bytes_or_null("ip", (struct bytes){ (const uint8_t *)text, end->address.family ? len : 0 },
                             out);
    json_write_number("port", end->port, out);
    json_write_end('}', out);
}

void jsonl_write_lines(const char *key, const struct reply *reply, struct buf *out)
{
    json_write_begin(key, '[', out);
    if (reply->is_redacted)
        jsonl_write_redacted(NULL, 0, out);
    for (uint32_t i = 0; i < reply->line_count; i++)
        json_write_bytes(NULL, reply->lines[i], out);
    json_write_end(']', out);
}

static void write_enhanced(const struct enhanced_code *code, struct buf *out)
{
    char text[16];

    if (!code->class) {
        json_write_null("enhanced", out);
        return;
    }
    (void)snprintf(text, sizeof text, "%u.%u.%u", code->class, code->subject, code->detail);
    json_write_text("enhanced", text, out);
}

void jsonl_write_reply(const char *key, const struct reply *reply, const struct report_options *options,
                       struct buf *out)
{
    if (!reply) {
        json_write_null(key, out);
        return;
    }
    json_write_begin(key, '{', out);
    json_write_number("code", reply->code, out);
    write_enhanced(&reply->enhanced, out);
    jsonl_write_lines("text", reply, out);
    if (options) {
        jsonl_write_moment("time", reply->at.time_ns, options, out);
        jsonl_write_packet(reply->at.packet, options, out);
    }
    json_write_end('}', out);
}
