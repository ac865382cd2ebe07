/* Exim with -v or -d, as client and as server.
 *       SMTP<< 250-mx.example Hello
 *              250 HELP
 *       SMTP|> MAIL FROM:<a@b>            more follows at once
 *       SMTP>> DATA
 *       SMTP>> writing message and terminating "."
 *       SMTP(close)>>
 * Which side Exim is, the shape of a line tells.  With several processes each line begins with a pid.  The
 * source is smtp_out.c, smtp_in.c and transports/smtp.c. */
#include "log/format_rows.h"
#include "log/marks.h"
#include "log/shape.h"

static const struct log_mark marks[] = {
    { "SMTP<<", SIDE_NONE }, { "SMTP>>", SIDE_NONE }, { "SMTP|>", SIDE_NONE },
    { "SMTP+>", SIDE_NONE }, { "SMTP~>", SIDE_NONE }, { NULL, SIDE_NONE },
};

/* "12345 " in front of what one of several processes wrote. */
static struct bytes take_process(struct bytes *text)
{
    struct bytes rest = *text, pid = log_text_word(&rest);
    uint64_t number;

    if (pid.len < 3 || pid.len > 8 || !bytes_to_u64(pid, &number))
        return (struct bytes){ NULL, 0 };
    *text = rest;
    return pid;
}

/* The pid, the mark, and what stands behind it. */
static const struct log_mark *take_apart(const struct log_line *line, struct bytes *pid, struct bytes *text)
{
    struct bytes rest = line->text;
    const struct log_mark *mark;

    *text = bytes_trim(rest);
    mark = marks_skip(marks, text);
    *pid = (struct bytes){ NULL, 0 };
    if (mark)
        return mark;
    *pid = take_process(&rest);
    *text = bytes_trim(rest);
    return pid->len ? marks_skip(marks, text) : NULL;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes pid, text;

    return take_apart(line, &pid, &text) ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* "Connecting to mx.example [192.0.2.25]:25 from ... ... connected" */
static bool read_connecting(struct talk *talk, struct bytes text)
{
    size_t close;

    if (!log_text_skip(&text, "Connecting to "))
        return false;
    talk_open(talk);
    talk_server(talk, bytes_slice(text, 0, bytes_find(text, ' ')), 0);
    close = log_text_find(text, "]:");
    struct bytes port = close == SIZE_MAX ? (struct bytes){ NULL, 0 } : bytes_from(text, close + 2);
    talk_server(talk, log_text_between(text, "[", "]"),
                marks_port(bytes_slice(port, 0, bytes_find(port, ' '))));
    return true;
}

static void read_remark(struct log_reader *reader, struct talk *talk, struct bytes text)
{
    struct log_notes *notes = log_notes(reader);
    uint16_t code;
    bool is_last;

    if (notes->side == SIDE_SERVER && log_text_is_reply(text, &code, &is_last)) {
        talk_say(talk, SIDE_SERVER, text); /* a reply of several lines goes on */
        if (is_last)
            notes->side = SIDE_NONE;
        return;
    }
    if (log_text_starts(text, "SMTP(close)>>"))
        talk_close(talk, SIDE_CLIENT, false);
    else if (!read_connecting(talk, text) && log_text_starts(text, "LOG: smtp_connection MAIN"))
        talk_open(talk);
}

/* What stands for a content, or for nothing that was sent. */
static bool is_note(struct bytes text)
{
    return log_text_starts(text, "writing message and terminating") || log_text_starts(text, "(")
           || bytes_equal(text, BYTES("."));
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct log_notes *notes = log_notes(reader);
    struct bytes pid, text;
    const struct log_mark *mark = take_apart(line, &pid, &text);
    struct talk *talk = log_talk(reader, line, pid);
    uint16_t code;
    bool is_last;

    text = bytes_trim(text);
    if (!mark) {
        read_remark(reader, talk, text);
        return;
    }
    if (is_note(text)) {
        if (!log_text_starts(text, "(")) /* the end of the content, behind which a QUIT may follow at once */
            talk_leave_out_content(talk);
        return;
    }
    if (log_text_is_reply(text, &code, &is_last)) {
        if (!talk_has_begun(talk) && mark->text[4] == '>')
            talk_is_servers(talk);
        talk_say(talk, SIDE_SERVER, text);
        notes->side = is_last ? SIDE_NONE : SIDE_SERVER;
        return;
    }
    talk_say(talk, SIDE_CLIENT, text);
    notes->side = SIDE_NONE;
}

const struct log_format log_format_exim = {
    .name = "Exim", .title = "Exim -v or -d", .claim = claim, .read = read
};
