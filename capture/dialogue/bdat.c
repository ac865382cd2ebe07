/* BDAT (RFC 3030): octets by count.  A server that offers no CHUNKING may read them as commands instead. */
#include "dialogue/state.h"

/* Looked at one by one, with all that is held; what the server does with further ones is known then. */
enum { REFUSED_CHUNKS = 64 };

static struct item *command_item(struct dialogue *d)
{
    return &d->session->items[d->held_item];
}

static bool is_last_chunk(const struct item *item)
{
    struct bdat_argument argument;

    return bdat_argument_parse(item->as.command.argument, &argument) && argument.is_last;
}

/* The message that the chunk belongs to: a new one, unless a chunk went before. */
static struct message *join_message(struct dialogue *d, uint32_t item)
{
    if (d->open_bdat)
        return &d->session->messages[d->open_bdat - 1];
    struct message *message = session_add_message(d->session);
    if (!message)
        return NULL;
    d->open_bdat = (uint32_t)(message - d->session->messages) + 1;
    message->is_bdat = true;
    message->first_item = item;
    content_start_head(d);
    if (d->options->wants_digests) {
        if (!d->digest)
            d->digest = digest_pool_take(d->options->digests);
        if (d->digest)
            digest_start(d->digest);
        message->has_digest = d->digest != NULL;
    }
    return message;
}

static void keep_tail(struct content_state *content, struct bytes data)
{
    size_t keep = sizeof content->tail - (data.len < sizeof content->tail ? data.len : sizeof content->tail);

    if (keep > content->tail_len)
        keep = content->tail_len;
    memmove(content->tail, content->tail + content->tail_len - keep, keep);
    struct bytes last =
        bytes_from(data, data.len > sizeof content->tail ? data.len - sizeof content->tail : 0);
    memcpy(content->tail + keep, last.ptr, last.len);
    content->tail_len = keep + last.len;
}

/* The command that the last line reads as: a client that gave too large a size went on with it. */
static enum verb verb_at_end(const struct content_state *content)
{
    struct bytes tail = { content->tail, content->tail_len };
    size_t begin;

    if (tail.len < 2 || tail.ptr[tail.len - 1] != '\n' || tail.ptr[tail.len - 2] != '\r')
        return VERB_UNKNOWN;
    tail.len -= 2;
    for (begin = tail.len; begin > 0 && tail.ptr[begin - 1] != '\n'; begin--)
        ;
    struct bytes line = bytes_from(tail, begin);
    return begin > 0 && client_line_is_command(line) ? command_line_parse(line).verb : VERB_UNKNOWN;
}

static void end_chunk(struct dialogue *d, bool is_complete, struct moment at)
{
    struct item *command = &d->session->items[d->content.command_item];
    bool is_last = is_last_chunk(command);

    if (d->content.message >= d->session->message_count || d->content.item == UINT32_MAX)
        return;
    struct message *message = &d->session->messages[d->content.message];
    struct item *item = &d->session->items[d->content.item];
    item->at = at;
    item->as.content.size = message->size - d->content.size_before;
    item->as.content.is_last = is_last;
    item->as.content.is_complete = is_complete;
    item->as.content.swallowed = is_complete ? VERB_UNKNOWN : verb_at_end(&d->content);
    message->last = at;
    message->last_item = d->content.item;
    if (is_last || !is_complete) {
        message->is_complete = is_complete && message->missing_bytes == 0;
        if (message->is_complete)
            message->head_hash = content_head(d);
        message->has_digest = message->has_digest && message->is_complete;
        if (message->has_digest)
            digest_finish(d->digest, message->sha256);
        d->open_bdat = 0;
        if (is_complete)
            d->recipients = 0;
    }
    dialogue_changed(d, CHANGE_CONTENT_ENDED, d->content.item);
    d->content.item = UINT32_MAX;
}

/* The chunk of the BDAT at d->held_item begins with the next octet. */
void bdat_begin_chunk(struct dialogue *d)
{
    struct item *command = command_item(d);
    struct bdat_argument argument = { 0 };
    struct moment at = command->at;
    struct message *message = join_message(d, d->held_item);

    (void)!bdat_argument_parse(command->as.command.argument, &argument);
    d->content = (struct content_state){ .command_item = d->held_item,
                                         .item = UINT32_MAX,
                                         .message = message ? d->open_bdat - 1 : UINT32_MAX,
                                         .size_before = message ? message->size : 0 };
    d->chunk_left = argument.size;
    struct item *item = dialogue_add_item(d, ITEM_CONTENT, at, at);
    if (item && message) {
        d->content.item = item_index(d, item);
        item->as.content.message = d->content.message;
        item->as.content.command_item = d->held_item;
        if (message->wire_size == 0)
            message->first = at;
    }
    d->mode = CLIENT_CHUNK;
    if (d->chunk_left == 0) {
        end_chunk(d, true, at);
        d->mode = CLIENT_COMMANDS;
    }
}

