/* The client's stream: lines, and what each begins. */
#include "dialogue/state.h"

enum {
    LINE_KEPT_FIRST = 512,
    FLIGHT_PACKETS = 16, /* hardly anybody sends more at once, and nobody waits for longer, unacknowledged */
    FLIGHT_NS = 1000000000,
};

void line_init(struct line *line)
{
    *line = (struct line){ 0 };
    buf_init(&line->kept, LIMIT_LINE);
}

void line_release(struct line *line)
{
    buf_release(&line->kept);
}

void line_clear(struct line *line)
{
    struct buf kept = line->kept;

    buf_clear(&kept);
    *line = (struct line){ .kept = kept };
}

/* A part of a line that is not whole in one chunk. */
void line_append(struct line *line, struct bytes part, const struct stream_chunk *chunk)
{
    bool is_stray_cr = line->length == 1 && line->last_byte == '\r'; /* of a line end that is LF CR */
    if (!line->is_begun || is_stray_cr) {
        line->is_begun = true;
        line->first = moment_of(chunk);
        line->acked = chunk->acked;
    }
    if (part.len == 0)
        return;
    size_t room = line->kept.max - line->kept.len;
    (void)buf_append(&line->kept, bytes_slice(part, 0, room));
    line->length += part.len;
    line->last_byte = part.ptr[part.len - 1];
}

bool line_ends_in_cr(const struct line *line, struct bytes last)
{
    return last.len ? last.ptr[last.len - 1] == '\r' : line->is_begun && line->last_byte == '\r';
}

/* A whole line: what is kept of it, without its end. */
struct whole_line {
    struct bytes text;
    uint64_t length;
    enum line_end end;
    struct moment first;
    uint64_t acked;
    uint64_t end_offset;
};

bool bytes_are_tls(struct bytes data)
{
    return data.len > 0 && data.ptr[0] == TLS_HANDSHAKE && (data.len < 2 || data.ptr[1] == 3);
}

/* Any record of TLS, where a connection is picked up midway. */
static bool bytes_are_record(struct bytes data)
{
    return data.len >= 3 && data.ptr[0] >= 0x14 && data.ptr[0] <= 0x17 && data.ptr[1] == 3
           && data.ptr[2] <= 4;
}

bool client_line_is_command(struct bytes line)
{
    struct command_line command = command_line_parse(line);
    struct bytes argument = command.argument;

    switch (command.verb) {
    case VERB_MAIL:
        return bytes_starts_nocase(argument, BYTES("FROM"));
    case VERB_RCPT:
        return bytes_starts_nocase(argument, BYTES("TO"));
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        return bytes_find(argument, ' ') == SIZE_MAX;
    case VERB_BDAT:
        return argument.len > 0 && ascii_is_digit(argument.ptr[0]);
    case VERB_DATA:
    case VERB_RSET:
    case VERB_QUIT:
    case VERB_STARTTLS:
        return argument.len == 0;
    case VERB_AUTH:
    case VERB_NOOP:
    case VERB_VRFY:
    case VERB_EXPN:
    case VERB_ETRN:
    case VERB_ATRN:
    case VERB_XCLIENT:
    case VERB_XFORWARD:
    case VERB_BURL:
        return bytes_equal(command.word,
                           bytes_of(verb_name(command.verb))); /* in prose they are lower case */
    case VERB_HELP:
        return argument.len == 0 && bytes_equal(command.word, BYTES("HELP"));
    case VERB_TURN:
    case VERB_SEND:
    case VERB_SOML:
    case VERB_SAML:
    case VERB_UNKNOWN:
    case VERB_COUNT:
        break;
    }
    return false;
}

void client_begin_hold(struct dialogue *d, enum hold_reason reason, uint32_t item)
{
    d->mode = CLIENT_HELD;
    d->hold.reason = reason;
    d->held_item = item;
}

/* A server that is not captured answers nothing: nobody is to be waited for.  Where the capture begins in the
 * middle, it may only not have had its turn yet. */
