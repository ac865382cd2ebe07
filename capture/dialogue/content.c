/* Message content behind a 354 (RFC 5321 4.5.2): dots taken off, the end of data found, facts counted. Looked
 * at where the packet lies; only the first bytes of a line that begins with a dot are ever copied. */
#include "dialogue/state.h"

enum eod_kind {
    EOD_LF_DOT_LF = 1,
    EOD_LF_DOT_CRLF = 2,
    EOD_CRLF_DOT_LF = 3,
    EOD_DOT_NUL = 10,
    EOD_DOT_CR_CRLF = 11,
    EOD_DOT_BLANK = 13
};

static struct message *message_of(struct dialogue *d)
{
    return &d->session->messages[d->content.message];
}

/* Stored octets: size, digest, what is kept, and the counts. */
void content_add(struct dialogue *d, struct message *message, struct bytes stored)
{
    struct content_facts facts = { 0 };

    if (stored.len == 0)
        return;
    content_facts_add(&facts, stored);
    message->size += stored.len;
    message->nul_count += facts.nuls;
    message->bare_cr_count += facts.carriage_returns; /* those of CRLF are taken off at the end */
    message->has_8bit = message->has_8bit || facts.has_8bit;
    if (d->digest)
        digest_update(d->digest, stored);
}

static void start_digest(struct dialogue *d, struct message *message)
{
    if (!d->options->wants_digests)
        return;
    if (!d->digest)
        d->digest = digest_new();
    if (d->digest)
        digest_start(d->digest);
    message->has_digest = d->digest != NULL;
}

void content_begin(struct dialogue *d, uint32_t command_item, bool is_unknown)
{
    struct message *message = session_add_message(d->session);

    d->content = (struct content_state){ .command_item = command_item,
                                         .item = UINT32_MAX,
                                         .at_line_start = true,
                                         .after_crlf = true,
                                         .is_unknown = is_unknown };
    if (!message)
        return;
    d->content.message = (uint32_t)(message - d->session->messages);
    message->first_item = command_item;
    start_digest(d, message);
    if (is_unknown)
        message->has_digest = false;
}

/* The item is made with the first byte, so that it stands where the content began. */
static struct item *content_item(struct dialogue *d, struct moment at, uint64_t acked)
{
    if (d->content.item == UINT32_MAX) {
        struct item *item = dialogue_add_item(d, ITEM_CONTENT, at, at);
        if (!item)
            return NULL;
        d->content.item = item_index(d, item);
        item->replies_seen = dialogue_replies_seen(d, acked);
        item->as.content.message = d->content.message;
        item->as.content.command_item = d->content.command_item;
        message_of(d)->first = at;
        message_of(d)->last_item = d->content.item;
    }
    return &d->session->items[d->content.item];
}

static void finish_message(struct dialogue *d, struct message *message, bool is_complete)
{
    uint64_t crlf = d->content.crlf_lines;

    message->bare_cr_count -= crlf < message->bare_cr_count ? crlf : message->bare_cr_count;
    message->bare_lf_count = d->content.lf_lines;
    message->is_complete = is_complete && message->missing_bytes == 0 && !d->content.is_unknown;
    message->has_digest = message->has_digest && message->is_complete;
    if (message->has_digest)
        digest_finish(d->digest, message->sha256);
}

void content_end(struct dialogue *d, bool is_complete, struct moment at)
{
    struct item *item;

    if (d->mode == CLIENT_CHUNK) {
        struct stream_hole none = { 0 };
        bdat_hole(d, &none);
        return;
    }
    if (d->content.message >= d->session->message_count)
        return;
    struct message *message = message_of(d);
    if (d->content.edge_len && !is_complete)
        content_add(d, message, (struct bytes){ d->content.edge, d->content.edge_len });
    d->content.edge_len = 0;
    item = content_item(d, at, UINT64_MAX);
    finish_message(d, message, is_complete);
    if (!item)
        return;
    item->at = at;
    item->as.content.size = message->size;
    item->as.content.is_last = true;
    item->as.content.is_complete = message->is_complete;
    uint32_t index = d->content.item, count = 1;
    if (d->session->protocol == PROTOCOL_LMTP && d->recipients > 0)
        count = d->recipients;
    if (is_complete) {
        pairing_expect(d, EXPECT_CONTENT, index, d->client_offset, count);
        d->recipients = 0;
    }
    dialogue_changed(d, CHANGE_CONTENT_ENDED, index);
}

