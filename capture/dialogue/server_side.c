/* The server's stream: reply lines put together to replies (RFC 5321 4.2). */
#include "dialogue/state.h"

struct server_line {
    struct bytes text; /* without its end */
    enum line_end end;
    struct moment first;
    uint64_t acked;
    uint64_t end_offset;
};

static void add_junk(struct dialogue *d, const struct server_line *line, struct moment at)
{
    struct session *session = d->session;
    struct item *last = session->item_count ? &session->items[session->item_count - 1] : NULL;

    if (last && last->kind == ITEM_JUNK) {
        last->as.junk_length += line->text.len + 1;
        dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, last));
        return;
    }
    struct item *item = session_add_item(session, ITEM_JUNK);
    if (!item)
        return;
    if (session->reply_count == 0)
        foreign_note(d, SIDE_SERVER, line->text);
    item->first = line->first;
    item->at = at;
    item->as.junk_length = line->text.len + 1;
    dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, item));
}

enum { LINES_FIRST = 16 }; /* of a reply with more than one: hardly any answer to EHLO is longer */

/* The capacity of reply->lines follows from their count: it need not be kept. */
static bool is_full(const struct reply *reply)
{
    uint32_t count = reply->line_count;

    return count == 1 || (count >= LINES_FIRST && (count & (count - 1)) == 0);
}

static void add_text(struct dialogue *d, struct reply *reply, struct bytes text)
{
    if (reply->line_count >= LIMIT_REPLY_LINES) {
        reply->lines_dropped++;
        return;
    }
    if (is_full(reply)) {
        uint32_t cap = reply->line_count < LINES_FIRST ? LINES_FIRST : reply->line_count * 2;
        struct bytes *lines = ARENA_ARRAY(&d->session->arena, struct bytes, cap);
        if (!lines) {
            reply->lines_dropped++;
            return;
        }
        if (reply->line_count)
            memcpy(lines, reply->lines, reply->line_count * sizeof *lines);
        reply->lines = lines;
    }
    reply->lines[reply->line_count++] = arena_copy(&d->session->arena, text);
}

static bool note_reply_end(struct dialogue *d, uint64_t end_offset)
{
    void *ends = d->reply_ends;

    if (d->reply_count >= LIMIT_SESSION_ITEMS
        || !arena_grow(&d->session->arena, &ends, d->reply_count, &d->reply_ends_cap, sizeof *d->reply_ends))
        return false;
    d->reply_ends = ends;
    d->reply_ends[d->reply_count++] = end_offset;
    return true;
}

/* A credential was said, or may have been: half a line may be the begin of its echo. */
static bool may_echo(const struct dialogue *d)
{
    const struct session *session = d->session;

    if (session->exchange_count > 0 || d->client_line.is_begun)
        return true;
    for (size_t i = 0; i < session->item_count; i++)
        if (session->items[i].kind == ITEM_SASL
            || (session->items[i].kind == ITEM_COMMAND && session->items[i].as.command.verb == VERB_UNKNOWN))
            return true;
    return false;
}

static void finish_reply(struct dialogue *d, struct reply *reply, const struct server_line *line,
                         struct moment at)
{
    d->building = NULL;
    reply->is_complete = line->end != LINE_END_NONE;
    reply->at = at;
    reply->ordinal = ++d->session->reply_count;
    if (reply->line_count)
        (void)!enhanced_code_parse(reply->lines[0], &reply->enhanced);
    if (d->client_line.is_begun)
        unended_hide_echo(d, reply);
    if (!reply->is_complete && may_echo(d)) {
        reply->is_redacted = true;
        reply->line_count = 0;
    }
    if (!note_reply_end(d, line->end_offset))
        d->session->is_truncated = true;
    if (!d->is_guess || pairing_reply_says(reply, BYTES("SMTP")) || pairing_reply_says(reply, BYTES("LMTP")))
        dialogue_saw_smtp(d);
    pairing_reply(d, reply, line->acked);
}

