/* Message content behind a 354 (RFC 5321 4.5.2): dots taken off, the end of data found, facts counted. Looked
 * at where the packet lies; only the first bytes of a line that begins with a dot are ever copied. */
#include "dialogue/state.h"

enum { KEPT_FIRST = 4096 };

static struct message *message_of(struct dialogue *d)
{
    return &d->session->messages[d->content.message];
}

static void count(struct message *message, struct bytes stored)
{
    struct content_facts facts = { 0 };

    content_facts_add(&facts, stored);
    message->nul_count += facts.nuls;
    if (!message->is_bdat)                                /* whose line ends nobody counts */
        message->bare_cr_count += facts.carriage_returns; /* those of CRLF are taken off at the end */
    message->has_8bit = message->has_8bit || facts.has_8bit;
}

/* Room for what is kept of a message, in powers of two. */
static bool has_room(struct dialogue *d, struct message *message, size_t len)
{
    size_t cap = KEPT_FIRST;

    while (cap < message->kept.len)
        cap *= 2;
    if (message->kept.len > 0 && len <= cap - message->kept.len)
        return true;
    while (cap < message->kept.len + len)
        cap *= 2;
    uint8_t *to = arena_alloc(&d->session->arena, cap);
    if (!to)
        return false;
    if (message->kept.len > 0)
        memcpy(to, message->kept.ptr, message->kept.len);
    message->kept.ptr = to;
    return true;
}

/* Where the header ends in what is kept (RFC 5322 2.1): behind the first empty line; SIZE_MAX before. */
static size_t header_end(struct bytes kept, size_t from)
{
    if (from == 0 && bytes_starts_nocase(kept, BYTES("\r\n")))
        return 2; /* there is none */
    for (size_t at = from > 3 ? from - 3 : 0, lf;
         (lf = bytes_find(bytes_from(kept, at), '\n')) != SIZE_MAX;) {
        at += lf + 1;
        struct bytes rest = bytes_from(kept, at);
        if (rest.len > 0 && rest.ptr[0] == '\n')
            return at + 1;
        if (rest.len > 1 && rest.ptr[0] == '\r' && rest.ptr[1] == '\n')
            return at + 2;
    }
    return SIZE_MAX;
}

/* What --content asks for.  Beyond the ceiling, or without memory, the rest is left out. */
static void keep(struct dialogue *d, struct message *message, struct bytes stored)
{
    size_t before = message->kept.len;

    if (before < message->size || before >= LIMIT_CONTENT_KEPT) /* it was left out already, or has ended */
        return;
    stored = bytes_slice(stored, 0, LIMIT_CONTENT_KEPT - before);
    if (!has_room(d, message, stored.len))
        return;
    memcpy((uint8_t *)(uintptr_t)message->kept.ptr + before, stored.ptr, stored.len);
    message->kept.len += stored.len;
    size_t end = d->options->keep == DIALOGUE_KEEP_HEADERS ? header_end(message->kept, before) : SIZE_MAX;
    if (end < message->kept.len)
        message->kept.len = end;
}

/* Stored octets that are counted: size, digest, what is kept. */
static void store(struct dialogue *d, struct message *message, struct bytes stored)
{
    if (message->size < LIMIT_CONTENT_HEAD)
        fingerprint_add(&d->head, bytes_slice(stored, 0, LIMIT_CONTENT_HEAD - (size_t)message->size));
    if (d->options->keep != DIALOGUE_KEEP_NONE)
        keep(d, message, stored);
    message->size += stored.len;
    if (d->digest)
        digest_update(d->digest, stored);
}

void content_add(struct dialogue *d, struct message *message, struct bytes stored)
{
    if (stored.len == 0)
        return;
    count(message, stored);
    store(d, message, stored);
}

void content_start_head(struct dialogue *d)
{
    fingerprint_start(&d->head);
}

uint64_t content_head(const struct dialogue *d)
{
    uint64_t hash = fingerprint_value(&d->head) >> 11;

    return hash ? hash : 1;
}

