/* Replies, from their events: found by their ordinals, hung on what they answer. */
#include "base/limits.h"
#include "transcript/event_model.h"

enum { CODE_LEAST = 100, CODE_MOST = 699 }; /* as reply_line_parse has them */

/* Appends to the lines of the reply; more than LIMIT_REPLY_LINES are counted. */
static void add_lines(struct reply *reply, const json_t *texts, struct arena *arena)
{
    size_t count = json_array_size(texts), room = LIMIT_REPLY_LINES - reply->line_count;

    if (event_get_flag(json_array_get(texts, 0), "redacted")) {
        reply->is_redacted = true;
        return;
    }
    if (count > room) {
        reply->lines_dropped = (uint32_t)(count - room);
        count = room;
    }
    struct bytes *lines = ARENA_ARRAY(arena, struct bytes, reply->line_count + count);
    if (!lines)
        return;
    if (reply->line_count)
        memcpy(lines, reply->lines, reply->line_count * sizeof *lines);
    for (size_t i = 0; i < count; i++)
        lines[reply->line_count++] = event_wire_value(json_array_get(texts, i), LIMIT_LINE, arena).bytes;
    reply->lines = lines;
}

static struct reply **slot_of(struct open_session *open, uint32_t ordinal)
{
    struct session *session = open->session;
    void *replies = open->replies;
    bool ok = ordinal > 0 && ordinal - 1 <= (uint64_t)session->reply_count + LIMIT_EVENT_AHEAD;

    while (ok && open->reply_cap < ordinal)
        ok = arena_grow(&session->arena, &replies, open->reply_cap, &open->reply_cap, sizeof *open->replies);
    open->replies = replies;
    return ok ? &open->replies[ordinal - 1] : NULL;
}

static struct reply *new_reply(const json_t *event, uint32_t ordinal, struct arena *arena)
{
    uint64_t code = event_get_u64(event, "code", CODE_MOST);
    struct reply *reply = code < CODE_LEAST ? NULL : ARENA_NEW(arena, struct reply);

    if (!reply)
        return NULL;
    reply->code = (uint16_t)code;
    reply->ordinal = ordinal;
    reply->enhanced = event_get_enhanced(event, "enhanced");
    reply->is_complete = !json_is_false(json_object_get(event, "complete"));
    reply->has_mixed_codes = event_get_flag(event, "mixed_codes");
    reply->has_odd_line = event_get_flag(event, "odd_line");
    reply->has_bare_lf = event_get_flag(event, "bare_lf");
    reply->is_after_gap = event_get_flag(event, "behind_gap");
    return reply;
}

/* The reply of that ordinal, new or known; a long one comes in several events. */
static struct reply *take_reply(struct open_session *open, const json_t *event, struct moment first,
                                struct moment at)
{
    struct session *session = open->session;
    uint32_t ordinal = event_get_u32(event, "ordinal"), from = event_get_u32(event, "from_line");
    struct reply **slot = slot_of(open, ordinal);

    if (!slot)
        return NULL;
    bool is_new = !*slot;
    if (is_new) {
        *slot = new_reply(event, ordinal, &session->arena);
        if (!*slot)
            return NULL;
        (*slot)->first = first;
        (*slot)->at = at;
        if (ordinal > session->reply_count)
            session->reply_count = ordinal;
    }
    struct reply *reply = *slot;
    if (is_new || (from > 0 && from == reply->line_count)) {
        add_lines(reply, json_object_get(event, "text"), &session->arena);
        uint32_t dropped = event_get_u32(event, "lines_dropped");
        reply->lines_dropped = dropped > reply->lines_dropped ? dropped : reply->lines_dropped;
    }
    return reply;
}

static bool read_item(struct open_session *open, const json_t *event, enum item_kind kind,
                      struct event_effect *effect)
{
    struct moment item_at = { event_get_time(event, "time"), event_get_packet(event) };
    struct moment at = event_get_moment(event, "reply_at", item_at);
    struct moment item_first = event_get_moment(event, "first", item_at);
    struct reply *reply = take_reply(open, event, event_get_moment(event, "reply_first", item_first), at);
    size_t index;
    struct item *item = reply ? event_item(open, event, kind, &index) : NULL;

    if (!item)
        return false;
    bool is_new = !item->reply;
    item->reply = item->reply ? item->reply : reply;
    if (is_new)
        event_tell(effect, CHANGE_ITEM_ADDED, index);
    return item->reply == reply;
}

bool event_read_greeting(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    return read_item(open, event, ITEM_GREETING, effect);
}

/* The array of further replies doubles whenever its length is a power of two: its capacity need not be kept.
 */
static bool add_more(struct session *session, struct item *item, struct reply *reply)
{
    uint32_t count = item->more_count;

    if ((count & (count - 1)) == 0) {
        struct reply **more =
            ARENA_ARRAY(&session->arena, struct reply *, count ? (size_t)count * 2 : (size_t)1);
        if (!more)
            return false;
        if (count)
            memcpy(more, item->more_replies, count * sizeof *more);
        item->more_replies = more;
    }
    item->more_replies[item->more_count++] = reply;
    return true;
}

/* Several replies to one item come in their order, those of LMTP's recipients. */
static bool attach(struct session *session, struct item *item, struct reply *reply, bool *is_new)
{
    const struct reply *last = item->more_count ? item->more_replies[item->more_count - 1] : item->reply;

    *is_new = !last || reply->ordinal > last->ordinal;
    if (!*is_new)
        return true;
    if (last)
        return add_more(session, item, reply);
    item->reply = reply;
    return true;
}

static bool can_be_answered(enum item_kind kind)
{
    return kind == ITEM_COMMAND || kind == ITEM_SASL || kind == ITEM_CONTENT;
}

bool event_read_reply(struct open_session *open, const json_t *event, struct event_effect *effect)
{
    struct session *session = open->session;
    struct moment at = { event_get_time(event, "time"), event_get_packet(event) };
    uint32_t index = event_get_index(event, "answers", UINT32_MAX);
    bool is_new = false;

    if (json_object_get(event, "item"))
        return read_item(open, event, ITEM_REPLY, effect);
    if (index >= session->item_count || !can_be_answered(session->items[index].kind))
        return false;
    struct reply *reply = take_reply(open, event, event_get_moment(event, "first", at), at);
    if (!reply || !attach(session, &session->items[index], reply, &is_new))
        return false;
    struct sasl_exchange *exchange = event_exchange_of(session, event_get_index(event, "auth", UINT32_MAX));
    if (exchange)
        exchange->last_reply = reply;
    if (is_new)
        event_tell(effect, CHANGE_REPLY_ADDED, index);
    return true;
}