static struct reply *begin_reply(struct dialogue *d, const struct server_line *line, uint16_t code)
{
    struct begun {
        struct reply reply;
        struct bytes first_line; /* most have no other */
    } *begun = ARENA_NEW(&d->session->arena, struct begun);

    if (!begun) {
        d->session->is_truncated = true;
        return NULL;
    }
    struct reply *reply = &begun->reply;
    reply->lines = &begun->first_line;
    reply->code = code;
    reply->first = line->first;
    d->building_acked = line->acked;
    reply->is_after_gap = d->is_server_behind_gap;
    reply->lines_dropped = d->cuts_next_reply;
    d->cuts_next_reply = false;
    d->is_server_behind_gap = false;
    return reply;
}

/* A reply may have ended in front of the line, or with it. */
static void lose_line(struct dialogue *d, uint64_t end_offset)
{
    d->building = NULL;
    d->lost_server_bytes = true;
    d->server_hole_end = end_offset;
    pairing_server_hole(d);
}

/* While the reply was not complete the server has read more: its end is missing. */
static bool is_cut_off(const struct dialogue *d, const struct server_line *line)
{
    return d->has_lost && line->acked != UINT64_MAX && line->acked > d->building_acked;
}

static void take_line(struct dialogue *d, const struct server_line *line, struct moment at)
{
    struct reply_line parsed;

    if (d->building && is_cut_off(d, line))
        lose_line(d, d->server_offset);
    struct reply *reply = d->building;
    if (!reply_line_parse(line->text, &parsed)) {
        if (!reply) {
            add_junk(d, line, at);
            return;
        }
        reply->has_odd_line = true;
        add_text(d, reply, line->text);
        return;
    }
    if (!reply) {
        reply = begin_reply(d, line, parsed.code);
        if (!reply)
            return;
    }
    reply->has_mixed_codes = reply->has_mixed_codes || parsed.code != reply->code;
    reply->has_odd_line = reply->has_odd_line || parsed.is_odd;
    reply->has_bare_lf = reply->has_bare_lf || line->end == LINE_END_LF;
    if (line->end == LINE_END_LF)
        d->session->side[SIDE_SERVER].bare_lf_lines++;
    add_text(d, reply, parsed.text);
    reply->at = at;
    d->building = reply;
    if (parsed.is_last)
        finish_reply(d, reply, line, at);
}

/* Codes that servers give (RFC 5321 4.2.3, RFC 4954 6, RFC 1846, RFC 2645 5), which the end of a line
 * seldom begins with: "576" may be the end of "250-SIZE 1048576", and "256 EXTERNAL" that of a list of
 * mechanisms. */
static bool is_known_code(uint16_t code)
{
    static const uint16_t codes[] = { 211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 430, 432,
                                      450, 451, 452, 454, 455, 458, 459, 500, 501, 502, 503, 504, 521,
                                      523, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556, 571 };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i] == code)
            return true;
    return false;
}

/* Behind a hole: the rest of the line that the hole cut, unless it reads as a line of its own: a code, and
 * what stands behind one. */
static bool is_fragment(struct dialogue *d, const struct server_line *line)
{
    struct reply_line parsed;
    bool skips = d->skips_server_line;

    d->skips_server_line = false;
    return skips
           && (!reply_line_parse(line->text, &parsed) || !is_known_code(parsed.code) || line->text.len < 4);
}

/* One line, or what there is of one; returns how many bytes it took. */
static size_t read_line(struct dialogue *d, const struct stream_chunk *chunk)
{
    struct line *partial = &d->server_line;
    size_t lf = bytes_find(chunk->data, '\n');

    if (lf == SIZE_MAX) {
        line_append(partial, chunk->data, chunk);
        return chunk->data.len;
    }
    struct bytes part = bytes_slice(chunk->data, 0, lf);
    struct server_line line = { .text = part, .first = moment_of(chunk), .acked = chunk->acked };
    bool is_whole = true, has_cr = line_ends_in_cr(partial, part);
    if (partial->is_begun) {
        line_append(partial, part, chunk);
        line.text = buf_bytes(&partial->kept);
        line.first = partial->first;
        line.acked = partial->acked;
        is_whole = line.text.len == partial->length;
    }
    line.end = has_cr ? LINE_END_CRLF : LINE_END_LF;
    line.text.len -= has_cr && is_whole;
    line.end_offset = chunk->offset + lf + 1;
    if (is_fragment(d, &line))
        lose_line(d, line.end_offset);
    else
        take_line(d, &line, moment_of(chunk));
    if (partial->is_begun)
        line_clear(partial);
    return lf + 1;
}