static void start_digest(struct dialogue *d, struct message *message)
{
    content_start_head(d);
    if (!d->options->wants_digests)
        return;
    if (!d->digest)
        d->digest = digest_pool_take(d->options->digests);
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
                                         .window = 0x0d0a,
                                         .server_said = d->server_offset,
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
    uint64_t crlf = d->content.crlf_lines + d->content.last_was_cr; /* half of one, where it was cut */

    message->bare_cr_count -= crlf < message->bare_cr_count ? crlf : message->bare_cr_count;
    message->bare_lf_count = d->content.lf_lines;
    message->is_complete = is_complete && message->missing_bytes == 0 && !d->content.is_unknown;
    if (message->is_complete)
        message->head_hash = content_head(d);
    message->has_digest = message->has_digest && message->is_complete;
    if (message->has_digest)
        digest_finish(d->digest, message->sha256);
}

/* The begin of a dot line whose rest does not come: it is content, and its CR half of a line end. */
static void store_cut_edge(struct dialogue *d)
{
    struct content_state *content = &d->content;
    struct bytes edge = { content->edge, content->edge_len };

    if (edge.len == 0)
        return;
    content_add(d, message_of(d), edge);
    content->last_was_cr = edge.ptr[edge.len - 1] == '\r';
    content->edge_len = 0;
}

struct moment content_last(const struct dialogue *d)
{
    const struct message *message =
        d->content.message < d->session->message_count ? &d->session->messages[d->content.message] : NULL;

    return message && message->wire_size > 0 ? message->last : (struct moment){ d->flow->last_ns, { 0, 0 } };
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
    message->ends_in_dot =
        d->content.edge_len == 1 || (d->content.edge_len == 2 && d->content.edge[1] == '\r');
    store_cut_edge(d);
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
        pairing_doubt_reports(d);
        d->recipients = 0;
    }
    dialogue_changed(d, CHANGE_CONTENT_ENDED, index);
}

enum line_judgement { LINE_TEXT, LINE_END, LINE_VARIANT };

/* A whole line that begins with a dot; it ends at stream offset `end`. */
static enum line_judgement judge_dot_line(struct dialogue *d, struct bytes line, uint64_t wire_offset,
                                          uint64_t end)
{
    enum eod_kind kind = variant_of_line(d, line);

    if (kind == EOD_NONE)
        return line.len == 3 && line.ptr[1] == '\r' ? LINE_END : LINE_TEXT;
    variant_note(d, kind, wire_offset);
    d->content.held_kind = kind;
    return end > d->content.plain_until ? LINE_VARIANT : LINE_TEXT;
}

/* A line of text that begins with a dot (RFC 5321 4.5.2): whole, or its first four bytes.  Returns where a
 * variant in it ends, 0 if it holds none. */
static size_t note_dot_line(struct dialogue *d, struct bytes head, uint64_t wire_offset)
{
    struct message *message = message_of(d);

    message->dot_lines++;
    if (variant_of_line(d, head) != EOD_NONE)
        return head.len; /* noted when it was judged */
    enum eod_kind kind = variant_of_head(d, head);
    if (kind != EOD_NONE) {
        variant_note(d, kind, wire_offset);
        return kind == EOD_CRLF_DOT_CR || kind == EOD_LF_DOT_CR ? 2 : 4;
    }
    if (d->content.after_crlf && head.len > 1 && head.ptr[1] != '.')
        message->unstuffed_dots++;
    return 0;
}

static void note_line_end(struct dialogue *d, bool has_cr, uint64_t length)
{
    struct message *message = message_of(d);

    if (has_cr)
        d->content.crlf_lines++;
    else if (d->content.lf_lines++ == 0)
        message->first_bare_lf = d->content.crlf_lines + 1;
    d->content.after_crlf = has_cr;
    d->content.at_line_start = true;
    length += d->content.line_length;
    d->content.line_length = 0;
    if (length > message->longest_line)
        message->longest_line = length;
}

/* So many wire bytes of the chunk have been read. */
static void note_taken(struct dialogue *d, const struct stream_chunk *chunk, size_t taken)
{
    struct message *message = message_of(d);

    variant_look(d, bytes_slice(chunk->data, 0, taken));
    message->wire_size += taken;
    message->last = moment_of(chunk);
}

static void end_here(struct dialogue *d, const struct stream_chunk *chunk, size_t taken)
{
    d->client_offset = chunk->offset + taken;
    d->content.last_was_cr = false;
    note_taken(d, chunk, taken);
}

