/* What the client had begun to say when the connection ended: a line that nobody can have read as one. */
#include "dialogue/state.h"

enum {
    KEPT_MOST =
        256, /* octets of the line that are looked for in a reply: many may come while it is not ended */
    REPLY_MOST = 256, /* octets of a reply in which they are */
    ECHO_LEAST = 4    /* shorter ones are found in any text */
};

static bool may_be_secret(const struct dialogue *d, struct bytes text)
{
    enum verb verb = command_line_begun_verb(text);

    return d->mode == CLIENT_SASL || verb == VERB_UNKNOWN || verb == VERB_AUTH;
}

static enum unended_end end_of(struct bytes text)
{
    static const char spelt_out[] = "\\r\\n"; /* four characters */

    if (bytes_find_nocase(text, bytes_of(spelt_out)) != SIZE_MAX)
        return UNENDED_SPELT_OUT;
    return bytes_find(text, '\r') != SIZE_MAX ? UNENDED_CR : UNENDED_NOTHING;
}

void unended_keep(struct dialogue *d)
{
    struct bytes text = buf_bytes(&d->client_line.kept);

    if (!d->client_line.is_begun || d->lost_client_bytes || bytes_equal(text, BYTES("\r"))
        || (d->mode != CLIENT_COMMANDS && d->mode != CLIENT_SASL))
        return;
    d->session->unended = (struct unended_line){
        .length = d->client_line.length,
        .verb = may_be_secret(d, text) ? VERB_UNKNOWN : command_line_begun_verb(text),
        .end = end_of(text),
        .first = d->client_line.first,
    };
}

/* Any few octets of `said`, in a row. */
static bool repeats(struct bytes text, struct bytes said)
{
    for (size_t at = 0; at + ECHO_LEAST <= said.len; at++)
        if (bytes_find_nocase(text, bytes_slice(said, at, ECHO_LEAST)) != SIZE_MAX)
            return true;
    return false;
}

/* As it was sent, and what it is in base64. */
static bool repeats_either(struct bytes text, struct bytes said)
{
    struct buf decoded;

    buf_init(&decoded, KEPT_MOST);
    (void)base64_decode_loose(said, &decoded);
    bool is_there = repeats(text, said) || repeats(text, buf_bytes(&decoded));
    buf_release(&decoded);
    return is_there;
}

/* The part that may be a credential; empty where none is. */
static struct bytes suspect_part(const struct dialogue *d, struct bytes text)
{
    struct command_line line = command_line_parse(text);
    bool has_more = end_of(text) != UNENDED_NOTHING || bytes_find_nocase(text, BYTES("AUTH ")) != SIZE_MAX;

    if (d->mode == CLIENT_SASL || (line.verb == VERB_UNKNOWN && line.argument.len == 0))
        return text;
    if (line.verb == VERB_AUTH)
        return command_line_parse(line.argument).argument;
    return line.verb == VERB_UNKNOWN || has_more ? line.argument : (struct bytes){ NULL, 0 };
}

/* It answers what there is of the line, for nothing else is asked.  Only a farewell may be shown, if it does
 * not repeat anything. */
void unended_hide_echo(const struct dialogue *d, struct reply *reply)
{
    bool is_line = d->client_line.is_begun && (d->mode == CLIENT_COMMANDS || d->mode == CLIENT_SASL);

    if (!is_line || d->pending_count > 0)
        return;
    struct bytes said = suspect_part(d, bytes_slice(buf_bytes(&d->client_line.kept), 0, KEPT_MOST));
    bool is_echo = said.len > 0 && (reply->code != 421 || d->client_line.length > KEPT_MOST);
    size_t left = REPLY_MOST;
    for (uint32_t i = 0; said.len > 0 && i < reply->line_count && !is_echo; i++) {
        is_echo = reply->lines[i].len > left || repeats_either(reply->lines[i], said);
        left -= reply->lines[i].len < left ? reply->lines[i].len : left;
    }
    if (!is_echo)
        return;
    reply->is_redacted = true;
    reply->line_count = 0;
}