static bool server_is_silent(const struct dialogue *d)
{
    const struct flow_info *flow = d->flow;

    if (flow->side[!d->client_direction].packets > 0)
        return false;
    return !flow->is_midstream || flow->side[d->client_direction].packets > FLIGHT_PACKETS
           || flow->last_ns > flow->start_ns + FLIGHT_NS;
}

/* Held again right behind the next command that needs it: then the rest waits with it, all of it, however
 * many commands a group has. */
static bool waits_again(const struct dialogue *d, const struct hold *rest)
{
    enum hold_reason reason = d->hold.reason;
    bool is_for_reply =
        reason == HOLD_DATA || reason == HOLD_AUTH || reason == HOLD_STARTTLS || reason == HOLD_BDAT;

    return d->mode == CLIENT_HELD && is_for_reply && d->hold.first && !rest->is_mixed && !d->lost_server_bytes
           && !server_is_silent(d) && rest->first->is_inside == d->is_open;
}

void client_resume(struct dialogue *d, enum client_mode mode)
{
    struct hold rest = d->hold;

    (void)hold_detach(d);
    d->mode = mode;
    while (rest.first) {
        struct held *held = rest.first;
        if (waits_again(d, &rest)) {
            hold_put_back(d, &rest);
            return;
        }
        rest.first = held->next;
        rest.bytes -= held->chunk.data.len;
        if (!held->is_hole)
            dialogue_again(d, held->from, &held->chunk, held->is_inside);
        else if (held->is_inside)
            dialogue_take_hole(d, held->from, &held->hole);
        else
            dialogue_hole(d, held->from, &held->hole);
        hold_free(d, held);
    }
}

/* AUTH begins an exchange; an initial response is its first step (RFC 4954 4). */
static void begin_exchange(struct dialogue *d, const struct item *item)
{
    struct sasl_exchange *exchange = session_add_exchange(d->session);
    struct bytes argument = item->as.command.argument;

    if (!exchange)
        return;
    size_t end = 0;
    while (end < argument.len && argument.ptr[end] != ' ' && argument.ptr[end] != '\t')
        end++;
    struct bytes name = arena_copy(&d->session->arena, bytes_slice(argument, 0, end));
    struct buf upper;
    buf_init(&upper, LIMIT_LINE);
    for (size_t i = 0; i < name.len; i++)
        buf_append_u8(&upper, ascii_upper(name.ptr[i]));
    exchange->mechanism = arena_copy(&d->session->arena, buf_bytes(&upper));
    buf_release(&upper);
    exchange->command_item = item_index(d, item);
    d->has_exchange = true;
    struct bytes initial = bytes_trim(bytes_from(argument, end));
    bool is_hidden = item->as.command.is_redacted;
    struct sasl_step *step = initial.len || is_hidden ? session_add_step(d->session, exchange) : NULL;
    if (step)
        *step = (struct sasl_step){ .from = SIDE_CLIENT,
                                    .at = item->at,
                                    .text = initial,
                                    .length = initial.len,
                                    .is_redacted = is_hidden,
                                    .is_hidden = is_hidden };
}

static void begin_what_follows(struct dialogue *d, uint32_t index)
{
    const struct item *item = &d->session->items[index];

    switch (item->as.command.verb) {
    case VERB_DATA:
        client_begin_hold(d, HOLD_DATA, index);
        break;
    case VERB_AUTH:
        begin_exchange(d, item);
        client_begin_hold(d, HOLD_AUTH, index);
        break;
    case VERB_STARTTLS:
        client_begin_hold(d, HOLD_STARTTLS, index);
        break;
    case VERB_BDAT:
        bdat_command(d, index, item->as.command.argument);
        break;
    case VERB_MAIL:
    case VERB_RSET:
    case VERB_EHLO:
    case VERB_HELO:
    case VERB_LHLO:
        d->open_bdat = 0; /* what comes by BDAT from here on is another message */
        break;
    case VERB_RCPT:
    case VERB_NOOP:
    case VERB_HELP:
    case VERB_VRFY:
    case VERB_EXPN:
    case VERB_QUIT:
    case VERB_ETRN:
    case VERB_ATRN:
    case VERB_TURN:
    case VERB_SEND:
    case VERB_SOML:
    case VERB_SAML:
    case VERB_XCLIENT:
    case VERB_XFORWARD:
    case VERB_BURL:
    case VERB_UNKNOWN:
    case VERB_COUNT:
        break;
    }
}