/* A variant: held from here on, until the server answers or the real end comes. */
static void hold_at_variant(struct dialogue *d, const struct stream_chunk *chunk, size_t taken)
{
    end_here(d, chunk, taken);
    message_of(d)->ended_by_variant = true;
    client_begin_hold(d, HOLD_VARIANT, d->content.command_item);
    if (d->flow->side[!d->client_direction].packets == 0 && d->content.crlf_lines == 0)
        hold_decide_by_reading(d);
}

static void end_as_judged(struct dialogue *d, const struct stream_chunk *chunk, size_t taken,
                          enum line_judgement judged)
{
    if (judged == LINE_VARIANT) {
        hold_at_variant(d, chunk, taken);
        return;
    }
    end_here(d, chunk, taken);
    d->mode = CLIENT_COMMANDS;
    content_end(d, true, moment_of(chunk));
    pairing_mark_uncertain(d, chunk->acked);
}

void content_go_on(struct dialogue *d)
{
    bool has_cr = d->content.held_kind == EOD_LF_DOT_CRLF;

    message_of(d)->ended_by_variant = false;
    message_of(d)->dot_lines++;
    content_add(d, message_of(d), has_cr ? BYTES("\r\n") : BYTES("\n"));
    note_line_end(d, has_cr, has_cr ? 3 : 2);
}

/* The line in `edge`, of which `taken` bytes came in this chunk, is text. */
static void store_edge(struct dialogue *d, const struct stream_chunk *chunk, size_t taken)
{
    struct content_state *content = &d->content;
    struct bytes line = { content->edge, content->edge_len + taken };
    size_t variant = note_dot_line(d, line, message_of(d)->wire_size - content->edge_len);

    content_add(d, message_of(d), bytes_from(line, 1));
    if (variant) {
        variant_follow(d, bytes_from(line, variant));
        variant_follow(d, bytes_from(chunk->data, taken));
    }
}

/* Continues a dot line whose first bytes came in an earlier chunk.  Returns what it took of this one. */
static size_t join_edge(struct dialogue *d, const struct stream_chunk *chunk, enum line_judgement *judged)
{
    struct content_state *content = &d->content;
    size_t lf = bytes_find(chunk->data, '\n'), take = lf == SIZE_MAX ? chunk->data.len : lf + 1;
    size_t room = sizeof content->edge - content->edge_len;
    bool is_longer = take > room || (lf == SIZE_MAX && take == room);

    *judged = LINE_TEXT;
    if (is_longer)
        take = room;
    memcpy(content->edge + content->edge_len, chunk->data.ptr, take);
    struct bytes line = { content->edge, content->edge_len + take };
    if (is_longer) { /* than any end of data */
        store_edge(d, chunk, take);
        content->line_length = line.len;
        content->at_line_start = false;
        content->last_was_cr = line.ptr[line.len - 1] == '\r';
    } else if (lf == SIZE_MAX) {
        content->edge_len = line.len;
        return take;
    } else {
        *judged = judge_dot_line(d, line, message_of(d)->wire_size - content->edge_len, chunk->offset + take);
        if (*judged == LINE_TEXT) {
            store_edge(d, chunk, take);
            note_line_end(d, line.len >= 3 && line.ptr[line.len - 2] == '\r', line.len);
        }
    }
    content->edge_len = 0;
    return take;
}

/* The line that begins with a dot at `at`, whole up to `next`, or longer than any end of data. */
static enum line_judgement read_dot_line(struct dialogue *d, const struct stream_chunk *chunk, size_t at,
                                         size_t next)
{
    struct bytes line = bytes_slice(chunk->data, at, next - at);
    uint64_t offset = message_of(d)->wire_size + at;
    bool is_whole = line.ptr[line.len - 1] == '\n';
    enum line_judgement judged = is_whole ? judge_dot_line(d, line, offset, chunk->offset + next) : LINE_TEXT;

    if (judged != LINE_TEXT)
        return judged;
    size_t variant = note_dot_line(d, bytes_slice(line, 0, sizeof d->content.edge), offset);
    if (variant)
        variant_follow(d, bytes_from(chunk->data, at + variant));
    return LINE_TEXT;
}