/* The first record of a TLS server where a reply was due: no reply begins with such an octet. */
static bool begins_as_tls(const struct dialogue *d, const struct stream_chunk *chunk)
{
    struct bytes data = chunk->data;

    if (d->server_line.is_begun || d->building || data.ptr[0] < 0x14 || data.ptr[0] > 0x17)
        return false;
    return data.len < 2 || data.ptr[1] == 3;
}

/* The client has begun with TLS.  A server that knows nothing of it goes on in clear: its greeting, its
 * complaint. */
static bool is_ciphertext(struct dialogue *d, const struct stream_chunk *chunk)
{
    const struct session *session = d->session;

    if (!session->is_tls || d->is_server_tls)
        return session->is_tls;
    bool is_junk = session->item_count > 0 && session->items[session->item_count - 1].kind == ITEM_JUNK;
    d->is_server_tls = is_junk || begins_as_tls(d, chunk);
    d->is_tls_refused = !d->is_server_tls;
    return d->is_server_tls;
}

void server_read(struct dialogue *d, const struct stream_chunk *chunk)
{
    const struct stream_chunk *now = chunk->data.len ? chunk : NULL;
    struct stream_chunk rest;

    if (chunk->acked != UINT64_MAX && chunk->acked > 0)
        d->acks_work = true;
    while (now) {
        if (!d->session->is_tls && begins_as_tls(d, now))
            client_start_tls(d, SIDE_SERVER, now);
        if (d->is_open ? d->mode == CLIENT_TLS : is_ciphertext(d, now)) {
            if (!d->is_open)
                tls_read(d, SIDE_SERVER, now);
            return;
        }
        size_t taken = read_line(d, now);
        d->server_offset = now->offset + taken;
        now = chunk_behind(now, taken, &rest);
        if (d->hold.reason == HOLD_BDAT_REFUSED && now) { /* from here on both sides are held */
            if (!hold_keep(d, SIDE_SERVER, now))
                bdat_decide(d);
            else
                return;
        }
    }
}

/* Nothing of what the server sent is missing. */
static bool has_whole_server(const struct dialogue *d)
{
    const struct flow_side_facts *server = &d->flow->side[!d->client_direction];

    return server->fin_ns && server->missing_bytes == 0 && !d->lost_server_bytes
           && (!d->session->is_tls || d->is_open);
}

/* What there is of a line; too short a code may be another one. */
static void take_partial_line(struct dialogue *d)
{
    struct bytes text = buf_bytes(&d->server_line.kept);
    struct server_line line = { .first = d->server_line.first, .acked = d->server_line.acked };
    struct reply_line parsed;

    line.text = bytes_slice(text, 0, text.len - line_ends_in_cr(&d->server_line, (struct bytes){ NULL, 0 }));
    line.end_offset = d->server_offset;
    if (line.text.len < 4 || !reply_line_parse(line.text, &parsed))
        return;
    struct reply *reply = d->building ? d->building : begin_reply(d, &line, parsed.code);
    if (!reply)
        return;
    add_text(d, reply, parsed.text);
    d->building = reply;
    d->building_acked = line.acked;
    reply->at = line.first;
}

void server_end(struct dialogue *d)
{
    if (!has_whole_server(d) || d->skips_server_line)
        return;
    if (d->server_line.is_begun)
        take_partial_line(d);
    if (!d->building)
        return;
    struct server_line none = { .acked = d->building_acked, .end_offset = d->server_offset };
    struct reply *reply = d->building;
    finish_reply(d, reply, &none, reply->at);
}
