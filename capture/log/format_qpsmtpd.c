/* qpsmtpd with loglevel 8 (LOGDEBUG): the pid, and amid its remarks what it says and is told.
 *     26 dispatching EHLO client.example
 *     26 250-mx.example Hi Unknown [198.51.100.1]
 * Contents and answers to a 334 are not shown. */
#include "log/format_rows.h"

static bool take_process(struct bytes *text, struct bytes *pid)
{
    struct bytes rest = *text;
    uint64_t number;

    *pid = log_text_word(&rest);
    if (pid->len == 0 || pid->len > 8 || !bytes_to_u64(*pid, &number))
        return false;
    *text = rest;
    return true;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text, pid;

    if (!take_process(&text, &pid))
        return LOG_CLAIM_NONE;
    return log_text_starts(text, "dispatching ") || log_text_starts(text, "Accepted connection ")
               ? LOG_CLAIM_STRONG
               : LOG_CLAIM_NONE;
}

static bool is_reply(struct bytes text)
{
    uint16_t code;
    bool is_last;

    return text.len > 3 && log_text_is_reply(text, &code, &is_last) && code >= 200 && code < 600;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct bytes text = line->text, pid;

    if (!take_process(&text, &pid))
        return;
    struct talk *talk = log_talk(reader, line, pid);
    if (log_text_skip(&text, "dispatching ")) {
        talk_say(talk, SIDE_CLIENT, text);
    } else if (is_reply(text)) {
        talk_say(talk, SIDE_SERVER, text);
    } else if (log_text_starts(text, "Accepted connection ")) {
        talk_open(talk);
        size_t from = log_text_find(text, " from ");
        struct bytes address = from == SIZE_MAX ? text : bytes_from(text, from + 6);
        talk_client(talk, log_text_word(&address), 0);
    } else if (log_text_starts(text, "click, disconnecting")) {
        talk_close(talk, SIDE_SERVER, false);
    }
}

const struct log_format log_format_qpsmtpd = {
    .name = "qpsmtpd", .title = "qpsmtpd", .is_server_side = true, .claim = claim, .read = read
};
