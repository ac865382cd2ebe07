/* PHPMailer with SMTPDebug 1 to 4; Debugoutput echo, html or error_log.
 *     2026-11-24 04:00:32	CLIENT -> SERVER: EHLO client.example
 *     2026-11-24 04:00:32	SERVER -> CLIENT: 250-mx.example
 *                        	                  250-PIPELINING
 * In html a reply of several lines is run together.  Below level 4 credentials are "[credentials hidden]". */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { "CLIENT -> SERVER:", SIDE_CLIENT },     { "SERVER -> CLIENT:", SIDE_SERVER },
    { "Connection: opening to ", SIDE_NONE }, { "Connection: closed", SIDE_NONE },
    { "SMTP -> FROM SERVER:", SIDE_SERVER },  { NULL, SIDE_NONE },
};

/* error_log and loggers put things of their own in front. */
static const struct log_mark *find_mark(struct bytes *text)
{
    struct bytes rest = *text;
    const struct log_mark *mark = marks_skip(marks, &rest);
    size_t bracket = mark ? SIZE_MAX : log_text_find(*text, "] ");

    if (!mark && bracket != SIZE_MAX) {
        rest = bytes_from(*text, bracket + 2);
        mark = marks_skip(marks, &rest);
    }
    if (mark)
        *text = rest;
    return mark;
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->text;
    const struct log_mark *mark = find_mark(&text);

    return mark ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* "250-mx.example250-PIPELINING250 DSN": each line begins with the code of the first. */
static void say_run_together(struct talk *talk, struct bytes text)
{
    while (text.len > 4 && text.ptr[3] == '-') {
        size_t at = 4;
        while (at + 4 <= text.len
               && (memcmp(text.ptr + at, text.ptr, 3) != 0
                   || (text.ptr[at + 3] != '-' && text.ptr[at + 3] != ' ')))
            at++;
        if (at + 4 > text.len)
            at = text.len;
        talk_say(talk, SIDE_SERVER, bytes_slice(text, 0, at));
        text = bytes_from(text, at);
    }
    if (text.len > 0)
        talk_say(talk, SIDE_SERVER, text);
}

static void say(struct talk *talk, enum side side, struct bytes text, bool is_of_page)
{
    (void)log_text_skip(&text, " ");
    if (side == SIDE_SERVER && is_of_page)
        say_run_together(talk, text);
    else if (bytes_equal(text, BYTES("[credentials hidden]"))
             || bytes_equal(text, BYTES("<credentials hidden>")))
        talk_say_part(talk, BYTES(""));
    else if (side == SIDE_CLIENT || text.len > 0) /* nothing: the server said nothing */
        talk_say(talk, side, text);
}

static void read_connection(struct talk *talk, const struct log_mark *mark, struct bytes text)
{
    bool is_tls = log_text_skip(&text, "ssl://") || log_text_skip(&text, "tls://");

    if (bytes_equal(bytes_of(mark->text), BYTES("Connection: closed"))) {
        talk_close(talk, SIDE_NONE, false);
        return;
    }
    marks_open(talk, bytes_slice(text, 0, bytes_find(text, ',')), is_tls);
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->text;
    const struct log_mark *mark = find_mark(&text);
    uint16_t code;
    bool is_last;

    if (mark && mark->side == SIDE_NONE) {
        read_connection(talk, mark, text);
    } else if (mark) {
        say(talk, mark->side, text, line->is_of_page);
        log_notes(reader)->side = mark->side;
    } else if (log_notes(reader)->side == SIDE_SERVER
               && log_text_is_reply(bytes_trim(text), &code, &is_last)) {
        talk_say(talk, SIDE_SERVER, bytes_trim(text));
        if (is_last)
            log_notes(reader)->side = SIDE_NONE;
    } else if (line->stamp.clock != LOG_CLOCK_NONE) {
        log_notes(reader)->side = SIDE_NONE; /* another remark */
    }
}

const struct log_format log_format_phpmailer = {
    .name = "PHPMailer", .title = "PHPMailer", .claim = claim, .read = read
};
