/* chasquid: what it logs of a connection; with tracing what was said, else the errors alone.
 *     2026-11-24 04:06:29.640562 _ conn.go:298        SMTP.Conn 198.51.100.1:45629: error: RCPT failed:
 * 503  5.5.1 Sender ...
 *     ... SMTP.Conn 198.51.100.1:45629: <- EHLO client.example
 *     ... SMTP.Conn 198.51.100.1:45629: -> 250  mx.example
 * The source is internal/smtpsrv/conn.go. */
#include "log/format_rows.h"
#include "log/marks.h"

static bool take_apart(struct bytes text, struct bytes *peer, struct bytes *rest)
{
    size_t at = log_text_find(text, "SMTP.Conn ");

    if (at == SIZE_MAX)
        return false;
    text = bytes_from(text, at + 10);
    size_t end = log_text_find(text, ": ");
    if (end == SIZE_MAX)
        return false;
    *peer = bytes_slice(text, 0, end);
    *rest = bytes_from(text, end + 2);
    return peer->len > 0 && bytes_find(*peer, ' ') == SIZE_MAX;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes peer, rest;

    return take_apart(line->text, &peer, &rest) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* "RCPT failed: 503  5.5.1 Sender not yet given" */
static void read_error(struct talk *talk, struct bytes text)
{
    struct bytes verb = log_text_word(&text);

    if (!log_text_skip(&text, "failed: ") || !log_text_is_command(verb))
        return;
    talk_skips_replies(talk);
    talk_say_part(talk, verb);
    talk_say(talk, SIDE_SERVER, text);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes peer, rest;

    if (!take_apart(line->text, &peer, &rest))
        return;
    struct talk *talk = log_talk(reader, line, peer);
    size_t colon = bytes_find(peer, ':');
    if (!talk_has_begun(talk) && colon != SIZE_MAX)
        talk_client(talk, bytes_slice(peer, 0, colon), marks_port(bytes_from(peer, colon + 1)));
    if (log_text_skip(&rest, "-> ")) {
        talk_say(talk, SIDE_SERVER, rest);
        talk_set_outward(talk, SIDE_SERVER);
    } else if (log_text_skip(&rest, "<- ")) {
        talk_say(talk, SIDE_CLIENT, rest);
        talk_set_outward(talk, SIDE_SERVER);
    } else if (talk_outward(talk) == SIDE_NONE && log_text_skip(&rest, "error: ")) {
        read_error(talk, rest); /* where nothing is traced */
    }
}

const struct log_format log_format_chasquid = {
    .name = "chasquid", .title = "chasquid", .is_server_side = true, .claim = claim, .read = read
};