static struct item *add_line(struct dialogue *d, enum item_kind kind, const struct whole_line *line,
                             struct moment at)
{
    struct item *item = dialogue_add_item(d, kind, line->first, at);

    if (!item)
        return NULL;
    item->replies_seen = dialogue_replies_seen(d, line->acked);
    return item;
}

/* Verbs that no other protocol of the same kind has. */
static bool is_smtp_alone(enum verb verb)
{
    return verb_is_hello(verb) || verb == VERB_MAIL;
}

static void take_command(struct dialogue *d, const struct whole_line *line, struct moment at)
{
    bool is_pipelined = d->pending_count > 0
                        || (d->reply_count > 0 && dialogue_replies_seen(d, line->acked) < d->reply_count);
    struct item *item = add_line(d, ITEM_COMMAND, line, at);

    if (!item)
        return;
    struct bytes text = arena_copy(&d->session->arena, line->text);
    struct command *command = &item->as.command;
    enum verb verb = command_line_split(text, &command->word, &command->argument);
    command->verb = verb;
    command->line = text;
    command->line_length = line->length;
    command->line_end = line->end;
    command->has_bare_cr = bytes_find(text, '\r') != SIZE_MAX;
    command->is_before_greeting =
        !d->session->is_midstream && item->replies_seen == 0 && !server_is_silent(d);
    command->is_pipelined = is_pipelined && !server_is_silent(d);
    d->expects_body_lines = d->expects_body_lines && !client_line_is_command(text);
    command->is_body_line = d->expects_body_lines;
    if (line->end == LINE_END_LF)
        d->session->side[SIDE_CLIENT].bare_lf_lines++;
    command->is_redacted = d->hides_next;
    d->hides_next = false;
    uint32_t index = item_index(d, item);
    pairing_expect(d, EXPECT_COMMAND, index, line->end_offset, 1);
    pairing_mark_uncertain(d, line->acked);
    begin_what_follows(d, index);
    if (d->is_guess ? is_smtp_alone(verb) : verb != VERB_UNKNOWN)
        dialogue_saw_smtp(d);
    else if (item->as.command.n == 1 && !d->is_guess)
        foreign_note(d, SIDE_CLIENT, text);
    dialogue_changed(d, CHANGE_ITEM_ADDED, index);
    if (d->early)
        pairing_answer_early(d);
}

static void take_response(struct dialogue *d, const struct whole_line *line, struct moment at)
{
    struct item *item = add_line(d, ITEM_SASL, line, at);
    struct session *session = d->session;

    if (!item)
        return;
    /* A response whose AUTH is missing belongs to no exchange, and is a credential for all that is known. */
    *item->as.sasl = (struct sasl_step){ .from = SIDE_CLIENT,
                                         .at = at,
                                         .length = line->length,
                                         .is_redacted = d->hides_next,
                                         .is_hidden = d->hides_next };
    d->hides_next = false;
    if (d->has_exchange && session->exchange_count > 0) {
        struct sasl_step *step = session_add_step(session, &session->exchanges[session->exchange_count - 1]);
        item->as.sasl->text = arena_copy(&session->arena, line->text);
        if (step)
            *step = *item->as.sasl;
    }
    uint32_t index = item_index(d, item);
    pairing_expect(d, EXPECT_SASL, index, line->end_offset, 1);
    pairing_mark_uncertain(d, line->acked);
    client_begin_hold(d, HOLD_AUTH, index);
    dialogue_changed(d, CHANGE_ITEM_ADDED, index);
}