/* In LMTP the last chunk is answered once for each recipient (RFC 2033 4.3). */
static uint32_t replies_due(const struct dialogue *d, bool is_last)
{
    return is_last && d->session->protocol == PROTOCOL_LMTP && d->recipients > 0 ? d->recipients : 1;
}

void bdat_command(struct dialogue *d, uint32_t item, struct bytes argument)
{
    struct bdat_argument parsed;

    if (!bdat_argument_parse(argument, &parsed))
        return; /* nothing that could be counted: what follows are commands */
    uint32_t last = (d->pending_first + d->pending_count - 1) % (d->pending_cap ? d->pending_cap : 1);
    if (d->pending_count)
        d->pending[last].remaining = replies_due(d, parsed.is_last);
    if (parsed.is_last)
        pairing_doubt_reports(d);
    d->held_item = item;
    /* Even a server that offers CHUNKING may read a refused chunk as commands: small ones wait for the reply.
     */
    if (parsed.size > LIMIT_HOLD_CHUNK)
        bdat_begin_chunk(d);
    else
        client_begin_hold(d, HOLD_BDAT, item);
}

/* Behind a refused chunk, which the server read as lines or took for octets. */
static void go_on(struct dialogue *d)
{
    if (d->reads_chunk_lines) {
        d->expects_body_lines = true;
        client_resume(d, CLIENT_COMMANDS);
        return;
    }
    bdat_begin_chunk(d);
    client_resume(d, d->mode);
}

void bdat_answered(struct dialogue *d, const struct reply *reply)
{
    if (reply->code / 100 == 2) {
        bdat_begin_chunk(d);
        client_resume(d, d->mode);
        return;
    }
    if (d->refused_chunks < REFUSED_CHUNKS)
        d->hold.reason = HOLD_BDAT_REFUSED;
    else
        go_on(d);
}

static uint32_t count_lines(struct bytes text)
{
    uint32_t lines = 0;

    for (size_t at = 0, lf; (lf = bytes_find(bytes_from(text, at), '\n')) != SIZE_MAX; at += lf + 1)
        lines++;
    return lines;
}

/* Replies that are complete with these bytes, but for a farewell, which may come unasked; `begun` is what
 * went before them of their first line, and then of the next one. */
static uint32_t count_replies(struct bytes text, struct buf *begun)
{
    uint32_t replies = 0;
    struct reply_line line;

    for (size_t lf; (lf = bytes_find(text, '\n')) != SIZE_MAX; text = bytes_from(text, lf + 1)) {
        buf_append(begun, bytes_slice(text, 0, lf));
        replies += reply_line_parse(buf_bytes(begun), &line) && line.is_last && line.code != 421;
        buf_clear(begun);
    }
    buf_append(begun, text);
    return replies;
}

/* The server answered again before it had more than the chunk. */
static bool is_answered_early(const struct dialogue *d, uint64_t chunk_end)
{
    uint32_t replies = 0;
    struct buf begun;

    buf_init(&begun, LIMIT_HOLD + 1);
    for (const struct held *held = d->hold.first; held; held = held->next)
        if (!held->is_hole && held->from == SIDE_SERVER && held->chunk.acked <= chunk_end)
            replies += count_replies(held->chunk.data, &begun);
    buf_release(&begun);
    return replies > 0;
}

/* At some moment there were more replies than lines behind the chunk.  Behind a hole nothing can be counted.
 */
static bool is_answered_in_lines(const struct dialogue *d, uint64_t chunk_left)
{
    uint32_t lines = 0, replies = 0;
    bool has_more = false, has_hole = false;
    struct buf begun;

    buf_init(&begun, LIMIT_HOLD + 1);
    for (const struct held *held = d->hold.first; held && !has_hole; held = held->next) {
        has_hole = held->is_hole;
        struct bytes text = has_hole ? (struct bytes){ NULL, 0 } : held->chunk.data;
        if (held->from == SIDE_SERVER) {
            replies += count_replies(text, &begun);
        } else {
            uint64_t skipped = text.len < chunk_left ? text.len : chunk_left;
            chunk_left -= skipped;
            lines += count_lines(bytes_from(text, (size_t)skipped));
        }
        has_more = has_more || replies > lines;
    }
    buf_release(&begun);
    return has_more;
}

