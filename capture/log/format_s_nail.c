/* S-nail (mailx) with -v: arrows, which name the server where it speaks.
 *     s-nail: >>> SERVER: 220 mx.example ESMTP
 *     s-nail: >>> EHLO client.example
 * The source is smtp.c (a_netsmtp_answer). */
#include "log/format_rows.h"
#include "log/marks.h"

static const struct log_mark marks[] = {
    { ">>> SERVER: ", SIDE_SERVER },
    { ">>> ", SIDE_CLIENT },
    { NULL, SIDE_NONE },
};

/* What the program calls itself, in front of each line: "s-nail: ", "mailx: ". */
static void skip_name(struct bytes *text)
{
    size_t end = log_text_find(*text, ": ");

    if (end != SIZE_MAX && end < bytes_find(*text, ' '))
        *text = bytes_from(*text, end + 2);
}

static enum log_claim claim(const struct log_line *line)
{
    struct bytes text = line->whole;

    skip_name(&text);
    return log_text_starts(text, ">>> SERVER: ") ? LOG_CLAIM_STRONG : LOG_CLAIM_NONE;
}

/* "Connecting to 192.0.2.1:25 ... connected." */
static bool read_connecting(struct talk *talk, struct bytes text)
{
    if (!log_text_skip(&text, "Connecting to "))
        return false;
    talk_open(talk);
    marks_tell_server(talk, log_text_word(&text));
    return true;
}

static void read(struct log_reader *reader, const struct log_line *line)
{
    struct talk *talk = log_talk(reader, line, BYTES(""));
    struct bytes text = line->whole;

    skip_name(&text);
    if (read_connecting(talk, text))
        return;
    const struct log_mark *mark = marks_skip(marks, &text);
    if (mark)
        talk_say(talk, mark->side, text);
}

const struct log_format log_format_s_nail = {
    .name = "S-nail", .title = "S-nail (mailx)", .claim = claim, .read = read
};
