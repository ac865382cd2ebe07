/* Ruby's Net::SMTP with set_debug_output.
 *     Connection opened: mx.example:25
 *     -> "220 mx.example ESMTP\r\n"
 *     <- "EHLO client.example\r\n"
 * The content is not shown: "writing message from String", "wrote 235 bytes". */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { "-> \"", SIDE_SERVER },
    { "<- \"", SIDE_CLIENT },
    { NULL, SIDE_NONE },
};

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text;

    return marks_skip(marks, &text) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;
    struct buf *said = log_scratch(reader);

    if (log_text_skip(&text, "Connection opened: ")) {
        talk_open(talk);
        marks_tell_server(talk, text);
        return;
    }
    if (log_text_starts(text, "TLS connection started"))
        talk_enter_tls(talk);
    const struct log_mark *mark = marks_skip(marks, &text);
    if (!mark)
        return;
    text = bytes_from(line->text, strlen(mark->text) - 1);
    (void)log_text_unquote(text, said);
    while (said->len > 0 && (said->ptr[said->len - 1] == '\n' || said->ptr[said->len - 1] == '\r'))
        said->len--;
    talk_say(talk, mark->side, buf_bytes(said));
}

const struct log_format log_format_ruby = {
    .name = "Net::SMTP (Ruby)", .is_of_any = true, .title = "Ruby Net::SMTP", .claim = claim, .read = read
};
