/* Replies as events: text as it came, a few hundred kilobytes a line at most. */
#include "transcript/event_write.h"

enum {
    SLICE_BYTES =
        512 * 1024, /* text of one event; escaped at most six times as much: below LIMIT_EVENT_LINE */
    ROOM_BYTES = 4 * 1024 * 1024,
};

static void put_enhanced(struct event *event, const struct enhanced_code *code)
{
    const uint64_t numbers[] = { code->class, code->subject, code->detail };

    if (code->class)
        event_put_dotted(event, "enhanced", numbers, sizeof numbers / sizeof numbers[0]);
}

/* The lines from `from` on that fit; returns where the next event goes on. */
static uint32_t put_lines(struct event *event, const struct reply *reply, uint32_t from)
{
    size_t bytes = 0;
    uint32_t at = from;

    event_begin_array(event, "text");
    if (reply->is_redacted && from == 0)
        event_add_redacted(event, 0);
    for (; at < reply->line_count && bytes < SLICE_BYTES; at++) {
        bytes += reply->lines[at].len;
        event_add_bytes(event, reply->lines[at]);
    }
    event_end_array(event);
    return at;
}

static uint32_t put_reply(struct event *event, const struct reply *reply, uint32_t from,
                          const struct buf *out)
{
    event_put_u64(event, "ordinal", reply->ordinal);
    event_put_u64(event, "code", reply->code);
    put_enhanced(event, &reply->enhanced);
    event_put_count(event, "from_line", from);
    uint32_t next = put_lines(event, reply, from);
    bool is_short = out->max - out->len < ROOM_BYTES && next < reply->line_count;
    event_put_count(event, "lines_dropped",
                    (uint64_t)reply->lines_dropped + (is_short ? reply->line_count - next : 0));
    if (!reply->is_complete)
        event_put_bool(event, "complete", false);
    event_put_flag(event, "mixed_codes", reply->has_mixed_codes);
    event_put_flag(event, "odd_line", reply->has_odd_line);
    event_put_flag(event, "bare_lf", reply->has_bare_lf);
    event_put_flag(event, "behind_gap", reply->is_after_gap);
    return is_short ? reply->line_count : next;
}

bool event_write_reply(const struct session *session, size_t index, const struct reply *reply,
                       struct buf *out)
{
    const struct sasl_exchange *exchange = event_exchange_of_reply(session, index, reply);
    uint32_t from = 0;

    do {
        struct event event = event_begin(out, "reply", session->id, reply->at.time_ns);
        event_put_packet(&event, reply->at.packet);
        event_put_moment(&event, "first", &reply->first, &reply->at);
        event_put_u64(&event, "answers", (uint64_t)index + 1);
        if (exchange)
            event_put_u64(&event, "auth", (uint64_t)exchange->command_item + 1);
        from = put_reply(&event, reply, from, out);
        if (!event_end(&event))
            return false;
    } while (from < reply->line_count);
    return true;
}

bool event_write_reply_item(const struct session *session, size_t index, struct buf *out)
{
    const struct item *item = &session->items[index];
    const struct reply *reply = item->reply;
    uint32_t from = 0;

    do {
        struct event event =
            event_begin_item(out, item->kind == ITEM_GREETING ? "greeting" : "reply", session, index);
        if (!reply)
            return event_end(&event);
        event_put_moment(&event, "reply_first", &reply->first, &item->first);
        event_put_moment(&event, "reply_at", &reply->at, &item->at);
        from = put_reply(&event, reply, from, out);
        if (!event_end(&event))
            return false;
    } while (from < reply->line_count);
    return true;
}