static void note_variant(struct dialogue *d, enum eod_kind kind, uint64_t offset)
{
    struct message *message = message_of(d);

    if (message->variant_count >= LIMIT_EOD_VARIANTS) {
        message->variants_dropped++;
        return;
    }
    if (!message->variants) {
        message->variants = ARENA_ARRAY(&d->session->arena, struct eod_variant, LIMIT_EOD_VARIANTS);
        if (!message->variants)
            return;
    }
    message->variants[message->variant_count++] =
        (struct eod_variant){ .kind = (uint8_t)kind, .offset = offset };
}

enum line_judgement { LINE_TEXT, LINE_END, LINE_VARIANT };

/* A line that begins with a dot, with its end. */
static enum line_judgement judge_dot_line(struct dialogue *d, struct bytes line, uint64_t wire_offset)
{
    bool crlf = line.len >= 3 && line.ptr[1] == '\r';

    if (line.len == 3 && crlf && d->content.after_crlf)
        return LINE_END;
    if (line.len == 2 || (line.len == 3 && crlf)) {
        note_variant(d,
                     line.len == 3           ? EOD_LF_DOT_CRLF
                     : d->content.after_crlf ? EOD_CRLF_DOT_LF
                                             : EOD_LF_DOT_LF,
                     wire_offset);
        return LINE_VARIANT;
    }
    if (bytes_equal(line, BYTES(".\r\r\n")))
        note_variant(d, EOD_DOT_CR_CRLF, wire_offset);
    else if (bytes_equal(line, BYTES(". \r\n")) || bytes_equal(line, BYTES(".\t\r\n")))
        note_variant(d, EOD_DOT_BLANK, wire_offset);
    else if (line.len == 4 && memcmp(line.ptr, ".\0\r\n", 4) == 0)
        note_variant(d, EOD_DOT_NUL, wire_offset);
    return LINE_TEXT;
}

static void note_line_end(struct dialogue *d, bool has_cr, uint64_t length)
{
    struct message *message = message_of(d);

    if (has_cr)
        d->content.crlf_lines++;
    else
        d->content.lf_lines++;
    d->content.after_crlf = has_cr;
    d->content.at_line_start = true;
    length += d->content.line_length;
    d->content.line_length = 0;
    if (length > message->longest_line)
        message->longest_line = length;
}

/* The bytes of `chunk` from `from` to `to` are stored as they are. */
static void store(struct dialogue *d, const struct stream_chunk *chunk, size_t from, size_t to)
{
    content_add(d, message_of(d), bytes_slice(chunk->data, from, to - from));
}

static void end_here(struct dialogue *d, const struct stream_chunk *chunk, size_t taken, bool is_variant)
{
    d->client_offset = chunk->offset + taken;
    message_of(d)->wire_size += taken;
    message_of(d)->last = moment_of(chunk);
    if (is_variant) {
        message_of(d)->ended_by_variant = true;
        return;
    }
    d->mode = CLIENT_COMMANDS;
    content_end(d, true, moment_of(chunk));
}

/* A variant: held from here on, until the server answers or the real end comes. */
static void hold_at_variant(struct dialogue *d, const struct stream_chunk *chunk, size_t taken)
{
    end_here(d, chunk, taken, true);
    client_begin_hold(d, HOLD_VARIANT, d->content.command_item);
    if (d->flow->side[!d->client_direction].packets == 0 && d->content.crlf_lines == 0)
        hold_decide_by_reading(d);
}