/* As far as nothing out of the ordinary comes; returns up to where. */
static size_t read_plain(struct dialogue *d, struct bytes data, size_t at)
{
    struct content_state *content = &d->content;
    struct message *message = message_of(d);
    bool was_cr = at ? data.ptr[at - 1] == '\r' : content->last_was_cr;
    struct plain_text text = { .at_line_start = content->at_line_start,
                               .last_was_cr = was_cr,
                               .line_length = content->line_length,
                               .longest_line = message->longest_line };
    size_t end = plain_text_read(data, at, &text);

    if (end == at)
        return at;
    content->at_line_start = text.at_line_start;
    content->line_length = text.line_length;
    content->crlf_lines += text.lines;
    content->after_crlf = content->after_crlf || text.lines > 0;
    message->longest_line = text.longest_line;
    /* As long as the content is read, those of CRLF count. */
    message->bare_cr_count += text.lines + text.last_was_cr - was_cr;
    message->has_8bit = message->has_8bit || text.has_8bit;
    return end;
}

/* Whole lines and the rest of this chunk. */
static size_t read_lines(struct dialogue *d, const struct stream_chunk *chunk, size_t at)
{
    struct content_state *content = &d->content;
    struct bytes data = chunk->data;
    size_t stored = at; /* up to here bytes are stored */

    while ((at = read_plain(d, data, at)) < data.len) {
        bool is_dot = content->at_line_start && data.ptr[at] == '.';
        const uint8_t *lf = memchr(data.ptr + at, '\n', data.len - at);
        size_t next = lf ? (size_t)(lf - data.ptr) + 1 : data.len;
        if (is_dot) {
            store(d, message_of(d), bytes_slice(data, stored, at - stored));
            stored = at + 1;
            if (!lf && next - at < sizeof content->edge) { /* too short to tell */
                content->edge_len = next - at;
                memcpy(content->edge, data.ptr + at, content->edge_len);
                content->last_was_cr = false;
                return data.len;
            }
            enum line_judgement judged = read_dot_line(d, chunk, at, next);
            if (judged != LINE_TEXT) {
                end_as_judged(d, chunk, next, judged);
                return next;
            }
        }
        count(message_of(d), bytes_slice(data, at, next - at));
        if (lf) {
            note_line_end(d, next >= 2 ? data.ptr[next - 2] == '\r' : content->last_was_cr, next - at);
        } else {
            content->at_line_start = false;
            content->line_length += next - at;
        }
        at = next;
    }
    store(d, message_of(d), bytes_from(data, stored));
    content->last_was_cr = data.ptr[data.len - 1] == '\r';
    return data.len;
}

size_t content_read(struct dialogue *d, const struct stream_chunk *chunk)
{
    enum line_judgement judged = LINE_TEXT;
    size_t taken = 0;

    if (d->content.message >= d->session->message_count)
        return chunk->data.len; /* a ceiling was reached */
    if (!content_item(d, moment_of(chunk), chunk->acked))
        return chunk->data.len;
    if (d->content.behind.is_open)
        variant_follow(d, chunk->data);
    if (d->content.edge_len)
        taken = join_edge(d, chunk, &judged);
    if (judged != LINE_TEXT) {
        end_as_judged(d, chunk, taken, judged);
        return taken;
    }
    if (taken < chunk->data.len)
        taken = read_lines(d, chunk, taken);
    if (d->mode == CLIENT_CONTENT)
        note_taken(d, chunk, taken);
    return taken;
}

void content_hole(struct dialogue *d, const struct stream_hole *hole)
{
    struct content_state *content = &d->content;

    if (content->message >= d->session->message_count)
        return;
    store_cut_edge(d);
    message_of(d)->bare_cr_count -= content->last_was_cr; /* half of a line end, for all that is known */
    content->last_was_cr = false;
    content->at_line_start = false;
    content->after_crlf = true; /* not known: the strict end of data is taken for one */
    message_of(d)->missing_bytes += hole->length;
    d->may_be_astray = true;
    d->client_offset = hole->offset + hole->length;
    (void)content_item(d, (struct moment){ hole->time_ns, { hole->input, hole->number } }, UINT64_MAX);
    client_begin_hold(d, HOLD_CONTENT_GAP, content->command_item);
}

void content_behind_hole(struct dialogue *d, struct bytes data)
{
    if (data.ptr[0] != '\n' || d->content.message >= d->session->message_count)
        return;
    d->content.last_was_cr = true; /* it is among what is missing */
    message_of(d)->bare_cr_count++;
}