/* RFC 5321 4.5.1: every server has these. */
static bool is_of_every_server(enum verb verb)
{
    return verb == VERB_EHLO || verb == VERB_HELO || verb == VERB_MAIL || verb == VERB_RCPT
           || verb == VERB_DATA || verb == VERB_RSET || verb == VERB_NOOP || verb == VERB_QUIT;
}

/* What the client said before the server spoke again, joined; returns what that began with. */
static const struct held *join_before_server(const struct dialogue *d, struct buf *out)
{
    const struct held *held = d->hold.first;

    for (; held && !held->is_hole && held->from == SIDE_CLIENT; held = held->next)
        buf_append(out, held->chunk.data);
    return held && !held->is_hole ? held : NULL;
}

/* The one line behind the chunk is no command to the server, although every server knows it: it read it
 * together with the last line of the chunk. */
static bool is_answered_as_unknown(const struct dialogue *d, uint64_t size)
{
    struct reply_line reply;
    struct buf text;
    bool is_known = false;

    buf_init(&text, LIMIT_HOLD + 1);
    const struct held *answer = join_before_server(d, &text);
    if (answer && size <= text.len && reply_line_parse(answer->chunk.data, &reply)
        && (reply.code == 500 || reply.code == 502)) {
        struct bytes line = bytes_from(buf_bytes(&text), (size_t)size);
        bool is_alone = bytes_find(line, '\n') + 1 == line.len;
        line.len -= is_alone && line.len > 1 && line.ptr[line.len - 2] == '\r' ? 2 : 0;
        is_known = is_alone && is_of_every_server(command_line_parse(line).verb);
    }
    buf_release(&text);
    return is_known;
}

/* The server read the lines of the chunk as commands. */
static bool was_read_as_lines(struct dialogue *d, uint64_t size)
{
    const struct reply *reply = command_item(d)->reply;

    if (!d->offers_chunking && reply && (reply->code == 500 || reply->code == 502))
        return true; /* it does not know the verb, so it cannot have counted */
    if (d->acks_work && size <= LIMIT_HOLD_CHUNK && is_answered_early(d, d->client_offset + size))
        return true;
    return is_answered_in_lines(d, size) || is_answered_as_unknown(d, size);
}

static bool holds_hole(const struct dialogue *d)
{
    const struct held *held = d->hold.first;

    while (held && !held->is_hole)
        held = held->next;
    return held;
}

void bdat_decide(struct dialogue *d)
{
    struct bdat_argument argument = { 0 };
    bool is_habit = d->reads_chunk_lines && holds_hole(d);

    (void)!bdat_argument_parse(command_item(d)->as.command.argument, &argument);
    d->reads_chunk_lines = was_read_as_lines(d, argument.size) || is_habit;
    d->refused_chunks++;
    go_on(d);
}

size_t bdat_read(struct dialogue *d, const struct stream_chunk *chunk)
{
    size_t take = d->chunk_left < chunk->data.len ? (size_t)d->chunk_left : chunk->data.len;

    d->chunk_left -= take;
    d->client_offset = chunk->offset + take;
    if (d->content.message < d->session->message_count) {
        struct message *message = &d->session->messages[d->content.message];
        content_add(d, message, bytes_slice(chunk->data, 0, take));
        message->wire_size += take;
        message->last = moment_of(chunk);
        if (take)
            keep_tail(&d->content, bytes_slice(chunk->data, 0, take));
    }
    if (d->chunk_left == 0) {
        d->mode = CLIENT_COMMANDS;
        end_chunk(d, true, moment_of(chunk));
    }
    return take;
}

/* Missing octets count as well; a hole of length 0 says that the connection ended. */
void bdat_hole(struct dialogue *d, const struct stream_hole *hole)
{
    struct moment at = { hole->time_ns, { hole->input, hole->number } };
    uint64_t in_chunk = hole->length < d->chunk_left ? hole->length : d->chunk_left;

    if (d->content.message < d->session->message_count)
        d->session->messages[d->content.message].missing_bytes += in_chunk;
    d->chunk_left -= in_chunk;
    d->client_offset = hole->offset + hole->length;
    if (hole->length == 0) {
        end_chunk(d, false, content_last(d));
        return;
    }
    if (d->chunk_left > 0)
        return;
    d->mode = CLIENT_COMMANDS;
    end_chunk(d, true, at);
    if (hole->length > in_chunk) { /* and commands were in it */
        d->is_behind_gap = true;
        unsure_begin(d);
    }
}