/* Behind a hole: what is left of the line that the hole cut is dropped, unless a command begins right there.
 */
static bool is_fragment(struct dialogue *d, const struct whole_line *line)
{
    enum skip skips = (enum skip)d->skips;

    d->skips = SKIP_NONE;
    if (skips != SKIP_FRAGMENT)
        return skips == SKIP_LINE;
    bool is_same_flight = d->lost_client_bytes && line->acked != UINT64_MAX && line->acked <= d->lost_since;
    return !client_line_is_command(line->text)
           || (is_same_flight && bytes_find(line->text, ' ') == SIZE_MAX); /* a word may end any line */
}

/* A word of base64, where the 334 that asks for it may be among what is missing. */
static bool is_late_response(const struct dialogue *d, const struct whole_line *line)
{
    struct bytes text = line->text;

    if (d->mode != CLIENT_COMMANDS || !d->has_exchange || d->server_hole_end == 0
        || client_line_is_command(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = ascii_upper(text.ptr[i]);
        if (!ascii_is_digit(c) && !(c >= 'A' && c <= 'Z') && c != '+' && c != '/' && c != '=')
            return false;
    }
    return text.len % 4 == 0 && command_line_parse(text).verb == VERB_UNKNOWN;
}

/* Content, perhaps, whose DATA or BDAT is missing, or whose end is; or a response whose AUTH or 334 is. */
static bool reads_astray(struct bytes line, bool is_lossy)
{
    return !client_line_is_command(line) && (is_lossy || command_line_parse(line).verb == VERB_UNKNOWN);
}

static void take_line(struct dialogue *d, const struct whole_line *line, const struct stream_chunk *chunk)
{
    if (d->clear_pending > 0)
        pairing_forget_clear(d);
    bool is_lossy = d->lost_client_bytes;
    if (d->lost_server_bytes || d->lost_client_bytes)
        pairing_client_went_on(d, line->acked);
    if (d->reply_count == 1)
        pairing_early_talker_went_on(d, line->acked);
    if (d->session->protocol == PROTOCOL_LMTP)
        pairing_reports_were_one(d, line->acked);
    bool is_astray = d->may_be_astray && d->mode != CLIENT_SASL && reads_astray(line->text, is_lossy);
    if (is_astray) {
        pairing_client_hole(d);
        d->is_behind_gap = true;
    }
    if (is_fragment(d, line) || is_late_response(d, line) || is_astray)
        return;
    if (d->mode == CLIENT_SASL)
        take_response(d, line, moment_of(chunk));
    else
        take_command(d, line, moment_of(chunk));
}

/* One line, or what there is of one; returns how many bytes it took. */
static size_t read_line(struct dialogue *d, const struct stream_chunk *chunk)
{
    struct line *partial = &d->client_line;
    size_t lf = bytes_find(chunk->data, '\n');

    if (lf == SIZE_MAX) {
        line_append(partial, chunk->data, chunk);
        d->client_offset = chunk->offset + chunk->data.len;
        return chunk->data.len;
    }
    struct bytes part = bytes_slice(chunk->data, 0, lf);
    struct whole_line line = {
        .first = moment_of(chunk), .acked = chunk->acked, .text = part, .length = part.len
    };
    if (partial->is_begun) {
        line_append(partial, part, chunk);
        line.first = partial->first;
        line.acked = partial->acked;
        line.text = buf_bytes(&partial->kept);
        line.length = partial->length;
    }
    bool has_cr = line_ends_in_cr(partial, part);
    if (has_cr) {
        if (line.text.len == line.length)
            line.text.len--;
        line.length--;
    }
    line.end = has_cr ? LINE_END_CRLF : LINE_END_LF;
    line.end_offset = chunk->offset + lf + 1;
    d->client_offset = line.end_offset;
    take_line(d, &line, chunk);
    if (partial->is_begun)
        line_clear(partial);
    return lf + 1;
}

/* Who began, and what stands before that in an unfinished line, whose end the server has taken for a
 * handshake. */
static struct tls_start tls_start_of(const struct dialogue *d, enum side from)
{
    size_t handshake = bytes_find(buf_bytes(&d->client_line.kept), TLS_HANDSHAKE);

    if (!d->client_line.is_begun || handshake == SIZE_MAX)
        return (struct tls_start){ .from = from, .plain_length = d->client_line.length };
    return (struct tls_start){ .from = SIDE_CLIENT, .plain_length = handshake };
}

void client_start_tls(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    struct session *session = d->session;

    d->mode = CLIENT_TLS;
    if (session->is_tls)
        return;
    session->is_tls = true;
    d->is_server_tls = from == SIDE_SERVER || d->lost_server_bytes || session->is_midstream;
    tls_begin(d, moment_of(chunk));
    struct item *item = dialogue_add_item(d, ITEM_TLS, moment_of(chunk), moment_of(chunk));
    if (!item)
        return;
    item->as.tls = tls_start_of(d, from);
    dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, item));
}

