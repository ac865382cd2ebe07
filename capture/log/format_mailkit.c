/* MailKit's ProtocolLogger; secrets are asterisks.
 *     Connected to smtp://mx.example:587/?starttls=when-available
 *     S: 220 mx.example ESMTP
 *     C: EHLO client.example
 * The source is ProtocolLogger.cs. */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { "C: ", SIDE_CLIENT },
    { "S: ", SIDE_SERVER },
    { NULL, SIDE_NONE },
};

static enum log_claim claim(const struct log_line *line)
{
    return log_text_starts(line->text, "Connected to smtp://")
                   || log_text_starts(line->text, "Connected to smtps://")
               ? LOG_CLAIM_STRONG
               : LOG_CLAIM_NONE;
}

static void read_connected(struct talk *talk, struct bytes text)
{
    bool is_tls = log_text_skip(&text, "smtps://");

    if (!is_tls)
        (void)log_text_skip(&text, "smtp://");
    marks_open(talk, bytes_slice(text, 0, bytes_find(text, '/')), is_tls);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;

    if (log_text_skip(&text, "Connected to ")) {
        read_connected(talk, text);
        return;
    }
    const struct log_mark *mark = marks_skip(marks, &text);
    if (mark)
        talk_say(talk, mark->side, text);
}

const struct log_format log_format_mailkit = {
    .name = "MailKit", .is_of_any = true, .title = "MailKit", .claim = claim, .read = read
};
