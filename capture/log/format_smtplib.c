/* Python's smtplib with set_debuglevel(1 or 2).
 *     connect: to ('mx.example', 25) None
 *     send: 'ehlo client.example\r\n'
 *     reply: b'250-mx.example\r\n'
 *     reply: retcode (250); Msg: b'...'        the same once more
 * Level 2 puts the time in front. */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { "send: ", SIDE_CLIENT },
    { "reply: ", SIDE_SERVER },
    { NULL, SIDE_NONE },
};

/* A literal of Python: b'...' or '...'. */
static bool is_literal(struct bytes text)
{
    (void)log_text_skip(&text, "b");
    return text.len > 1 && (text.ptr[0] == '\'' || text.ptr[0] == '"');
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text;

    if (log_text_starts(text, "connect: to (") || log_text_starts(text, "connect: ('"))
        return LOG_CLAIM_STRONG;
    return marks_skip(marks, &text) && is_literal(text) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* A message is sent in one call: each of its lines is said. */
static void say_lines(struct talk *talk, enum side side, struct bytes text)
{
    while (text.len > 0) {
        size_t lf = bytes_find(text, '\n');
        struct bytes one = bytes_slice(text, 0, lf);
        if (one.len && one.ptr[one.len - 1] == '\r')
            one.len--;
        talk_say(talk, side, one);
        text = lf == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(text, lf + 1);
    }
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;
    struct buf *said = log_scratch(reader);

    if (log_text_skip(&text, "connect: to (") || log_text_skip(&text, "connect: (")) {
        talk_open(talk);
        size_t close = bytes_find(text, ')');
        struct bytes port = bytes_slice(text, 0, close);
        struct bytes host = log_text_between(text, "'", "'");
        size_t comma = bytes_find(port, ',');
        talk_server(talk, host, comma == SIZE_MAX ? 0 : marks_port(bytes_trim(bytes_from(port, comma + 1))));
        return;
    }
    const struct log_mark *mark = marks_skip(marks, &text);
    if (!mark || !is_literal(text))
        return;
    (void)log_text_skip(&text, "b");
    (void)log_text_unquote(text, said); /* what is cut short is said as far as it goes */
    say_lines(talk, mark->side, buf_bytes(said));
}

const struct log_format log_format_smtplib = {
    .name = "smtplib", .title = "Python smtplib", .claim = claim, .read = read
};