static const struct bytes plain_end = { (const uint8_t *)"\r\n.\r\n", 5 };

static bool all_has_end(const struct dialogue *d)
{
    struct buf text;

    buf_init(&text, LIMIT_HOLD + 1);
    hold_join(d, UINT64_MAX, &text);
    bool has_end =
        bytes_find_nocase(buf_bytes(&text), plain_end) != SIZE_MAX
        || (d->hold.reason == HOLD_CONTENT_GAP && bytes_starts_nocase(buf_bytes(&text), BYTES("\n.\r\n")))
        || (d->hold.reason == HOLD_VARIANT && d->content.held_kind == EOD_LF_DOT_CRLF
            && bytes_starts_nocase(buf_bytes(&text), BYTES(".\r\n")));
    buf_release(&text);
    return has_end;
}

/* In the newest octets, or where they meet those before them. */
static bool newest_has_end(const struct dialogue *d, struct bytes data)
{
    uint8_t seam[2 * sizeof d->hold.tail];
    size_t tail = sizeof d->hold.tail, take = data.len < tail ? data.len : tail;

    memcpy(seam, d->hold.tail, tail);
    memcpy(seam + tail, data.ptr, take);
    return bytes_find_nocase((struct bytes){ seam, tail + take }, plain_end) != SIZE_MAX
           || bytes_find_nocase(data, plain_end) != SIZE_MAX;
}

static void keep_hold_tail(struct hold *hold, struct bytes data)
{
    size_t tail = sizeof hold->tail, take = data.len < tail ? data.len : tail;

    memmove(hold->tail, hold->tail + take, tail - take);
    memcpy(hold->tail + tail - take, data.ptr + data.len - take, take);
    hold->searched = hold->bytes;
}

/* Held bytes that need no reply to be understood: a variant that is followed by the real end, or by much
 * more. Each is looked at once, however small the pieces are in which they come. */
static bool hold_is_plain(struct dialogue *d, struct bytes newest)
{
    if (d->hold.reason == HOLD_CONTENT_GAP && d->hold.bytes > LIMIT_HOLD_GAP)
        return true;
    if (d->hold.reason != HOLD_VARIANT && d->hold.reason != HOLD_CONTENT_GAP)
        return false;
    size_t before = d->hold.bytes - newest.len;
    bool is_searched = !d->hold.is_mixed && before >= sizeof d->hold.tail && d->hold.searched == before;
    bool has_end = is_searched ? newest_has_end(d, newest) : all_has_end(d);
    keep_hold_tail(&d->hold, newest);
    return has_end;
}

/* Held for a reply of one code alone, which no other can be mistaken for. */
static bool awaits_leave(const struct dialogue *d)
{
    return d->hold.reason == HOLD_DATA || d->hold.reason == HOLD_AUTH || d->hold.reason == HOLD_STARTTLS;
}

