/* Bytes held back until it is known how to read them, bounded like everything else. */
#include "dialogue/state.h"

#include <stdlib.h>

static bool link_held(struct dialogue *d, struct held *held)
{
    if (d->hold.last)
        d->hold.last->next = held;
    else
        d->hold.first = held;
    d->hold.last = held;
    d->hold.bytes += held->chunk.data.len;
    d->hold.is_mixed = d->hold.is_mixed || held->is_hole || held->from != SIDE_CLIENT;
    return true;
}

static struct held *make(struct dialogue *d, size_t len)
{
    if (len > LIMIT_HOLD - d->hold.bytes || !budget_take(d->options->budget, sizeof(struct held) + len))
        return NULL;
    struct held *held = calloc(1, sizeof *held + len);
    if (!held)
        budget_give(d->options->budget, sizeof *held + len);
    return held;
}

bool hold_keep(struct dialogue *d, enum side from, const struct stream_chunk *chunk)
{
    struct held *held = make(d, chunk->data.len);

    if (!held)
        return false;
    held->from = from;
    held->is_inside = d->is_open;
    held->chunk = *chunk;
    memcpy(held->bytes, chunk->data.ptr, chunk->data.len);
    held->chunk.data.ptr = held->bytes;
    if (from == SIDE_CLIENT && chunk->acked == UINT64_MAX)
        held->chunk.acked = d->server_offset; /* it cannot have seen what the server says only later */
    return link_held(d, held);
}

void hold_keep_hole(struct dialogue *d, enum side from, const struct stream_hole *hole)
{
    struct held *held = make(d, 0);

    if (!held)
        return;
    held->from = from;
    held->is_hole = true;
    held->is_inside = d->is_open;
    held->hole = *hole;
    link_held(d, held);
}

struct held *hold_detach(struct dialogue *d)
{
    struct held *first = d->hold.first;

    d->hold = (struct hold){ 0 };
    return first;
}

void hold_put_back(struct dialogue *d, const struct hold *rest)
{
    d->hold.last->next = rest->first;
    d->hold.last = rest->last;
    d->hold.bytes += rest->bytes;
}

void hold_free(struct dialogue *d, struct held *held)
{
    budget_give(d->options->budget, sizeof *held + held->chunk.data.len);
    free(held);
}

void hold_clear(struct dialogue *d)
{
    for (struct held *held = hold_detach(d), *next; held; held = next) {
        next = held->next;
        hold_free(d, held);
    }
}

void hold_join(const struct dialogue *d, uint64_t until, struct buf *out)
{
    for (const struct held *held = d->hold.first; held && !held->is_hole; held = held->next) {
        if (held->from != SIDE_CLIENT || held->chunk.offset >= until)
            continue;
        uint64_t room = until - held->chunk.offset;
        buf_append(out, bytes_slice(held->chunk.data, 0, room > SIZE_MAX ? SIZE_MAX : (size_t)room));
    }
}

bool hold_has_end(const struct dialogue *d)
{
    struct buf text;

    buf_init(&text, LIMIT_HOLD + 1);
    hold_join(d, UINT64_MAX, &text);
    bool has_end = bytes_starts_nocase(buf_bytes(&text), BYTES(".\r\n"))
                   || bytes_find_nocase(buf_bytes(&text), BYTES("\r\n.\r\n")) != SIZE_MAX;
    buf_release(&text);
    return has_end;
}

/* The first line of the client, without its LF; no more than that, for a group is asked about each of its
 * lines. */
static void join_first_line(const struct dialogue *d, struct buf *out)
{
    for (const struct held *held = d->hold.first; held && !held->is_hole; held = held->next) {
        if (held->from != SIDE_CLIENT)
            continue;
        size_t end = bytes_find(held->chunk.data, '\n');
        buf_append(out, bytes_slice(held->chunk.data, 0, end));
        if (end != SIZE_MAX)
            return;
    }
}

bool hold_begins_with_command(const struct dialogue *d)
{
    struct buf text;

    buf_init(&text, LIMIT_HOLD + 1);
    join_first_line(d, &text);
    struct bytes line = buf_bytes(&text);
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    bool is_command = client_line_is_command(line);
    buf_release(&text);
    return is_command;
}