/* Continues a dot line whose first bytes came in an earlier chunk.  Returns what it took of this one. */
static size_t join_edge(struct dialogue *d, const struct stream_chunk *chunk, bool *ended)
{
    struct content_state *content = &d->content;
    size_t lf = bytes_find(chunk->data, '\n'), take = lf == SIZE_MAX ? chunk->data.len : lf + 1;
    size_t room = sizeof content->edge - content->edge_len;

    *ended = false;
    if (take > room || (lf == SIZE_MAX && content->edge_len + take == sizeof content->edge)) {
        /* longer than any end of data: a stuffed line (RFC 5321 4.5.2) */
        content_add(d, message_of(d), (struct bytes){ content->edge + 1, content->edge_len - 1 });
        message_of(d)->dot_lines++;
        content->line_length = content->edge_len;
        content->edge_len = 0;
        content->at_line_start = false;
        content->last_was_cr = chunk->data.len == 0;
        return 0;
    }
    memcpy(content->edge + content->edge_len, chunk->data.ptr, take);
    content->edge_len += take;
    if (lf == SIZE_MAX)
        return take;
    struct bytes line = { content->edge, content->edge_len };
    enum line_judgement judged = judge_dot_line(d, line, message_of(d)->wire_size);
    if (judged == LINE_VARIANT && chunk->offset + take <= content->plain_until)
        judged = LINE_TEXT;
    content->edge_len = 0;
    if (judged == LINE_TEXT) {
        content_add(d, message_of(d), bytes_from(line, 1));
        message_of(d)->dot_lines++;
        note_line_end(d, line.len >= 3 && line.ptr[line.len - 2] == '\r', line.len);
        return take;
    }
    *ended = true;
    if (judged == LINE_END)
        end_here(d, chunk, take, false);
    else
        hold_at_variant(d, chunk, take);
    return take;
}

/* Whole lines and the rest of this chunk. */
static size_t read_lines(struct dialogue *d, const struct stream_chunk *chunk, size_t at)
{
    struct content_state *content = &d->content;
    struct bytes data = chunk->data;
    size_t stored = at; /* up to here bytes are stored */

    while (at < data.len) {
        bool is_dot = content->at_line_start && data.ptr[at] == '.';
        const uint8_t *lf = memchr(data.ptr + at, '\n', data.len - at);
        size_t next = lf ? (size_t)(lf - data.ptr) + 1 : data.len;
        if (is_dot) {
            struct bytes line = bytes_slice(data, at, next - at);
            store(d, chunk, stored, at);
            stored = at;
            if (!lf && line.len < sizeof content->edge) { /* too short to tell */
                memcpy(content->edge, line.ptr, line.len);
                content->edge_len = line.len;
                message_of(d)->wire_size += data.len;
                return data.len;
            }
            enum line_judgement judged =
                lf ? judge_dot_line(d, line, message_of(d)->wire_size + at) : LINE_TEXT;
            if (judged == LINE_VARIANT && chunk->offset + next <= content->plain_until)
                judged = LINE_TEXT;
            if (judged == LINE_END) {
                end_here(d, chunk, next, false);
                return next;
            }
            if (judged == LINE_VARIANT) {
                hold_at_variant(d, chunk, next);
                return next;
            }
            stored = at + 1;
            message_of(d)->dot_lines++;
        }
        if (lf) {
            bool has_cr = next - at >= 2 ? data.ptr[next - 2] == '\r'
                          : next >= 2    ? false
                                         : content->last_was_cr;
            note_line_end(d, has_cr, next - at);
        } else {
            content->at_line_start = false;
            content->line_length += next - at;
        }
        at = next;
    }
    store(d, chunk, stored, data.len);
    content->last_was_cr = data.len > 0 && data.ptr[data.len - 1] == '\r';
    message_of(d)->wire_size += data.len;
    return data.len;
}

size_t content_read(struct dialogue *d, const struct stream_chunk *chunk)
{
    size_t at = 0;

    if (d->content.message >= d->session->message_count)
        return chunk->data.len; /* a ceiling was reached */
    if (!content_item(d, moment_of(chunk), chunk->acked))
        return chunk->data.len;
    message_of(d)->last = moment_of(chunk);
    if (d->content.edge_len) {
        bool ended;
        at = join_edge(d, chunk, &ended);
        if (ended || at == chunk->data.len)
            return at;
    }
    return read_lines(d, chunk, at);
}

void content_hole(struct dialogue *d, const struct stream_hole *hole)
{
    struct content_state *content = &d->content;

    if (content->message >= d->session->message_count)
        return;
    if (content->edge_len)
        content_add(d, message_of(d), (struct bytes){ content->edge, content->edge_len });
    content->edge_len = 0;
    content->at_line_start = false;
    content->after_crlf = true; /* not known: the strict end of data is taken for one */
    message_of(d)->missing_bytes += hole->length;
    d->client_offset = hole->offset + hole->length;
    (void)content_item(d, (struct moment){ hole->time_ns, { hole->input, hole->number } }, UINT64_MAX);
    client_begin_hold(d, HOLD_CONTENT_GAP, content->command_item);
}