static void read_held(struct dialogue *d, const struct stream_chunk *chunk)
{
    if (d->hold.reason == HOLD_STARTTLS && !d->hold.first && bytes_are_tls(chunk->data)
        && (d->lost_server_bytes || server_is_silent(d))) {
        client_resume(d, CLIENT_TLS);
        client_start_tls(d, SIDE_CLIENT, chunk);
        dialogue_take(d, SIDE_CLIENT, chunk);
        return;
    }
    if (d->hold.reason == HOLD_CONTENT_GAP && !d->hold.first)
        content_behind_hole(d, chunk->data);
    bool is_refused = awaits_leave(d) && pairing_held_was_refused(d, chunk->acked);
    if (is_refused || !hold_keep(d, SIDE_CLIENT, chunk)) {
        bool was_open = d->is_open;
        if (is_refused)
            client_resume(d, CLIENT_COMMANDS);
        else
            hold_decide_by_reading(d);
        dialogue_again(d, SIDE_CLIENT, chunk, was_open);
        return;
    }
    bool is_lost =
        d->lost_server_bytes && pairing_saw_answer_in_hole(d, chunk->acked) && !hold_is_behind_hole(d);
    if (hold_is_plain(d, chunk->data)) {
        if (d->hold.reason == HOLD_VARIANT) {
            d->content.plain_until = chunk->offset + chunk->data.len;
            content_go_on(d);
        }
        client_resume(d, CLIENT_CONTENT);
    } else if ((server_is_silent(d) || (is_lost && d->hold.reason != HOLD_UNSURE))
               && bytes_find(chunk->data, '\n')
                      != SIZE_MAX) { /* whole lines only: a piece reads as nothing */
        if (is_lost)
            pairing_skip_held(d);
        d->awaits_behind_hole = is_lost && d->hold.reason == HOLD_AUTH && hold_begins_with_command(d);
        if (!d->awaits_behind_hole)
            hold_decide_by_reading(d);
    }
}

/* Apart from its callers: with this inside, dialogue_take is too large to be inlined where packets come in.
 */
static __attribute__((noinline)) size_t read_some(struct dialogue *d, const struct stream_chunk *chunk)
{
    switch (d->mode) {
    case CLIENT_CONTENT:
        return content_read(d, chunk);
    case CLIENT_CHUNK:
        return bdat_read(d, chunk);
    case CLIENT_TLS:
        if (!d->session->is_tls)
            client_start_tls(d, SIDE_CLIENT, chunk);
        if (!d->is_open) /* TLS inside TLS is not followed */
            tls_read(d, SIDE_CLIENT, chunk);
        return chunk->data.len;
    case CLIENT_HELD:
    case CLIENT_UNSURE:
        read_held(d, chunk);
        return chunk->data.len;
    case CLIENT_START:
    case CLIENT_COMMANDS:
    case CLIENT_SASL:
    case CLIENT_MODE_COUNT:
        break;
    }
    if (!d->client_line.is_begun && bytes_are_tls(chunk->data)) {
        client_start_tls(d, SIDE_CLIENT, chunk);
        return read_some(d, chunk);
    }
    return read_line(d, chunk);
}

void client_read(struct dialogue *d, const struct stream_chunk *chunk)
{
    struct stream_chunk rest;

    if (d->mode == CLIENT_START) {
        d->mode = CLIENT_COMMANDS;
        if (d->options->keylog && bytes_are_record(chunk->data))
            client_start_tls(d, SIDE_CLIENT, chunk);
        else if (d->session->is_midstream && !d->has_greeting && !d->session->log) /* whose lines are whole */
            unsure_begin(d);
    }
    for (const struct stream_chunk *now = chunk->data.len ? chunk : NULL; now;)
        now = chunk_behind(now, read_some(d, now), &rest);
}
