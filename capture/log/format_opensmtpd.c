/* OpenSMTPD traced (smtpd -T smtp, smtpctl trace smtp); "mta" where it is the client.
 *     smtp: 0x55c13cbac770: >>> 220 mx.example ESMTP OpenSMTPD
 *     smtp: 0x55c13cbac770: <<< EHLO client.example
 * Contents are not shown. */
#include "log/format_rows.h"

static bool take_apart(struct bytes text, bool *is_server, struct bytes *key, struct bytes *rest)
{
    bool is_smtp = log_text_starts(text, "smtp: 0x");
    size_t colon;

    if (!is_smtp && !log_text_starts(text, "mta: 0x"))
        return false;
    text = bytes_from(text, is_smtp ? 6 : 5);
    colon = log_text_find(text, ": ");
    if (colon == SIZE_MAX)
        return false;
    *is_server = is_smtp;
    *key = bytes_slice(text, 0, colon);
    *rest = bytes_from(text, colon + 2);
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes key, rest;
    bool is_server;

    if (!take_apart(line->text, &is_server, &key, &rest))
        return LOG_CLAIM_NONE;
    return log_text_starts(rest, ">>> ") || log_text_starts(rest, "<<< ") ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes key, rest;
    bool is_server;

    if (!take_apart(line->text, &is_server, &key, &rest))
        return;
    struct talk *talk = log_talk(reader, line, key);
    bool is_out = log_text_starts(rest, ">>>"), is_in = log_text_starts(rest, "<<<");
    if (is_out || is_in) {
        rest = bytes_from(rest, 3);
        (void)log_text_skip(&rest, " ");
        talk_say(talk, is_out == is_server ? SIDE_SERVER : SIDE_CLIENT, rest);
    } else if (log_text_starts(rest, "connected to listener ")) {
        talk_open(talk);
    } else if (log_text_starts(rest, "STATE_") && log_text_ends(rest, "-> STATE_QUIT")
               && talk_has_begun(talk)) {
        talk_close(talk, SIDE_NONE, false);
    }
}

const struct log_format log_format_opensmtpd = {
    .name = "OpenSMTPD", .title = "OpenSMTPD", .is_server_side = true, .claim = claim, .read = read
};
