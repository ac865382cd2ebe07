/* What logs leave out of a dialogue: contents, replies, credentials, the handshake of TLS.  It is told here,
 * so that the rest of the dialogue is read as ever. */
#include "dialogue/state.h"

enum dialogue_mode dialogue_mode(const struct dialogue *d)
{
    switch (d->mode) {
    case CLIENT_CONTENT:
    case CLIENT_CHUNK:
        return DIALOGUE_CONTENT;
    case CLIENT_SASL:
        return DIALOGUE_SASL;
    case CLIENT_HELD:
    case CLIENT_UNSURE:
        return DIALOGUE_WAITS;
    case CLIENT_START:
    case CLIENT_COMMANDS:
    case CLIENT_TLS:
    case CLIENT_MODE_COUNT:
        break;
    }
    return DIALOGUE_COMMANDS;
}

/* How much is missing, nobody knows: one octet stands for it. */
static struct stream_hole hole_at(const struct dialogue *d, struct moment at, uint64_t length)
{
    return (struct stream_hole){ .offset = d->client_offset,
                                 .length = length,
                                 .time_ns = at.time_ns,
                                 .input = at.packet.input,
                                 .number = at.packet.number };
}

uint64_t dialogue_skip_content(struct dialogue *d, struct moment at)
{
    struct stream_hole hole = hole_at(d, at, 1);

    if (d->mode != CLIENT_CONTENT)
        return 0;
    content_hole(d, &hole);
    d->hold.reason = HOLD_NONE;
    content_end(d, true, at);
    client_resume(d, CLIENT_COMMANDS);
    return hole.length;
}

uint64_t dialogue_skip_chunk(struct dialogue *d, struct moment at)
{
    struct stream_hole hole = hole_at(d, at, d->chunk_left);

    bool is_refused =
        d->mode == CLIENT_HELD && (d->hold.reason == HOLD_BDAT_REFUSED || d->hold.reason == HOLD_BDAT);
    if (is_refused && !d->hold.first) /* and its octets were sent, or were not: they are not shown */
        client_resume(d, CLIENT_COMMANDS);
    if (d->mode != CLIENT_CHUNK)
        return 0;
    bdat_hole(d, &hole);
    return hole.length;
}

void dialogue_leave_out_greeting(struct dialogue *d)
{
    d->has_greeting = true;
}

void dialogue_skip_replies(struct dialogue *d)
{
    d->pending_count = 0;
    if (d->mode == CLIENT_HELD && d->hold.first)
        hold_decide_by_reading(d);
    else if (d->mode == CLIENT_HELD || d->mode == CLIENT_SASL)
        client_resume(d, CLIENT_COMMANDS);
}

void dialogue_hide_next(struct dialogue *d)
{
    d->hides_next = true;
}

void dialogue_tell_refusal(struct dialogue *d, struct bytes text, bool is_temporary, bool is_of_message)
{
    struct log_refusal refusal = { .command = d->session->command_count,
                                   .is_temporary = is_temporary,
                                   .is_of_message = is_of_message,
                                   .text = bytes_slice(text, 0, LIMIT_LINE) };

    if (refusal.command)
        (void)!session_add_log_refusal(d->session,
                                       refusal); /* one more in a log that has hundreds says no more */
}

void dialogue_cut_next_reply(struct dialogue *d)
{
    d->cuts_next_reply = true;
}

void dialogue_enter_tls(struct dialogue *d, struct moment at)
{
    d->pending_count = 0; /* a reply to STARTTLS that is left out */
    if (d->mode == CLIENT_HELD)
        client_resume(d, CLIENT_COMMANDS);
    struct item *item = dialogue_add_item(d, ITEM_TLS, at, at);
    if (!item)
        return;
    item->as.tls = (struct tls_start){ .from = SIDE_NONE };
    dialogue_changed(d, CHANGE_ITEM_ADDED, item_index(d, item));
}