bool hold_is_behind_hole(const struct dialogue *d)
{
    const struct held *first = d->hold.first;

    return d->hold.reason == HOLD_VARIANT && first && !first->is_hole && first->chunk.acked != UINT64_MAX
           && first->chunk.acked >= d->server_hole_end;
}

/* A refusal answers either: then the line is neither. */
void hold_decide_response(struct dialogue *d, const struct reply *reply)
{
    if (reply->code < 400) {
        d->awaits_behind_hole = false;
        client_resume(d, verb_takes_code(VERB_AUTH, reply->code) ? CLIENT_SASL : CLIENT_COMMANDS);
        return;
    }
    hold_decide_by_reading(d);
    pairing_client_hole(d);
}

static bool begins_as_tls(const struct dialogue *d)
{
    return d->hold.first && !d->hold.first->is_hole && bytes_are_tls(d->hold.first->chunk.data);
}

/* Nothing but line feeds ends the client's lines, those of its commands too, if any were seen. */
static bool ends_in_feeds(const struct dialogue *d)
{
    bool has_commands = !d->content.is_unknown;

    return d->content.crlf_lines == 0 && (!has_commands || d->session->side[SIDE_CLIENT].bare_lf_lines > 0);
}

void hold_decide_by_reading(struct dialogue *d)
{
    switch (d->hold.reason) {
    case HOLD_DATA:
        if (hold_begins_with_command(d) && !hold_has_end(d)) {
            client_resume(d, CLIENT_COMMANDS);
        } else {
            d->guesses_content = true;
            d->has_lost = true;
            content_begin(d, d->held_item, false);
            client_resume(d, CLIENT_CONTENT);
        }
        break;
    case HOLD_AUTH:
        if (d->awaits_behind_hole)
            d->skips = SKIP_LINE;
        d->awaits_behind_hole = false;
        client_resume(d, hold_begins_with_command(d) ? CLIENT_COMMANDS : CLIENT_SASL);
        break;
    case HOLD_STARTTLS:
        client_resume(d, begins_as_tls(d) ? CLIENT_TLS : CLIENT_COMMANDS);
        break;
    case HOLD_BDAT:
        if (hold_begins_with_command(d)) { /* where CHUNKING was not offered, and a refusal may be missing */
            client_resume(d, CLIENT_COMMANDS);
        } else {
            if (d->recipients == 0 && d->lost_server_bytes)
                pairing_client_hole(d); /* refused, most likely, and what came behind it read as its lines */
            bdat_begin_chunk(d);
            client_resume(d, CLIENT_CHUNK);
        }
        break;
    case HOLD_VARIANT: /* nobody took it for the end */
        if (ends_in_feeds(d)) {
            content_end(d, true, d->session->messages[d->content.message].last);
            client_resume(d, CLIENT_COMMANDS);
        } else {
            d->content.plain_until = UINT64_MAX;
            content_go_on(d);
            client_resume(d, CLIENT_CONTENT);
        }
        break;
    case HOLD_CONTENT_GAP:
        client_resume(d, CLIENT_CONTENT);
        break;
    case HOLD_UNSURE:
        unsure_decide(d, UINT64_MAX, 0);
        break;
    case HOLD_BDAT_REFUSED:
        bdat_decide(d);
        break;
    case HOLD_NONE:
        client_resume(d, CLIENT_COMMANDS);
        break;
    }
}

static bool is_held_gap(const struct dialogue *d)
{
    return d->mode == CLIENT_HELD && d->hold.reason == HOLD_CONTENT_GAP;
}

/* What does not read as a command is content still, so the end lies behind it: at the next hole, or at the
 * end of what is held. */
void hold_end_content(struct dialogue *d, struct moment at)
{
    for (size_t left = SIZE_MAX; is_held_gap(d) && d->hold.bytes < left && !hold_begins_with_command(d);) {
        left = d->hold.bytes;
        client_resume(d, CLIENT_CONTENT);
    }
    if (!is_held_gap(d) && d->mode != CLIENT_CONTENT)
        return; /* the end was there after all */
    content_end(d, false, at);
    pairing_client_hole(d); /* in which commands may have been as well */
    if (is_held_gap(d)) {
        d->hold.reason = HOLD_UNSURE;
        d->mode = CLIENT_UNSURE;
    } else {
        unsure_begin(d);
    }
    d->is_behind_gap = true;
}
